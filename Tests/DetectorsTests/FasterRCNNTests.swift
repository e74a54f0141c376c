import Annotations
import Architectures
import Backbones
import Detectors
import NN
import Tensors
import TestSupport
import XCTest

final class FasterRCNNTests: XCTestCase {
    private func make(
        _ configuration: FasterRCNNConfiguration, _ backbone: String = narrowResNet18, seed: UInt64 = 1
    ) throws -> FasterRCNN {
        Random.seed(seed)
        return try FasterRCNN(configuration, backbone: BackboneArchitecture(text: backbone), classCount: 2)
    }

    private let (images, targets) = smallScenes()

    func testLossesHaveTorchvisionsNamesAndReachEveryParameter() throws {
        for form in FasterRCNNConfiguration.Layout.allCases {
            let detector = try make(smallFasterRCNN(form))
            let losses = detector.losses(images: images, targets: targets)
            XCTAssertEqual(
                losses.map(\.name), ["loss_classifier", "loss_box_reg", "loss_objectness", "loss_rpn_box_reg"])
            for (name, value) in losses {
                XCTAssertEqual(value.shape, [], name)
                XCTAssertTrue(value.item().isFinite && value.item() > 0, "\(form) \(name)")
            }
            total(losses).backward()
            for (name, parameter) in detector.namedParameters() {
                let gradient = try XCTUnwrap(parameter.tensor.grad, "\(form) \(name) has no gradient")
                XCTAssertTrue(gradient.norm().item().isFinite, "\(form) \(name)")
            }
        }
    }

    func testImagesWithoutObjectsTrain() throws {
        for form in FasterRCNNConfiguration.Layout.allCases {
            let detector = try make(smallFasterRCNN(form))
            for empty in [[DetectionTarget(), targets[1]], [DetectionTarget(), DetectionTarget()]] {
                let losses = detector.losses(images: images, targets: empty)
                XCTAssertTrue(losses.allSatisfy { $0.value.item().isFinite }, "\(form) \(losses)")
                total(losses).backward()
                XCTAssertTrue(detector.parameters.allSatisfy { $0.tensor.grad?.norm().item().isFinite ?? true })
                for learning in ["rpn.head.cls_logits.weight", "roi_heads.box_predictor.cls_score.weight"] {
                    let weight = try XCTUnwrap(detector.namedParameters().first { $0.name == learning }).parameter
                    XCTAssertGreaterThan(weight.tensor.grad?.norm().item() ?? 0, 0, "\(form) \(learning)")
                    weight.tensor.setGrad(nil)
                }
            }
        }
    }

    /// No score reaches 1, so nothing is proposed: a detector whose proposals have all gone finds nothing, and trains on
    /// the ground truth's own boxes, or where there are none on its region proposals alone.
    func testWithoutProposals() throws {
        var settings: [(FasterRCNNConfiguration, String)] = [(smallFasterRCNN(), narrowResNet18)]
        for pooling in [FasterRCNNConfiguration.RoIPooling.align, .alignHalfPixel, .pool] {
            var configuration = smallFasterRCNN(.c4)
            configuration.roiPooling = pooling
            settings.append((configuration, narrowResNet18))
        }
        var trainedNorms = smallFasterRCNN(.c4)
        trainedNorms.normalization = .batch
        settings += [
            (trainedNorms, narrowResNet18), (smallFasterRCNN(.c4), "resnet50"), (smallFasterRCNN(.c4), "res_rgsnet50"),
        ]
        for (configuration, backbone) in settings {
            var configuration = configuration
            configuration.rpnScoreThreshold = 1
            let detector = try make(configuration, backbone)
            for targets in [targets, [DetectionTarget(), targets[1]], [DetectionTarget(), DetectionTarget()]] {
                let losses = detector.losses(images: images, targets: targets)
                let isEmpty = targets.allSatisfy { $0.count == 0 }
                for (name, value) in losses {
                    XCTAssertTrue(value.item().isFinite, "\(configuration.layout) \(backbone) \(name)")
                    if isEmpty, name == "loss_classifier" || name == "loss_box_reg" {
                        XCTAssertEqual(value.item(), 0, "\(configuration.layout) \(backbone) \(name)")
                    }
                }
                total(losses).backward()
                XCTAssertTrue(detector.parameters.allSatisfy { $0.tensor.grad?.norm().item().isFinite ?? true })
            }
            XCTAssertTrue(
                detector.stateDict().allSatisfy { $0.tensor.to(.float32).norm().item().isFinite },
                "the norms' running statistics")
            detector.eval()
            for batch in [images, [images[0]]] {
                let found = detector.detect(images: batch)
                XCTAssertEqual(found.map(\.boxes.shape), batch.map { _ in [0, 4] })
                XCTAssertEqual(found.map(\.labels.shape), batch.map { _ in [0] })
                XCTAssertEqual(found.map(\.scores.shape), batch.map { _ in [0] })
            }
        }
    }

