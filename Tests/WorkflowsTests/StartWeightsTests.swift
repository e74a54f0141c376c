import Architectures
import Backbones
import NN
import Tensors
import TestSupport
import Workflows
import XCTest

final class StartWeightsTests: XCTestCase {
    private func file(_ text: String, _ settings: [String] = []) throws -> RecipeFile {
        try RecipeFile(text: text, path: "test.yaml", settings: settings)
    }

    private func classifier(_ backbone: String, weights: String, classes: Int = 10) throws -> ClassifierModel {
        let file = try file(
            """
            task: classification
            model:
              backbone: \(backbone)
              weights: \(weights)
            data: {format: folder}
            """)
        return try ClassifierModel(
            recipe: file.decode(ClassificationRecipe.self), file: file, classNames: (0..<classes).map { "class \($0)" })
    }

    private func detector(_ backbone: String, _ settings: String..., classes: Int = 2) throws -> DetectorModel {
        let file = try file(
            """
            task: detection
            model:
              backbone: \(backbone)
              faster_rcnn: {pyramid_channels: 8, box_head_features: 8}
            data:
              format: voc
              train: {split: train}
            """, settings)
        return try DetectorModel(
            recipe: file.decode(DetectionRecipe.self), file: file, classNames: (0..<classes).map { "class \($0)" })
    }

    private func saved(_ backbone: String, classes: Int? = 10) throws -> String {
        let path = try temporaryDirectory() + "/\(backbone).safetensors"
        try WeightsFile.write(Backbone(Catalogue.architecture(named: backbone), classes: classes).stateDict(), to: path)
        return path
    }

    private func message(_ body: () throws -> Any) -> String {
        do {
            _ = try body()
            return "no error"
        } catch { return "\(error)" }
    }

    /// More than half of ResNet-18's tensors have ResNet-50's shapes.
    func testALargerNetworksWeightsAreRefused() throws {
        let weights = try saved("resnet50")
        func tensors(_ name: String) throws -> [PlannedTensor] {
            try Catalogue.architecture(named: name).with { $0.classes = 10 }.plan().tensors
        }
        let larger = Dictionary(uniqueKeysWithValues: try tensors("resnet50").map { ($0.name, $0.shape) })
        let smaller = try tensors("resnet18")
        let strange = smaller.count { tensor in larger[tensor.name].map { $0 != tensor.shape } ?? false }
        XCTAssertLessThan(2 * strange, smaller.count)
        let refusal = message { try classifier("resnet18", weights: weights) }
        XCTAssertEqual(
            refusal,
            "test.yaml:4: model.weights: \(weights) is of another network: \(strange) of its tensors have other shapes than "
                + "the classifier's, first layer1.0.conv1.weight: [64, 64, 3, 3] here, [64, 64, 1, 1] in the file. Its "
                + "tensors are those of resnet50, dsnet50_noweight, resnet50_dense: set model to the network that it was "
                + "made from, or name a file of this one")
        let forADetector = message { try detector("resnet18", "model.weights=\(weights)") }
        XCTAssertTrue(
            forADetector.contains("than the detector's backbone's, first layer1.0.conv1.weight"), forADetector)
    }

    /// ResNet-50 has of ResNet-101 everything but the blocks 6 to 22 of stage 3, of 15 tensors each.
    func testAShallowerNetworksWeightsAreRefused() throws {
        let weights = try saved("resnet50")
        let refusal = message { try classifier("resnet101", weights: weights) }
        XCTAssertEqual(
            refusal,
            "test.yaml:4: model.weights: \(weights) has only a part of the classifier: 255 tensors are missing, first "
                + "layer3.6.conv1.weight, in layer3.6, layer3.7, layer3.8, … and 14 more. Its tensors are those of "
                + "resnet50, dsnet50_noweight, resnet50_dense: set model to the network that it was made from, or name a "
                + "file of this one")
        let backbone = message { try detector("resnet101", "model.weights=\(weights)") }
        XCTAssertTrue(
            backbone.contains(
                "has only a part of the detector's backbone: 255 tensors are missing, first layer3.6.conv1.weight"),
            backbone)
        let whole = try temporaryDirectory() + "/detector.pth"
        try WeightsFile.write(detector("resnet18").detector.stateDict(), to: whole)
        let deeper = message { try detector("resnet34", "model.weights=\(whole)") }
        XCTAssertTrue(
            deeper.contains(
                "has only a part of the detector: 80 tensors are missing, first backbone.body.layer1.2.conv1.weight, in "
                    + "backbone.body.layer1.2, backbone.body.layer2.2, backbone.body.layer2.3, … and 5 more. Its backbone's "
                    + "tensors are those of resnet18"), deeper)
    }

