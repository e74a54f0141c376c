import Annotations

/// What torchvision gives for a detector whose weights and images are filled by name: the folder `detection` of `Tests/Golden`.
package struct GoldenDetector: Decodable {
    /// What is found in an image: how many objects, and the best of them; boxes as XYXY pixels.
    package struct Found: Decodable {
        package let count: Int
        package let boxes: [[Float]]
        package let scores: [Float]
        package let labels: [Int]
    }

    /// The objects of an image; boxes as XYXY pixels.
    package struct Objects: Decodable {
        package let boxes: [[Float]]
        package let labels: [Int]

        package var target: DetectionTarget {
            DetectionTarget(boxes: boxes.map { Box(x0: $0[0], y0: $0[1], x1: $0[2], y1: $0[3]) }, labels: labels)
        }
    }

    /// A training step: each loss by torchvision's name for it, and the norms of the gradients of their sum.
    package struct Losses: Decodable {
        package let targets: [Objects]
        package let values: [String: Double]
        package let gradientNorms: [String: Double]

        private enum CodingKeys: String, CodingKey {
            case targets
            case values = "value"
            case gradientNorms = "gradient_norm"
        }
    }

    /// `[3, H, W]` of `image0`, `image1` …, which are filled in 0…1.
    package let imageShapes: [[Int]]
    /// Factors on filled weights, by name.
    package let scales: [String: Double]
    /// The state dict's, without counters of batches.
    package let names: [String]
    package let parameters: Int
    package let detections: [Found]
    package let losses: Losses

    private enum CodingKeys: String, CodingKey {
        case imageShapes = "images"
        case scales, names, parameters, detections, losses
    }

    /// The elements of an image, `[3, H, W]`.
    package func imageValues(_ index: Int) -> [Float] {
        goldenFill(name: "image\(index)", count: imageShapes[index].reduce(1, *), lo: 0, hi: 1)
    }

    /// What a tensor of the state dict holds.
    package func weightValues(_ name: String, shape: [Int]) -> [Float] {
        let values = goldenWeights(name: name, shape: shape)
        return scales[name].map { scale in values.map { $0 * Float(scale) } } ?? values
    }
}
