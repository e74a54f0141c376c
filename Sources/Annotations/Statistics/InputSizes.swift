import Support

/// How large a data set's objects are at the input of a network, and the input's size that suits them.
///
/// An object's side is the root of its box's area. Crowds, and objects on images of a size that is not known, don't count.
public struct InputSizes: Sendable {
    /// Objects at an input.
    public struct Fit: Hashable, Sendable, Codable {
        /// The input in words, such as "800 to 1333".
        public var input: String
        /// The median of the objects' sides in pixels.
        public var medianSide: Double
        /// The share of objects with a side below ``InputSizes/leastSide``, 0 to 1.
        public var smallShare: Double
    }

    /// A side in pixels from which on an object covers two cells of the finest map that detectors here use.
    public static let leastSide = 16.0

    private let boxes: [(width: Double, height: Double, image: ImageSize)]

    /// The boxes of annotations.
    public init(_ parts: [DetectionAnnotations]) {
        boxes = parts.flatMap { part in
            (0..<part.imageCount).flatMap { i -> [(Double, Double, ImageSize)] in
                let size = part.imageSize(i)
                guard size.width > 0, size.height > 0 else { return [] }
                return part.objects(i).filter {
                    !part.flags[$0].contains(.crowd) && part.width[$0] > 0 && part.height[$0] > 0
                }.map { (part.width[$0], part.height[$0], size) }
            }
        }
    }

    /// Whether there is no box to judge by.
    public var isEmpty: Bool { boxes.isEmpty }

    /// Widths and heights of the boxes once their images have been resized.
    public func boxes(at rule: ResizeRule) -> [(width: Double, height: Double)] {
        boxes.map { box in
            let size = rule.size(of: box.image)
            return (
                box.width * Double(size.width) / Double(box.image.width),
                box.height * Double(size.height) / Double(box.image.height)
            )
        }
    }

    /// How the objects fit an input.
    public func fit(_ rule: ResizeRule, name: String) -> Fit {
        let sides = boxes(at: rule).map { ($0.width * $0.height).squareRoot() }.sorted()
        return Fit(
            input: name, medianSide: Self.quantile(sides, 0.5),
            smallShare: sides.isEmpty ? 0 : Double(sides.count { $0 < Self.leastSide }) / Double(sides.count))
    }

    /// The sides of an input at which nine of ten objects have at least ``leastSide``, in multiples of 32 from 256 to 1344 for
    /// the shorter one; the longer one leaves nine of ten images their proportions. Nil without boxes.
    public var suggestion: (shorter: Int, longer: Int)? {
        guard !boxes.isEmpty else { return nil }
        let relative = boxes.map { box in
            (box.width * box.height).squareRoot() / Double(min(box.image.width, box.image.height))
        }.sorted()
        let aspects = boxes.map { box in
            Double(max(box.image.width, box.image.height)) / Double(min(box.image.width, box.image.height))
        }.sorted()
        func multiple(_ side: Double, _ range: ClosedRange<Double>) -> Int {
            Int((min(max(side, range.lowerBound), range.upperBound) / 32 - 1e-9).rounded(.up)) * 32
        }
        let shorter = multiple(Self.leastSide / Self.quantile(relative, 0.1), 256...1344)
        let longer = multiple(Double(shorter) * Self.quantile(aspects, 0.9), Double(shorter)...4096)
        return (shorter, longer)
    }

    /// Sizes for the five maps of a feature pyramid, and ratios of height to width: quantiles of the boxes at an input.
    public func pyramidAnchors(at rule: ResizeRule) -> (sizes: [Int], ratios: [Double]) {
        let boxes = boxes(at: rule)
        let sides = boxes.map { ($0.width * $0.height).squareRoot() }.sorted()
        let ratios = boxes.map { $0.height / $0.width }.sorted()
        return (
            [0.1, 0.3, 0.5, 0.7, 0.9].map { Int(min(max(1, Self.quantile(sides, $0)), 1e6).rounded()) },
            [0.15, 0.5, 0.85].map { (Self.quantile(ratios, $0) * 100).rounded() / 100 }
        )
    }

    /// The value below which a share of sorted values lies; 0 without values.
    static func quantile(_ sorted: [Double], _ share: Double) -> Double {
        guard !sorted.isEmpty else { return 0 }
        return sorted[min(sorted.count - 1, Int(share * Double(sorted.count)))]
    }
}