    func testADeeperNetworksWeightsAreRefused() throws {
        let refusal = message { try classifier("resnet18", weights: saved("resnet34")) }
        XCTAssertTrue(
            refusal.contains(
                "is of a deeper network: the classifier has no place for 96 of its tensors, first layer1.2.conv1.weight, "
                    + "in layer1.2, layer2.2, layer2.3, … and 5 more. Its tensors are those of resnet34"), refusal)
    }

    /// Whole parts beside the backbone may be missing, and PyTorch's counts of batches; halves of parts may not.
    func testWhatAFileMayLack() throws {
        let path = try temporaryDirectory() + "/weights.safetensors"
        let network = try Backbone(Catalogue.architecture(named: "resnet18"), classes: 10).stateDict()
        func starting(without isLeftOut: (String) -> Bool) throws -> StartWeights {
            try WeightsFile.write(network.filter { !isLeftOut($0.name) }, to: path)
            let model = try classifier("resnet18", weights: path)
            return try XCTUnwrap(model.start)
        }
        XCTAssertEqual(try starting { $0.hasSuffix(".num_batches_tracked") }.fit.missing, [])
        let headless = try starting { $0.hasPrefix("fc.") }
        XCTAssertTrue(
            headless.summary.contains("not in the file, so fresh (2): fc.weight, fc.bias"), headless.summary)
        for name in ["layer2.1.bn2.running_var", "bn1.bias", "fc.bias"] {
            let refusal = message { try starting { $0 == name } }
            XCTAssertTrue(
                refusal.contains("has only a part of the classifier: \(name) is missing. "), refusal)
        }
        let twice = message { try starting { $0 == "bn1.weight" || $0 == "bn1.bias" } }
        XCTAssertTrue(twice.contains(": 2 tensors are missing, first bn1.weight. "), twice)

        let whole = try detector("resnet18").detector.stateDict()
        try WeightsFile.write(whole.filter { !$0.name.hasPrefix("rpn.") }, to: path)
        let start = try XCTUnwrap(detector("resnet18", "model.weights=\(path)").start)
        XCTAssertEqual(start.fit.missing, whole.map(\.name).filter { $0.hasPrefix("rpn.") })
        XCTAssertTrue(start.summary.contains("not in the file, so fresh (6): rpn.head."), start.summary)
        try WeightsFile.write(whole.filter { $0.name != "rpn.head.bbox_pred.bias" }, to: path)
        let half = message { try detector("resnet18", "model.weights=\(path)") }
        XCTAssertTrue(half.contains("has only a part of the detector: rpn.head.bbox_pred.bias is missing. "), half)
    }

    /// The norms of RG shortcuts are no part of a ResNet.
    func testARelativesOwnLayersStartFresh() throws {
        let start = try XCTUnwrap(classifier("cifar_res_rgsnet26_0.25", weights: saved("cifar_resnet26_0.25")).start)
        XCTAssertFalse(start.fit.missing.isEmpty)
        XCTAssertTrue(start.fit.missing.allSatisfy { $0.contains(".rg") }, "\(start.fit.missing)")
        XCTAssertTrue(
            start.summary.contains("not in the file, so fresh (\(start.fit.missing.count)): layer1.0.rg_inner.weight"),
            start.summary)
    }

    func testAClassifierOfOtherClassesIsRemade() throws {
        let weights = try saved("resnet18", classes: 7)
        let start = try XCTUnwrap(classifier("resnet18", weights: weights).start)
        XCTAssertEqual(start.unused, ["fc.weight", "fc.bias"])
        XCTAssertTrue(
            start.summary.contains("the file has 7 classes and the data have 10, so fc starts fresh"), start.summary)
        let same = try XCTUnwrap(classifier("resnet18", weights: weights, classes: 7).start)
        XCTAssertFalse(same.summary.contains("fresh"), same.summary)
    }

