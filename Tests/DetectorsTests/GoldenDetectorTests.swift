import Annotations
import Architectures
import Detectors
import NN
import SimulatedDevice
import Tensors
import TestSupport
import XCTest

/// Detectors on golden weights give torchvision's names, detections, losses and gradients.
final class GoldenDetectorTests: XCTestCase {
    private func load<D: Detector & Module>(_ golden: GoldenDetector, into detector: D) throws -> D {
        try detector.loadStateDict(
            detector.stateDict().map { name, tensor in (name, golden.weights(name, shape: tensor.shape)) })
        return detector
    }

    /// Every anchor and proposal is sampled, so that no draw decides.
    private func fasterRCNN(
        _ golden: GoldenDetector, _ configuration: FasterRCNNConfiguration, backbone: String
    ) throws -> FasterRCNN {
        var configuration = configuration
        configuration.normalization = .frozenBatch
        configuration.minSizes = [200]
        configuration.maxSize = 320
        configuration.boxScoreThreshold = 0.02
        configuration.rpnBatchSizePerImage = 1 << 20
        configuration.rpnPositiveFraction = 1
        configuration.boxBatchSizePerImage = 1 << 20
        configuration.boxPositiveFraction = 1
        return try load(
            golden,
            into: FasterRCNN(configuration, backbone: Catalogue.architecture(named: backbone), classCount: 20))
    }

    private func c4(
        _ golden: GoldenDetector, pooling: FasterRCNNConfiguration.RoIPooling
    ) throws -> FasterRCNN {
        var configuration = FasterRCNNConfiguration.c4
        configuration.rpnChannels = nil
        configuration.roiPooling = pooling
        return try fasterRCNN(golden, configuration, backbone: "resnet18")
    }

    private func ssd(_ golden: GoldenDetector) throws -> SSD {
        var configuration = SSDConfiguration.ssd300
        configuration.minNegativesPerImage = 0
        return try load(
            golden,
            into: SSD(configuration, backbone: Catalogue.architecture(named: "resnet18"), classCount: 20))
    }

    func testFasterRCNNOnAPyramid() throws {
        let golden = try GoldenDetector.named("torchvision")
        try check(fasterRCNN(golden, FasterRCNNConfiguration(), backbone: "resnet50"), golden)
    }

    func testFasterRCNNC4Aligned() throws {
        let golden = try GoldenDetector.named("c4_resnet18_align")
        try check(c4(golden, pooling: .align), golden)
    }

    func testFasterRCNNC4Pooled() throws {
        let golden = try GoldenDetector.named("c4_resnet18_pool")
        try check(c4(golden, pooling: .pool), golden)
    }

    /// Its norms use their running statistics in the training step as well, as torchvision's did for these numbers.
    func testSSD300() throws {
        let golden = try GoldenDetector.named("ssd300_resnet18")
        try check(ssd(golden), golden, lossNames: torchvisionsNames)
    }

    private let torchvisionsNames = ["loss_classification": "classification", "loss_box_reg": "bbox_regression"]

    /// What a device draws and suppresses without a word to the host is what the CPU does.
    func testTheSameOnADevice() throws {
        try SimulatedDevice.use { device in
            let (ssd300, pyramid) = (
                try GoldenDetector.named("ssd300_resnet18"), try GoldenDetector.named("torchvision")
            )
            try check(ssd(ssd300), ssd300, lossNames: torchvisionsNames, on: device)
            try check(
                fasterRCNN(pyramid, FasterRCNNConfiguration(), backbone: "resnet50"), pyramid, on: device)
        }
    }

    private func check<D: Detector & Module>(
        _ detector: D, _ golden: GoldenDetector, lossNames: [String: String] = [:], on device: Device = .cpu
    ) throws {
        detector.move(to: device)
        XCTAssertEqual(detector.parameterCount, golden.parameters)
        XCTAssertEqual(
            detector.stateDict().map(\.name).filter { !$0.hasSuffix("num_batches_tracked") }.sorted(),
            golden.names.sorted())
        detector.eval()
        checkDetections(detector.detect(images: golden.images), golden.detections)
        if detector is FasterRCNN { detector.train() }
        try checkLosses(detector, golden, lossNames)
    }

    private func checkDetections(_ found: [Detections], _ golden: [GoldenDetector.Found]) {
        XCTAssertEqual(found.count, golden.count)
        for (detections, expected) in zip(found, golden) {
            XCTAssertEqual(detections.count, expected.count)
            let n = expected.labels.count
            XCTAssertGreaterThan(n, 0)
            XCTAssertEqual(Array(detections.labels.array(Int.self).prefix(n)), expected.labels)
            expectEqual(detections.scores[0..<n], expected.scores, absolute: 1e-4)
            expectEqual(detections.boxes[0..<n], expected.boxes.flatMap { $0 }, absolute: 1e-2)
        }
    }

    private func checkLosses<D: Detector & Module>(
        _ detector: D, _ golden: GoldenDetector, _ lossNames: [String: String]
    ) throws {
        let losses = detector.losses(images: golden.images, targets: golden.losses.targets.map(\.target))
        XCTAssertEqual(losses.count, golden.losses.values.count)
        for (name, value) in losses {
            let expected = try XCTUnwrap(golden.losses.values[lossNames[name] ?? name], name)
            XCTAssertEqual(value.item(), expected, accuracy: 1e-5 * expected, name)
        }
        total(losses).backward()
        let parameters = Dictionary(uniqueKeysWithValues: detector.namedParameters().map { ($0.name, $0.parameter) })
        XCTAssertGreaterThanOrEqual(golden.losses.gradientNorms.count, 10)
        for (name, expected) in golden.losses.gradientNorms {
            let gradient = try XCTUnwrap(parameters[name]?.tensor.grad, name)
            XCTAssertEqual(gradient.norm().item(), expected, accuracy: 1e-3 * expected, name)
        }
    }

    /// One weight changed is seen.
    func testTheComparisonCanFail() throws {
        let golden = try GoldenDetector.named("c4_resnet18_align")
        let detector = try c4(golden, pooling: .align)
        detector.eval()
        let bias = try XCTUnwrap(
            detector.namedParameters().first { $0.name == "roi_heads.box_predictor.cls_score.bias" })
        bias.parameter.assign(bias.parameter.tensor.detached() + 0.5 * Tensor([1] + [Float](repeating: 0, count: 20)))
        let scores = detector.detect(images: [golden.images[0]])[0].scores.array(Float.self)
        XCTAssertNotNil(difference(Array(scores.prefix(20)), golden.detections[0].scores, absolute: 1e-4))
    }
}
