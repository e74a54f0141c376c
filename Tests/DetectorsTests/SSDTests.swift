import Annotations
import Architectures
import Detectors
import Foundation
import NN
import Support
import Tensors
import TestSupport
import XCTest

final class SSDTests: XCTestCase {
    private func make(
        _ backbone: String = narrowResNet18, classCount: Int = 2, _ change: (inout SSDConfiguration) -> Void = { _ in }
    ) throws -> SSD {
        Random.seed(1)
        var configuration = SSDConfiguration.ssd300
        change(&configuration)
        return try SSD(configuration, backbone: BackboneArchitecture(text: backbone), classCount: classCount)
    }

    private let images = [
        Tensor(goldenFill(name: "image0", count: 3 * 90 * 120, lo: 0, hi: 1), shape: [3, 90, 120]),
        Tensor(goldenFill(name: "image1", count: 3 * 300 * 300, lo: 0, hi: 1), shape: [3, 300, 300]),
    ]
    private let targets = [
        DetectionTarget(
            boxes: [Box(x0: 8, y0: 10, x1: 40, y1: 50), Box(x0: 30, y0: 5, x1: 110, y1: 80)], labels: [1, 2]),
        DetectionTarget(boxes: [Box(x0: 20, y0: 20, x1: 84, y1: 100)], labels: [2]),
    ]

    func testTheNamesAndTheNumberOfTheParameters() throws {
        let detector = try make("iresgroupfix50", classCount: 80)
        let names = detector.namedParameters().map(\.name)
        for name in [
            "backbone.conv1.weight", "backbone.layer3.5.bn3.weight", "extras.0.conv1.weight", "extras.4.bn2.bias",
            "head.classification.0.weight", "head.regression.5.bias",
        ] { XCTAssertTrue(names.contains(name), name) }
        XCTAssertFalse(names.contains { $0.contains("layer4") || $0.contains("fc") || $0.hasPrefix("backbone.body") })
        XCTAssertEqual(detector.parameterCount, detector.plan.parameterCount(classCount: 80))
        let shapes = Dictionary(
            uniqueKeysWithValues: detector.namedParameters().map { ($0.name, $0.parameter.shape) })
        XCTAssertEqual(shapes["head.classification.1.weight"], [6 * 81, 512, 3, 3])
        XCTAssertEqual(shapes["head.regression.1.weight"], [6 * 4, 512, 3, 3])
    }

    func testTheTitle() throws {
        XCTAssertEqual(try make().title, "SSD300")
        XCTAssertEqual(try make { $0 = .ssd512 }.title, "SSD512")
    }

    func testLossesReachEveryParameter() throws {
        for (backbone, form) in [
            (narrowResNet18, SSDConfiguration.Variant.ssd300), ("iresnet50", .ssd300), ("ds2net50", .ssd300),
            (narrowResNet18, .ssd512),
        ] {
            let detector = try make(backbone) { $0 = SSDConfiguration(form) }
            let losses = detector.losses(images: images, targets: targets)
            XCTAssertEqual(losses.map(\.name), ["loss_classification", "loss_box_reg"])
            for (name, value) in losses {
                XCTAssertEqual(value.shape, [], name)
                XCTAssertTrue(value.item().isFinite && value.item() > 0, "\(backbone) \(name)")
            }
            total(losses).backward()
            for (name, parameter) in detector.namedParameters() {
                let gradient = try XCTUnwrap(parameter.tensor.grad, "\(backbone) \(name) has no gradient")
                XCTAssertTrue(gradient.norm().item().isFinite, "\(backbone) \(name)")
            }
        }
    }

    func testImagesWithoutObjectsTrain() throws {
        let detector = try make()
        for empty in [[DetectionTarget(), targets[1]], [DetectionTarget(), DetectionTarget()]] {
            let losses = detector.losses(images: images, targets: empty)
            XCTAssertTrue(losses.allSatisfy { $0.value.item().isFinite })
            total(losses).backward()
            let head = detector.namedParameters().filter { $0.name.hasPrefix("head.classification") }
            XCTAssertTrue(head.contains { ($0.parameter.tensor.grad?.norm().item() ?? 0) > 0 })
            for (name, parameter) in detector.namedParameters() {
                XCTAssertTrue(parameter.tensor.grad?.norm().item().isFinite ?? false, name)
                parameter.tensor.setGrad(nil)
            }
        }
    }

