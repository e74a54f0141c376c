import Architectures
import Backbones
import Detectors
import NN
import Tensors
import TestSupport
import Workflows
import XCTest

/// Backbones in the files of other programs start the backbones here.
final class WeightsLayoutTests: XCTestCase {
    private func body(_ classes: Int? = nil) throws -> [(name: String, tensor: Tensor)] {
        try Random.seeded(2) { try Backbone(Catalogue.architecture(named: "resnet18"), classes: classes) }.stateDict()
    }

    private func detector(_ state: [(name: String, tensor: Tensor)], _ detector: String = "faster_rcnn") throws
        -> DetectorModel
    {
        let path = try temporaryDirectory() + "/weights.pth"
        try WeightsFile.write(state, to: path)
        let file = try RecipeFile(
            text: """
                task: detection
                model: {detector: \(detector), backbone: resnet18, weights: \(path)}
                data: {format: voc, train: {split: train}}
                """, path: "test.yaml")
        return try DetectorModel(recipe: file.decode(DetectionRecipe.self), file: file, classNames: ["cat"])
    }

    private func expectBody(_ model: DetectorModel, _ words: String, line: UInt = #line) throws {
        let start = try XCTUnwrap(model.start, line: line)
        XCTAssertTrue(start.summary.contains(words), start.summary, line: line)
        XCTAssertEqual(start.fit.missing, [], line: line)
        let expected = Dictionary(uniqueKeysWithValues: try body().map { ($0.name, $0.tensor) })
        for (name, tensor) in model.detector.body.stateDict() where !name.hasSuffix("num_batches_tracked") {
            XCTAssertEqual(
                tensor.array(Float.self), try XCTUnwrap(expected[name]).array(Float.self), name, line: line)
        }
    }

    /// detectron2's name of a tensor of torchvision's ResNet.
    private func detectron2(_ name: String) -> String {
        var parts = name.split(separator: ".").map(String.init)
        if parts[0] == "conv1" || parts[0] == "bn1" {
            parts = ["stem", "conv1"] + (parts[0] == "bn1" ? ["norm"] : []) + parts.dropFirst()
        } else {
            let stage = "res\((Int(parts[0].dropFirst(5)) ?? 0) + 1)"
            if parts[2] == "downsample" {
                parts = [stage, parts[1], "shortcut"] + (parts[3] == "1" ? ["norm"] : []) + parts.dropFirst(4)
            } else {
                parts =
                    [stage, parts[1], "conv\(parts[2].suffix(1))"] + (parts[2].hasPrefix("bn") ? ["norm"] : [])
                    + parts.dropFirst(3)
            }
        }
        return parts.joined(separator: ".")
    }

    func testDetectron2() throws {
        let counted = try body().filter { !$0.name.hasSuffix("num_batches_tracked") }
        let fpn =
            counted.map { ("backbone.bottom_up." + detectron2($0.name), $0.tensor) }
            + [
                ("backbone.fpn_lateral2.weight", Tensor.zeros([2])),
                ("proposal_generator.rpn_head.conv.weight", Tensor.zeros([2])),
            ]
        try expectBody(
            detector(fpn), "weights of detectron2's network: only its backbone is taken; if it is of the older")
        // Without a pyramid the last stage belongs to the heads; a backbone alone has no prefix.
        let c4 = counted.map { name, tensor -> (name: String, tensor: Tensor) in
            let name = detectron2(name)
            return (name.hasPrefix("res5.") ? "roi_heads." + name : "backbone." + name, tensor)
        }
        try expectBody(detector(c4), "weights of detectron2's network")
        try expectBody(detector(counted.map { (detectron2($0.name), $0.tensor) }), "weights of detectron2's network")
    }

    func testMMDetection() throws {
        let state =
            try body().map { ("backbone." + $0.name, $0.tensor) }
            + [
                ("neck.lateral_convs.0.conv.weight", Tensor.zeros([2])),
                ("rpn_head.rpn_conv.weight", Tensor.zeros([2])),
            ]
        try expectBody(detector(state), "weights of mmdetection's network: only its backbone is taken")
        try expectBody(detector(state, "ssd300"), "weights of mmdetection's network")
    }

    func testTorchvisionsOtherDetectors() throws {
        func state(_ names: [String]) throws -> [(name: String, tensor: Tensor)] {
            try body().map { ("backbone.body." + $0.name, $0.tensor) } + names.map { ($0, Tensor.zeros([2])) }
        }
        for (names, words) in [
            (["rpn.head.conv.0.0.weight", "rpn.head.conv.1.0.weight"], "fasterrcnn_resnet50_fpn_v2"),
            (["head.classification_head.cls_logits.weight"], "torchvision's RetinaNet: only its backbone is taken"),
        ] {
            try expectBody(detector(state(names)), words)
        }
        XCTAssertThrowsError(try detector([("backbone.features.0.weight", Tensor.zeros([64, 3, 3, 3]))])) {
            XCTAssertTrue("\($0)".contains("test.yaml:2: model.weights: "), "\($0)")
            XCTAssertTrue("\($0)".contains("is not a network of this toolkit, and neither is its backbone"), "\($0)")
        }
    }

    func testAClassifierStartsFromADetectorsBackbone() throws {
        let path = try temporaryDirectory() + "/weights.pth"
        try WeightsFile.write(
            body().map { ("backbone." + $0.name, $0.tensor) } + [("neck.x", Tensor.zeros([1]))], to: path)
        let file = try RecipeFile(
            text: "task: classification\nmodel: {backbone: resnet18, weights: \(path)}\ndata: {format: folder}",
            path: "a.yaml")
        let model = try ClassifierModel(
            recipe: file.decode(ClassificationRecipe.self), file: file, classNames: ["a", "b"])
        let start = try XCTUnwrap(model.start)
        XCTAssertEqual(start.fit.missing, ["fc.weight", "fc.bias"])
        XCTAssertTrue(start.summary.contains("weights of mmdetection's network"), start.summary)
    }

    /// The names of torchvision's published DenseNets.
    func testOldNamesOfDenseNets() throws {
        let path = try temporaryDirectory() + "/densenet.pth"
        let state = try Backbone(Catalogue.architecture(named: "densenet121"), classes: 1000).stateDict()
        let old = state.map { name, tensor -> (name: String, tensor: Tensor) in
            var name = name
            for layer in ["norm1", "norm2", "conv1", "conv2"] where name.contains(".denselayer") {
                name = name.replacingOccurrences(of: ".\(layer).", with: ".\(layer.dropLast()).\(layer.suffix(1)).")
            }
            return (name, tensor)
        }
        XCTAssertTrue(old.contains { $0.name == "features.denseblock1.denselayer1.norm.1.weight" })
        try WeightsFile.write(old, to: path)
        XCTAssertTrue(try SavedModel(path).notes[0].contains("taken as densenet121, 1000 classes"))
        XCTAssertNoThrow(try ClassifierModel(SavedModel(path)))
    }
}
