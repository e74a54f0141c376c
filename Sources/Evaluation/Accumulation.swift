/// Precision and recall of one class in one area range, for every detection limit and IoU threshold.
struct ClassCurves: Sendable {
    /// Σ over the 101 recall levels of the interpolated precision; [limit][threshold], limits outermost.
    var precisionSums: [Double]
    /// The highest recall reached; laid out alike.
    var recalls: [Double]

    static let count = COCOProtocol.detectionLimits.count * COCOProtocol.iouThresholds.count

    /// `detections` of every image, best score first; `objectCount` objects that count in this range, more than none.
    ///
    /// pycocotools takes, at each recall level, the highest precision from the first detection on that reaches it.
    /// Precision only rises where a detection is right, and recall levels above 0 are only reached there, so those
    /// detections are all that has to be kept.
    init(detections: UnsafeBufferPointer<MatchedDetection>, areaRange: Int, objectCount: Int) {
        let thresholds = COCOProtocol.iouThresholds.count
        let shift = UInt64(16 * areaRange)
        let everyThreshold: UInt64 = (1 << UInt64(thresholds)) - 1
        let epsilon = 1.0.ulp
        precisionSums = [Double](repeating: 0, count: Self.count)
        recalls = [Double](repeating: 0, count: Self.count)

        // The detection whose coming reaches each recall level: the least k with k / objectCount at or above it.
        let needed = COCOProtocol.recallThresholds.map { level -> Int in
            var k = max(0, Int(level * Double(objectCount)) - 1)
            while k <= objectCount, Double(k) / Double(objectCount) < level { k += 1 }
            return max(k, 1)
        }
        var precisions = [[Double]](repeating: [], count: thresholds)

        for (m, limit) in COCOProtocol.detectionLimits.enumerated() {
            for t in 0..<thresholds { precisions[t].removeAll(keepingCapacity: true) }
            var wrong = [Double](repeating: 0, count: thresholds)
            var wrongEverywhere = 0.0
            for detection in detections where Int(detection.rank) < limit {
                let counted = ~(detection.ignored >> shift) & everyThreshold
                var right = (detection.matched >> shift) & counted
                let isWrong = counted & ~right
                // Right at a threshold, it is not wrong there, so the order of these two does not matter.
                while right != 0 {
                    let t = right.trailingZeroBitCount
                    right &= right - 1
                    let k = Double(precisions[t].count + 1)
                    precisions[t].append(k / (wrong[t] + wrongEverywhere + k + epsilon))
                }
                if isWrong == everyThreshold {
                    wrongEverywhere += 1
                } else {
                    var bits = isWrong
                    while bits != 0 {
                        wrong[bits.trailingZeroBitCount] += 1
                        bits &= bits - 1
                    }
                }
            }
            for t in 0..<thresholds {
                let right = precisions[t].count
                let slot = m * thresholds + t
                recalls[slot] = Double(right) / Double(objectCount)
                if right == 0 { continue }
                for k in stride(from: right - 1, to: 0, by: -1) where precisions[t][k] > precisions[t][k - 1] {
                    precisions[t][k - 1] = precisions[t][k]
                }
                var sum = 0.0
                for k in needed where k <= right { sum += precisions[t][k - 1] }
                precisionSums[slot] = sum
            }
        }
    }
}
