import Annotations
import Media
import Support

/// SSD's crop (Liu et al., "SSD: Single Shot MultiBox Detector", 2016, section 2.2; torchvision v2's `RandomIoUCrop`).
///
/// An overlap is drawn from `minimumOverlaps`; 1 and above leaves the sample alone. Then up to `trials` windows are drawn:
/// one is taken if its proportions are within bounds, some box has its centre inside, and the largest IoU of such a box
/// with the window reaches the overlap. Objects whose centre is outside go, the others are clipped. After `trials`
/// failures another overlap is drawn. A sample without objects is left alone, where torchvision draws until it hits 1.
public struct RandomIoUCrop: DetectionTransform {
    /// Width and height of the window, each as a share of the image's.
    public let scale: ClosedRange<Double>
    /// Width over height of the window.
    public let aspectRatio: ClosedRange<Double>
    /// Overlaps (IoU of a box with the window) that are drawn from.
    public let minimumOverlaps: [Double]
    /// Windows drawn for one overlap.
    public let trials: Int

    /// SSD's crop; some overlap must be 1 or more, or it might never end.
    public init(
        scale: ClosedRange<Double> = 0.3...1, aspectRatio: ClosedRange<Double> = 0.5...2,
        minimumOverlaps: [Double] = [0, 0.1, 0.3, 0.5, 0.7, 0.9, 1], trials: Int = 40
    ) {
        precondition(
            minimumOverlaps.contains { $0 >= 1 },
            "RandomIoUCrop needs an overlap of 1 among its choices, or it might never end: \(minimumOverlaps)")
        self.scale = scale
        self.aspectRatio = aspectRatio
        self.minimumOverlaps = minimumOverlaps
        self.trials = trials
    }

    /// Crops image and boxes to a window, or leaves them alone.
    public func apply(_ sample: inout DetectionSample, random: inout SeededRandom) {
        guard let window = drawWindow(size: sample.size, boxes: sample.target.boxes, random: &random) else { return }
        let size = ImageSize(width: window.x1 - window.x0, height: window.y1 - window.y0)
        sample.image = sample.image.cropped(x: window.x0, y: window.y0, width: size.width, height: size.height)
        let boxes = sample.target.boxes
        sample.target = sample.target.filter { window.holdsCentre(of: boxes[$0]) }.mapBoxes {
            Box(
                x0: $0.x0 - Float(window.x0), y0: $0.y0 - Float(window.y0), x1: $0.x1 - Float(window.x0),
                y1: $0.y1 - Float(window.y0)
            ).clipped(to: size)
        }
        sample.size = size
    }

    /// A window in whole pixels, far edges exclusive.
    struct Window {
        var x0, y0, x1, y1: Int

        var box: Box { Box(x0: Float(x0), y0: Float(y0), x1: Float(x1), y1: Float(y1)) }

        func holdsCentre(of box: Box) -> Bool {
            let x = 0.5 * (box.x0 + box.x1)
            let y = 0.5 * (box.y0 + box.y1)
            return Float(x0) < x && x < Float(x1) && Float(y0) < y && y < Float(y1)
        }
    }

    private func drawWindow(size: ImageSize, boxes: [Box], random: inout SeededRandom) -> Window? {
        guard !boxes.isEmpty else { return nil }
        while true {
            let overlap = random.element(of: minimumOverlaps)
            if overlap >= 1 { return nil }
            for _ in 0..<trials {
                let width = Int(Double(size.width) * random.uniform(scale.lowerBound, scale.upperBound))
                let height = Int(Double(size.height) * random.uniform(scale.lowerBound, scale.upperBound))
                let left = Int(Double(size.width - width) * random.uniform())
                let top = Int(Double(size.height - height) * random.uniform())
                guard width > 0, height > 0, aspectRatio.contains(Double(width) / Double(height)) else { continue }
                let window = Window(x0: left, y0: top, x1: left + width, y1: top + height)
                let inside = boxes.filter(window.holdsCentre)
                let best = inside.map { Double($0.intersectionOverUnion(window.box)) }.max()
                if let best, best >= overlap { return window }
            }
        }
    }
}
