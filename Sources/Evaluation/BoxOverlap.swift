import Annotations

extension DetectionResults {
    /// Intersection over union of detection `i` and object `j`, as pycocotools computes it: over the detection's own area
    /// where the object is a crowd, and 0 where the two don't meet.
    func overlap(_ i: Int, with j: Int, of truth: DetectionAnnotations) -> Double {
        let shownWidth = min(x[i] + width[i], truth.x[j] + truth.width[j]) - max(x[i], truth.x[j])
        let shownHeight = min(y[i] + height[i], truth.y[j] + truth.height[j]) - max(y[i], truth.y[j])
        guard shownWidth > 0, shownHeight > 0 else { return 0 }
        let shared = shownWidth * shownHeight
        let area = width[i] * height[i]
        let isCrowd = truth.flags[j].contains(.crowd)
        return shared / (isCrowd ? area : area + truth.width[j] * truth.height[j] - shared)
    }
}
