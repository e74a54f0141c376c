import Tensors
import TestSupport
import XCTest

/// torchvision's answers to the detection operations: `Tests/Golden/detection/torchvision.json`.
struct GoldenRegions {
    struct Case {
        let output: Samples
        let gradient: Samples
    }

    /// Some elements of a tensor, and its mean and deviation.
    struct Samples {
        let shape: [Int]
        let mean, deviation: Double
        let indices: [Int]
        let values: [Double]

        init(_ json: [String: Any]) throws {
            shape = try XCTUnwrap(json["shape"] as? [Int])
            mean = try XCTUnwrap(json["mean"] as? Double)
            deviation = try XCTUnwrap(json["std"] as? Double)
            indices = try XCTUnwrap(json["index"] as? [Int])
            values = try XCTUnwrap(json["value"] as? [Double])
        }

        func check(_ tensor: Tensor, _ name: String, line: UInt = #line) {
            XCTAssertEqual(tensor.shape, shape, name, line: line)
            let elements = tensor.array(Double.self)
            for (index, value) in zip(indices, values) {
                XCTAssertEqual(elements[index], value, accuracy: 1e-4 * deviation, "\(name)[\(index)]", line: line)
            }
            XCTAssertEqual(tensor.to(.float64).mean().item(), mean, accuracy: 1e-5 * deviation, name, line: line)
            XCTAssertEqual(
                tensor.to(.float64).std(unbiased: false).item(), deviation, accuracy: 1e-4 * deviation, name, line: line
            )
        }
    }

    let iou: Double
    let keep, batchedKeep: [Int]
    let cases: [String: Case]

    static func load() throws -> GoldenRegions {
        let path = Golden.url("detection/torchvision.json").path
        return try GoldenRegions(XCTUnwrap(loadJSON(path) as? [String: Any]))
    }

    private init(_ json: [String: Any]) throws {
        let nms = try XCTUnwrap(json["nms"] as? [String: Any])
        iou = try XCTUnwrap(nms["iou"] as? Double)
        keep = try XCTUnwrap(nms["keep"] as? [Int])
        batchedKeep = try XCTUnwrap(nms["batched_keep"] as? [Int])
        var cases: [String: Case] = [:]
        for name in ["roi_align_7_2", "roi_align_7_2_aligned", "roi_align_14_0", "roi_pool_7"] {
            let entry = try XCTUnwrap(json[name] as? [String: [String: Any]])
            cases[name] = try Case(
                output: Samples(XCTUnwrap(entry["output"])), gradient: Samples(XCTUnwrap(entry["grad"])))
        }
        self.cases = cases
    }

    private func filled(_ name: String, _ shape: [Int], _ low: Double, _ high: Double) -> Tensor {
        Tensor(goldenFill(name: name, count: shape.reduce(1, *), lo: low, hi: high), shape: shape)
    }

    var boxes: Tensor {
        let corner = filled("nms.xy", [600, 2], 0, 1) * Tensor([500, 400] as [Float])
        return Tensor.cat([corner, corner + filled("nms.wh", [600, 2], 4, 120)], dim: 1)
    }
    var scores: Tensor { filled("nms.score", [600], 0, 1) }
    var classes: Tensor { filled("nms.class", [600], 0, 5).floor().to(.int64) }

    var features: Tensor { filled("roi.feature", [2, 8, 25, 38], -1, 1) }
    var regions: Tensor {
        let corner = filled("roi.xy", [40, 2], 0, 1) * Tensor([560, 350] as [Float])
        let image = Tensor.arange(0, 40).reshape([40, 1]) % 2
        return Tensor.cat([image, corner, corner + filled("roi.wh", [40, 2], 1, 300)], dim: 1)
    }
    func upstream(_ shape: [Int]) -> Tensor { filled("roi.grad", shape, -1, 1) }
}
