import Annotations
import Tensors
import TestSupport

/// What torchvision gives for a detector whose weights and images are filled by name: `Tests/Golden/detection`.
struct GoldenDetector: Decodable {
    /// What is found in an image: how many objects, and the best of them; boxes as XYXY pixels.
    struct Found: Decodable {
        let count: Int
        let boxes: [[Float]]
        let scores: [Float]
        let labels: [Int]
    }

    /// The objects of an image; boxes as XYXY pixels.
    struct Objects: Decodable {
        let boxes: [[Float]]
        let labels: [Int]

        var target: DetectionTarget {
            DetectionTarget(boxes: boxes.map { Box(x0: $0[0], y0: $0[1], x1: $0[2], y1: $0[3]) }, labels: labels)
        }
    }

    /// A training step: each loss by torchvision's name for it, and the norms of the gradients of their sum.
    struct Losses: Decodable {
        let targets: [Objects]
        let values: [String: Double]
        let gradientNorms: [String: Double]

        private enum CodingKeys: String, CodingKey {
            case targets
            case values = "value"
            case gradientNorms = "gradient_norm"
        }
    }

    /// `[3, H, W]` of `image0`, `image1` …, which are filled in 0…1.
    let imageShapes: [[Int]]
    /// Factors on filled weights, by name.
    let scales: [String: Double]
    /// The state dict's, without counters of batches.
    let names: [String]
    let parameters: Int
    let detections: [Found]
    let losses: Losses

    private enum CodingKeys: String, CodingKey {
        case imageShapes = "images"
        case scales, names, parameters, detections, losses
    }

    /// A file of `detection`; `torchvision` holds the detector beside the answers to single operations.
    static func named(_ name: String) throws -> GoldenDetector {
        struct Operations: Decodable {
            let detector: GoldenDetector

            private enum CodingKeys: String, CodingKey {
                case detector = "fasterrcnn_resnet50_fpn"
            }
        }
        let file = "detection/\(name).json"
        return name == "torchvision"
            ? try Golden.decode(Operations.self, from: file).detector
            : try Golden.decode(GoldenDetector.self, from: file)
    }

    var images: [Tensor] {
        imageShapes.enumerated().map { i, shape in
            Tensor(goldenFill(name: "image\(i)", count: shape.reduce(1, *), lo: 0, hi: 1), shape: shape)
        }
    }

    /// What a tensor of the state dict holds.
    func weights(_ name: String, shape: [Int]) -> Tensor {
        let values = Tensor(goldenWeights(name: name, shape: shape), shape: shape)
        return scales[name].map { values * $0 } ?? values
    }
}