    /// A classifier that reads other features is no matter of classes.
    func testAClassifierOfOtherFeaturesIsRefused() throws {
        let path = try temporaryDirectory() + "/fc.safetensors"
        let state = try Backbone(Catalogue.architecture(named: "resnet18"), classes: 10).stateDict().map {
            name, tensor in
            (name, name == "fc.weight" ? Tensor.zeros([10, 256]) : tensor)
        }
        try WeightsFile.write(state, to: path)
        let refusal = message { try classifier("resnet18", weights: path) }
        XCTAssertTrue(
            refusal.contains(
                "1 of its tensors have other shapes than the classifier's, first fc.weight: [10, 512] here, [10, 256] in"
            ),
            refusal)
    }

    func testADetectorsWeights() throws {
        let path = try temporaryDirectory() + "/detector.pth"
        try WeightsFile.write(detector("resnet18").detector.stateDict(), to: path)
        let start = try XCTUnwrap(detector("resnet18", "model.weights=\(path)", classes: 5).start)
        XCTAssertEqual(start.unused.count, 4)
        XCTAssertTrue(
            start.summary.contains(
                "the file has 2 classes and the data have 5, so roi_heads.box_predictor starts fresh"), start.summary)
        let larger = message { try detector("resnet50", "model.weights=\(path)") }
        XCTAssertTrue(larger.contains("Its backbone's tensors are those of resnet18, resstage18: set model to"), larger)
        let moreAnchors = message {
            try detector(
                "resnet18", "model.weights=\(path)", "model.faster_rcnn.anchor_aspect_ratios=[0.5, 1.0]")
        }
        XCTAssertTrue(
            moreAnchors.contains(
                "4 of its tensors have other shapes than the detector's, first rpn.head.cls_logits.weight: [2, 8, 1, 1] "
                    + "here, [3, 8, 1, 1] in the file"), moreAnchors)
    }

    /// ResNet3D-50 starts as ResNet-50 on a clip that stands still.
    func testPicturesWeightsAreInflatedForClips() throws {
        let path = try saved("resnet50", classes: 7)
        let video = try Backbone(Catalogue.architecture(named: "resnet3d50"), classes: 5)
        let start = try StartWeights(
            WeightsFile(path), into: video, called: "the classifier", recipe: file("task: classification"))
        XCTAssertEqual(start.unused, ["fc.weight", "fc.bias"])
        XCTAssertEqual(start.fit.missing, [])
        XCTAssertEqual(start.fit.unexpected, [])
        XCTAssertTrue(
            start.summary.contains(
                "weights of pictures: 53 kernels repeated over time and divided by their length there"), start.summary)
        let image = try Backbone(Catalogue.architecture(named: "resnet50"), classes: 7)
        try image.loadStateDict(WeightsFile.read(path))
        let state = Dictionary(uniqueKeysWithValues: video.stateDict().map { ($0.name, $0.tensor) })
        for (name, tensor) in image.stateDict() where tensor.rank == 4 {
            let kernel = try XCTUnwrap(state[name])
            XCTAssertLessThan((kernel.sum([2]) - tensor).abs().amax().item(), 1e-5, name)
        }
        XCTAssertEqual(
            state["layer4.2.bn3.weight"]?.array(Float.self),
            image.stateDict().first { $0.name == "layer4.2.bn3.weight" }?.tensor.array(Float.self))
    }

    func testClipsWeightsAreTakenAsTheyAreAndPicturesGetNone() throws {
        let path = try saved("resnet3d50", classes: 5)
        let video = try Backbone(Catalogue.architecture(named: "resnet3d50"), classes: 5)
        let recipe = try file("task: classification")
        let start = try StartWeights(WeightsFile(path), into: video, called: "the classifier", recipe: recipe)
        XCTAssertTrue(start.fit.isComplete)
        XCTAssertFalse(start.summary.contains("repeated over time"), start.summary)
        let image = try Backbone(Catalogue.architecture(named: "resnet50"), classes: 5)
        let refusal = message {
            try StartWeights(WeightsFile(path), into: image, called: "the classifier", recipe: recipe)
        }
        XCTAssertTrue(
            refusal.contains(
                "first conv1.weight: [64, 3, 7, 7] here, [64, 3, 5, 7, 7] in the file. Its tensors are those"),
            refusal)
        let other = message {
            try StartWeights(
                WeightsFile(saved("resnet18")), into: video, called: "the classifier", recipe: recipe)
        }
        XCTAssertTrue(other.contains("Its tensors are those of resnet18"), other)
    }
}
