import Annotations
import Architectures
import Detectors
import NN
import Tensors
import TestSupport
import XCTest

/// Faster R-CNN with ResNet-50-FPN on golden weights gives torchvision's numbers.
final class TorchvisionGoldenTests: XCTestCase {
    private func make(_ change: (inout FasterRCNNConfiguration) -> Void = { _ in }) throws -> FasterRCNN {
        var configuration = FasterRCNNConfiguration()
        configuration.normalization = .frozenBatch
        configuration.minSizes = [200]
        configuration.maxSize = 320
        configuration.boxScoreThreshold = 0.02
        change(&configuration)
        let detector = try FasterRCNN(
            configuration, backbone: Catalogue.architecture(named: "resnet50"), classCount: 20)
        let weights = detector.stateDict().map { name, tensor in
            let values = Tensor(goldenWeights(name: name, shape: tensor.shape), shape: tensor.shape)
            return (name: name, tensor: TorchvisionNumbers.scales[name].map { values * Double($0) } ?? values)
        }
        try detector.loadStateDict(weights)
        return detector
    }

    private let images = TorchvisionNumbers.imageShapes.enumerated().map { i, shape in
        Tensor(goldenFill(name: "image\(i)", count: shape.reduce(1, *), lo: 0, hi: 1), shape: shape)
    }

    func testNamesAndParameters() throws {
        let detector = try make()
        XCTAssertEqual(detector.parameterCount, TorchvisionNumbers.parameterCount)
        let names = detector.stateDict().map(\.name).sorted()
        XCTAssertEqual(names.count, TorchvisionNumbers.nameCount)
        XCTAssertEqual(hash(names.joined(separator: "\n")), 0xf74c_646e_0a9a_e4fd)
    }

    /// FNV-1a, 64 bits.
    private func hash(_ text: String) -> UInt64 {
        text.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }

    func testDetections() throws {
        let detector = try make()
        detector.eval()
        let found = detector.detect(images: images)
        for (detections, expected) in zip(found, TorchvisionNumbers.detections) {
            XCTAssertEqual(detections.count, expected.count)
            let n = expected.labels.count
            XCTAssertEqual(Array(detections.labels.array(Int.self).prefix(n)), expected.labels)
            expectEqual(detections.scores[0..<n], expected.scores, relative: 1e-3)
            expectEqual(detections.boxes[0..<n], expected.boxes, relative: 1e-3, absolute: 1e-2)
        }
    }

    func testLossesAndGradients() throws {
        let detector = try make {
            $0.rpnBatchSizePerImage = 1 << 20
            $0.rpnPositiveFraction = 1
            $0.boxBatchSizePerImage = 1 << 20
            $0.boxPositiveFraction = 1
        }
        let objects = DetectionTarget(
            boxes: [Box(x0: 20, y0: 30, x1: 120, y1: 100), Box(x0: 100, y0: 60, x1: 210, y1: 140)], labels: [3, 7])
        let losses = detector.losses(images: images, targets: [objects, DetectionTarget()])
        XCTAssertEqual(losses.count, TorchvisionNumbers.losses.count)
        for (name, value) in losses {
            let expected = try XCTUnwrap(TorchvisionNumbers.losses[name])
            XCTAssertEqual(value.item(), expected, accuracy: 1e-3 * expected, name)
        }
        losses.dropFirst().reduce(losses[0].value) { $0 + $1.value }.backward()
        let parameters = Dictionary(uniqueKeysWithValues: detector.namedParameters().map { ($0.name, $0.parameter) })
        for (name, expected) in TorchvisionNumbers.gradientNorms {
            let gradient = try XCTUnwrap(parameters[name]?.tensor.grad, name)
            XCTAssertEqual(gradient.norm().item(), expected, accuracy: 1e-3 * expected, name)
        }
    }

    /// One weight changed is seen.
    func testTheComparisonCanFail() throws {
        let detector = try make()
        detector.eval()
        let bias = try XCTUnwrap(
            detector.namedParameters().first { $0.name == "roi_heads.box_predictor.cls_score.bias" })
        bias.parameter.assign(bias.parameter.tensor.detached() + 0.5 * Tensor([1] + [Float](repeating: 0, count: 20)))
        let scores = detector.detect(images: [images[0]])[0].scores.array(Float.self)
        XCTAssertNotNil(difference(Array(scores.prefix(20)), TorchvisionNumbers.detections[0].scores, relative: 1e-3))
    }
}
