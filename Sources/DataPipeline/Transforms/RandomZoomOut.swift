import Annotations
import Media
import Support

/// SSD's zoom-out (Liu et al., 2016, section 3.6; torchvision v2's `RandomZoomOut`): with probability `probability` the
/// image goes somewhere on a larger canvas of one colour, so that its objects become small.
public struct RandomZoomOut: DetectionTransform {
    /// The canvas's sides as multiples of the image's.
    public let sides: ClosedRange<Double>
    /// How likely an image is changed, 0…1.
    public let probability: Double
    /// The canvas's colour, RGB; ImageNet's mean by default, so that it is near 0 after normalisation. A grey image
    /// takes the green value.
    public let fill: (red: UInt8, green: UInt8, blue: UInt8)

    /// SSD's zoom-out; `sides` must not start below 1.
    public init(
        sides: ClosedRange<Double> = 1...4, probability: Double = 0.5,
        fill: (red: UInt8, green: UInt8, blue: UInt8) = (124, 116, 104)
    ) {
        precondition(sides.lowerBound >= 1, "RandomZoomOut only enlarges: sides \(sides) start below 1")
        self.sides = sides
        self.probability = probability
        self.fill = fill
    }

    /// Puts the image somewhere on its canvas and moves the boxes with it.
    public func apply(_ sample: inout DetectionSample, random: inout SeededRandom) {
        guard random.chance(probability) else { return }
        let ratio = random.uniform(sides.lowerBound, sides.upperBound)
        let old = sample.size
        let width = Int(Double(old.width) * ratio)
        let height = Int(Double(old.height) * ratio)
        let left = Int(Double(width - old.width) * random.uniform())
        let top = Int(Double(height - old.height) * random.uniform())
        sample.image = sample.image.padded(
            left: left, top: top, right: width - left - old.width, bottom: height - top - old.height,
            fill: sample.image.channels == 3 ? [fill.red, fill.green, fill.blue] : [fill.green])
        for i in sample.target.boxes.indices {
            sample.target.boxes[i].x0 += Float(left)
            sample.target.boxes[i].x1 += Float(left)
            sample.target.boxes[i].y0 += Float(top)
            sample.target.boxes[i].y1 += Float(top)
        }
        sample.size = ImageSize(width: width, height: height)
    }
}