    /// The last map of one image is one value for each channel, which has no variance.
    func testABatchOfOneTrains() throws {
        let detector = try make()
        total(detector.losses(images: [images[0]], targets: [targets[0]])).backward()
        for (name, tensor) in detector.stateDict() {
            XCTAssertTrue(tensor.to(.float32).norm().item().isFinite, name)
        }
        XCTAssertTrue(detector.parameters.allSatisfy { $0.tensor.grad?.norm().item().isFinite ?? false })
    }

    /// Probabilities put on default boxes by hand: two large ones that overlap by 261² / (261 · 315), 0.829, and a small one
    /// elsewhere; one below the score threshold. Offsets of 0 leave the boxes where they are.
    private func candidates(_ detector: SSD) -> Detections {
        let (large, larger, small) = (8728, 8729, (10 * 38 + 12) * 4)
        var scores = [Float](repeating: 0, count: 8732 * 3)
        func put(_ box: Int, _ label: Int, _ score: Float) { scores[3 * box + label] = score }
        put(large, 1, 0.9)
        put(larger, 1, 0.8)
        put(larger, 2, 0.7)
        put(small, 2, 0.75)
        put(small + 1, 1, 0.009)
        return detector.candidates(
            scores: Tensor(scores, shape: [8732, 3]), offsets: Tensor.zeros([8732, 4]),
            size: ImageSize(width: 300, height: 300))
    }

    /// The worse of two that overlap goes, in its class alone.
    func testDetectionsByHand() throws {
        let detector = try make()
        XCTAssertEqual(candidates(detector).scores.array(Float.self).sorted(by: >), [0.9, 0.8, 0.75, 0.7])
        let found = detector.suppression(candidates(detector))
        XCTAssertEqual(found.scores.array(Float.self), [0.9, 0.75, 0.7])
        XCTAssertEqual(found.labels.array(Int.self), [1, 2, 2])
        let half = Float((261.0 * 315).squareRoot() / 2)
        expectEqual(
            found.boxes,
            [
                19.5, 19.5, 280.5, 280.5, 100 - 10.5, 84 - 10.5, 100 + 10.5, 84 + 10.5,
                150 - half, 150 - half, 150 + half, 150 + half,
            ], absolute: 1e-3)
        let few = try make {
            $0.candidatesPerClass = 1
            $0.nmsThreshold = 1
        }
        XCTAssertEqual(
            few.suppression(candidates(few)).scores.array(Float.self), [0.9, 0.75], "the best of each class")
    }

    /// Every way of thinning out, with the overlap 0.829 = 261 / 315 of the two large boxes.
    func testOtherSuppressions() throws {
        let detector = try make()
        func scores(_ change: (inout BoxSuppression) -> Void) -> [Float] {
            var suppression = detector.suppression
            change(&suppression)
            return suppression(candidates(detector)).scores.array()
        }
        let overlap = 261.0 / 315
        XCTAssertEqual(scores { $0.limit = 1 }, [0.9])
        XCTAssertEqual(scores { $0.isClassAgnostic = true }, [0.9, 0.75])
        let linear = scores { $0.method = .linear }
        XCTAssertEqual(linear.prefix(3), [0.9, 0.75, 0.7])
        XCTAssertEqual(Double(linear.last ?? 0), 0.8 * (1 - overlap), accuracy: 1e-4)
        let gaussian = scores { $0.method = .gaussian }
        XCTAssertEqual(Double(gaussian.last ?? 0), 0.8 * exp(-overlap * overlap / 0.5), accuracy: 1e-4)
        XCTAssertEqual(
            scores {
                $0.method = .linear
                $0.scoreThreshold = 0.2
            }, [0.9, 0.75, 0.7])
        detector.suppression.scoreThreshold = 0.72
        XCTAssertEqual(candidates(detector).scores.array(Float.self).sorted(by: >), [0.9, 0.8, 0.75])
    }