    /// No overlap is below 0, so no anchor is background, and none may be positive: there is nothing to learn from.
    func testWithoutAnchorsToLearnFrom() throws {
        for form in FasterRCNNConfiguration.Layout.allCases {
            var configuration = smallFasterRCNN(form)
            configuration.rpnBackgroundIoU = 0
            configuration.rpnForegroundIoU = 1
            configuration.rpnPositiveFraction = 0
            let losses = try make(configuration).losses(images: images, targets: targets)
            XCTAssertEqual(
                losses.filter { $0.name.contains("rpn") || $0.name == "loss_objectness" }.map { $0.value.item() },
                [0, 0])
            total(losses).backward()
        }
    }

    /// Equal seeds, equal losses to the last bit; another seed draws other samples.
    func testASeedDecides() throws {
        var configuration = smallFasterRCNN()
        configuration.rpnBatchSizePerImage = 16
        configuration.boxBatchSizePerImage = 16
        let detector = try make(configuration)
        detector.eval()
        func run(_ seed: UInt64) -> [Double] {
            Random.seed(seed)
            return detector.losses(images: images, targets: targets).map { $0.value.item() }
        }
        XCTAssertEqual(run(5), run(5))
        XCTAssertNotEqual(run(5), run(6))
    }

    func testDetectionsLieInTheImagesAndAreSorted() throws {
        for form in FasterRCNNConfiguration.Layout.allCases {
            var configuration = smallFasterRCNN(form)
            configuration.boxScoreThreshold = 0.01
            let detector = try make(configuration)
            detector.eval()
            let large = Tensor(goldenFill(name: "image2", count: 3 * 150 * 220, lo: 0, hi: 1), shape: [3, 150, 220])
            let found = detector.detect(images: [large, images[1]])
            XCTAssertEqual(found.count, 2)
            for (detections, size) in zip(found, [[220, 150], [64, 64]] as [[Float]]) {
                let boxes: [Float] = detections.boxes.array()
                XCTAssertGreaterThan(detections.count, 0)
                XCTAssertLessThanOrEqual(detections.count, 100)
                XCTAssertEqual(detections.boxes.shape, [detections.count, 4])
                for i in boxes.indices {
                    XCTAssertTrue((0...(size[i % 2] * 1.0001)).contains(boxes[i]), "\(form) \(boxes[i])")
                }
                let scores: [Float] = detections.scores.array()
                XCTAssertEqual(scores, scores.sorted(by: >))
                XCTAssertTrue(detections.labels.array(Int.self).allSatisfy { (1...2).contains($0) })
            }
            XCTAssertTrue(detector.detect(images: []).isEmpty)
        }
    }

    /// An image in a batch is found what it is found alone, where padding does not reach it.
    func testABatchEqualsItsImages() throws {
        var configuration = smallFasterRCNN()
        configuration.boxScoreThreshold = 0.01
        let detector = try make(configuration)
        detector.eval()
        let pair = [images[1], images[1].flip([2])]
        let together = detector.detect(images: pair)
        for (image, batched) in zip(pair, together) {
            let alone = detector.detect(images: [image])[0]
            XCTAssertEqual(alone.count, batched.count)
            expectEqual(alone.boxes, batched.boxes.array(), relative: 1e-3, absolute: 1e-3)
        }
    }

    func testFreezingLeavesTheLastStages() throws {
        var configuration = smallFasterRCNN()
        func trained() throws -> Set<String> {
            Set(
                try make(configuration).body.namedParameters().filter { $0.parameter.requiresGrad }
                    .map { String($0.name.prefix { $0 != "." }) })
        }
        XCTAssertEqual(try trained(), ["conv1", "bn1", "layer1", "layer2", "layer3", "layer4"])
        configuration.trainableStages = 3
        XCTAssertEqual(try trained(), ["layer2", "layer3", "layer4"])
        configuration.trainableStages = 0
        XCTAssertEqual(try trained(), [])
        configuration.trainableStages = 5
        XCTAssertEqual(try trained(), ["conv1", "bn1", "layer1", "layer2", "layer3", "layer4"])
    }

    func testFrozenPartsStayAsTheyAre() throws {
        for form in FasterRCNNConfiguration.Layout.allCases {
            for normalization in FasterRCNNConfiguration.Normalization.allCases {
                var configuration = smallFasterRCNN(form)
                configuration.normalization = normalization
                configuration.trainableStages = 2
                expectFrozenParts(
                    try make(configuration), ["conv1", "bn1", "layer1", "layer2"],
                    hasFrozenNorms: normalization == .frozenBatch, images: images, targets: targets)
            }
        }
    }