    /// What `detect` gives is what the detector's suppression leaves of its candidates.
    func testTheDetectorsSuppressionIsUsed() throws {
        let detector = try make()
        detector.eval()
        let candidates = detector.candidates(images: images)
        XCTAssertGreaterThan(candidates[0].count, 200)
        detector.suppression = BoxSuppression(
            method: .gaussian, scoreThreshold: 0.1, isClassAgnostic: true, limit: 7)
        for (found, all) in zip(detector.detect(images: images), candidates) {
            XCTAssertEqual(found.count, 7)
            XCTAssertEqual(found.scores.array(Float.self), detector.suppression(all).scores.array(Float.self))
        }
    }

    /// An image of 90 × 120 is seen at 300 × 300; what is found lies in it, and comes in its own pixels.
    func testDetectionsLieInTheImagesAndAreSorted() throws {
        let detector = try make()
        detector.eval()
        let found = detector.detect(images: images)
        XCTAssertEqual(found.count, 2)
        for (detections, size) in zip(found, [[120, 90], [300, 300]] as [[Float]]) {
            XCTAssertGreaterThan(detections.count, 0)
            XCTAssertLessThanOrEqual(detections.count, 200)
            let boxes: [Float] = detections.boxes.array()
            for i in boxes.indices { XCTAssertTrue((0...(size[i % 2] * 1.0001)).contains(boxes[i]), "\(boxes[i])") }
            for side in 0..<2 {
                XCTAssertGreaterThan(
                    detections.boxes.select(dim: 1, index: 2 + side).amax().item(), Double(size[side]) / 2)
            }
            let scores: [Float] = detections.scores.array()
            XCTAssertEqual(scores, scores.sorted(by: >))
            XCTAssertTrue(detections.labels.array(Int.self).allSatisfy { (1...2).contains($0) })
        }
        XCTAssertTrue(detector.detect(images: []).isEmpty)
        let silent = try make { $0.scoreThreshold = 1 }
        silent.eval()
        XCTAssertEqual(silent.detect(images: images).map(\.boxes.shape), [[0, 4], [0, 4]])
    }

    /// Without gradients norms are folded into the convolutions: the same values. And an image is found in a batch what it
    /// is found alone.
    func testABatchEqualsItsImages() throws {
        let detector = try make()
        detector.eval()
        let pair = [images[1], images[1].flip([2])]
        for (image, batched) in zip(pair, detector.detect(images: pair)) {
            let alone = detector.detect(images: [image])[0]
            XCTAssertEqual(alone.count, batched.count)
            expectEqual(alone.scores, batched.scores.array(), relative: 1e-3, absolute: 1e-4)
        }
    }

    func testFreezingLeavesTheLastStagesInUse() throws {
        func trained(_ stages: Int?) throws -> Set<String> {
            Set(
                try make { $0.trainableStages = stages }.body.namedParameters().filter { $0.parameter.requiresGrad }
                    .map { String($0.name.prefix { $0 != "." }) })
        }
        XCTAssertEqual(try trained(nil), ["conv1", "bn1", "layer1", "layer2", "layer3"])
        XCTAssertEqual(try trained(1), ["layer3"])
        XCTAssertEqual(try trained(4), ["conv1", "bn1", "layer1", "layer2", "layer3"])
    }

    func testFrozenPartsStayAsTheyAre() throws {
        for normalization in SSDConfiguration.Normalization.allCases {
            let detector = try make {
                $0.normalization = normalization
                $0.trainableStages = 1
            }
            expectFrozenParts(
                detector, ["conv1", "bn1", "layer1", "layer2"], hasFrozenNorms: normalization == .frozenBatch,
                images: images, targets: targets)
        }
    }

    /// Twelve steps on two images: the loss falls by half.
    func testTrainingLearns() throws {
        let detector = try make()
        let losses = train(detector, images: images, targets: targets, steps: 12, rate: 0.005)
        XCTAssertLessThan(losses[11], losses[0] / 2)
    }
}