    /// A detector takes the norms that its backbone's architecture says, and freezes only those with statistics.
    func testTheBackbonesOwnNorms() throws {
        let text = narrowResNet18 + ",normalization=group/4"
        let names = try make(smallFasterRCNN(), text).body.stateDict().map(\.name)
        XCTAssertTrue(names.contains("bn1.weight"))
        XCTAssertFalse(names.contains { $0.hasSuffix("running_mean") }, "group norms have no statistics")
        var frozen = smallFasterRCNN()
        frozen.normalization = .frozenBatch
        XCTAssertThrowsError(try make(frozen, text)) {
            XCTAssertEqual(
                "\($0)",
                "Faster R-CNN: normalization: is frozen_batch, but the backbone has group norms, which keep no statistics to "
                    + "freeze; leave it out")
        }
        let body = try make(smallFasterRCNN(), narrowResNet18 + ",normalization=frozen_batch").body
        XCTAssertEqual(body.plan.architecture.normalization, .frozenBatch)
        let ssd = try SSD(.ssd300, backbone: BackboneArchitecture(text: text), classCount: 2)
        XCTAssertFalse(ssd.body.stateDict().contains { $0.name.hasSuffix("running_mean") })
    }

    /// A DenseNet's stem and stages share a name, and each stage has its transition.
    func testFreezingADenseNetLeavesItsLastStages() throws {
        var configuration = smallFasterRCNN()
        configuration.trainableStages = 2
        let body = try make(configuration, "densenet121").body
        let trained = Set(
            body.namedParameters().filter { $0.parameter.requiresGrad }
                .map { $0.name.split(separator: ".").prefix(2).joined(separator: ".") })
        XCTAssertEqual(
            trained,
            [
                "features.transition2", "features.denseblock3", "features.transition3", "features.denseblock4",
                "features.norm5",
            ])
    }

    /// The region proposal's convolutions have 9 anchors a cell for VOC and 12 for COCO, and the last stage is the head.
    func testC4IsThePapersSetting() throws {
        for (configuration, anchors) in [(FasterRCNNConfiguration.c4, 9), (.c4COCO, 12)] {
            let shapes = Dictionary(
                uniqueKeysWithValues: try make(configuration, "resnet50").namedParameters().map {
                    ($0.name, $0.parameter.shape)
                })
            XCTAssertEqual(shapes["rpn.head.conv.0.0.weight"], [512, 1024, 3, 3])
            XCTAssertEqual(shapes["rpn.head.cls_logits.weight"], [anchors, 512, 1, 1])
            XCTAssertEqual(shapes["rpn.head.bbox_pred.weight"], [4 * anchors, 512, 1, 1])
            XCTAssertEqual(shapes["roi_heads.box_predictor.cls_score.weight"], [3, 2048])
            XCTAssertEqual(shapes["backbone.body.layer4.2.conv3.weight"], [2048, 512, 1, 1])
            XCTAssertFalse(shapes.keys.contains { $0.contains("fpn") || $0.contains("box_head") })
        }
    }

    func testC4PoolsEitherWay() throws {
        let classification = try [FasterRCNNConfiguration.RoIPooling.align, .alignHalfPixel, .pool].map { pooling in
            var configuration = smallFasterRCNN(.c4)
            configuration.roiPooling = pooling
            let losses = try make(configuration).losses(images: images, targets: targets)
            XCTAssertTrue(losses.allSatisfy { $0.value.item().isFinite }, "\(pooling)")
            return losses[0].value.item()
        }
        XCTAssertEqual(Set(classification).count, 3, "each pools other values: \(classification)")
    }

    /// Twelve steps on two images: the loss falls by half.
    func testTrainingLearns() throws {
        let detector = try make(smallFasterRCNN())
        let losses = train(detector, images: images, targets: targets, steps: 12, rate: 0.05)
        XCTAssertLessThan(losses[11], losses[0] / 2)
    }

    func testOldNamesAreUpgraded() {
        let names = [
            "rpn.head.conv.weight", "rpn.head.conv.0.0.bias", "backbone.fpn.inner_blocks.2.bias",
            "backbone.fpn.layer_blocks.3.0.weight", "backbone.body.conv1.weight",
        ]
        XCTAssertEqual(
            FasterRCNN.upgradingNames(of: names.map { ($0, Tensor(0)) }).map(\.name),
            [
                "rpn.head.conv.0.0.weight", "rpn.head.conv.0.0.bias", "backbone.fpn.inner_blocks.2.0.bias",
                "backbone.fpn.layer_blocks.3.0.weight", "backbone.body.conv1.weight",
            ])
    }
}
