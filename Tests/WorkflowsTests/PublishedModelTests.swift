import Annotations
import Architectures
import Backbones
import Detectors
import Foundation
import Media
import NN
import Tensors
import TestSupport
import Workflows
import XCTest

/// Weights that others trained, used without a run and a recipe.
final class PublishedModelTests: XCTestCase {
    private func message(_ body: () throws -> Any) -> String {
        do {
            _ = try body()
            return "no error"
        } catch { return "\(error)" }
    }

    private func configuration(
        _ change: (inout FasterRCNNConfiguration) -> Void = { _ in }
    ) -> FasterRCNNConfiguration {
        var configuration = FasterRCNNConfiguration()
        configuration.pyramidChannels = 16
        configuration.boxHeadFeatures = 24
        configuration.minSizes = [96]
        configuration.maxSize = 160
        change(&configuration)
        return configuration
    }

    /// A small Faster R-CNN with outputs for COCO's ids, whose scores differ enough for detections.
    private func detector(
        classes: Int = 90, _ change: (inout FasterRCNNConfiguration) -> Void = { _ in }
    ) throws -> FasterRCNN {
        let detector = try Random.seeded(4) {
            try FasterRCNN(
                configuration(change), backbone: Catalogue.architecture(named: "resnet18"), classCount: classes)
        }
        try detector.loadStateDict(
            detector.stateDict().map { name, tensor in
                (name, name == "roi_heads.box_predictor.cls_score.weight" ? tensor * 40 : tensor)
            })
        detector.eval()
        return detector
    }

    private func saved(_ state: [(name: String, tensor: Tensor)], _ name: String = "model.pth") throws -> String {
        let folder = try temporaryDirectory()
        try PTH.write(state, to: folder + "/weights.pth")
        try FileManager.default.moveItem(atPath: folder + "/weights.pth", toPath: folder + "/" + name)
        return folder + "/" + name
    }

    private func picture() throws -> String {
        let path = try temporaryDirectory() + "/picture.png"
        var image = ByteImage(width: 90, height: 61, filledWith: 40)
        image.overlay(ByteImage(width: 40, height: 30, filledWith: 220), x: 20, y: 12)
        try ImageFile.writePNG(image, to: path)
        return path
    }

    private let sizes = ["input.shorter_side=96", "input.longer_side=160"]

    /// The detections are those of the network itself, in its own scaling, less those of outputs without a class.
    func testAFasterRCNNOfCOCOsIds() throws {
        let detector = try detector(), picture = try picture()
        // An unused id, 12, finds what the most frequent class finds.
        let first = try detector.detect(images: [Tensor(ImageFile.read(picture))])[0].labels.array(Int.self)
        let counts = Dictionary(first.map { ($0, 1) }, uniquingKeysWith: +)
        let frequent = try XCTUnwrap(counts.max { ($0.value, $0.key) < ($1.value, $1.key) }).key
        try detector.loadStateDict(
            detector.stateDict().map { name, tensor -> (name: String, tensor: Tensor) in
                guard name.hasPrefix("roi_heads.box_predictor.") else { return (name, tensor) }
                let each = name.contains("bbox_pred") ? 4 : 1
                let rows = (0..<91 * each).map { Int64($0 / each == 12 ? frequent * each + $0 % each : $0) }
                return (name, tensor.indexSelect(dim: 0, Tensor(rows, shape: [rows.count])))
            })
        let path = try saved(detector.stateDict())
        let model = try SavedModel(path, settings: sizes)
        XCTAssertEqual(model.task, .detection)
        XCTAssertTrue(model.isPublished)
        XCTAssertEqual(
            model.notes,
            ["\(path): taken as Faster R-CNN FPN on resnet18, norms with ε 1e-5, 90 classes, named by coco"])
        let found = try ImageDetection(model).detect(picture, threshold: 0).detections
        let expected = try detector.detect(images: [Tensor(ImageFile.read(picture))])[0]
        let labels = expected.labels.array(Int.self)
        let kept = labels.indices.filter { ClassNameList.cocoNamesByID[labels[$0] - 1] != ClassNameList.unusedName }
        XCTAssertGreaterThan(kept.count, 20)
        XCTAssertLessThan(kept.count, labels.count, "no output without a class has detections: the test tests little")
        XCTAssertEqual(found.map(\.label), kept.map { labels[$0] })
        XCTAssertEqual(found.map(\.name), kept.map { ClassNameList.cocoNamesByID[labels[$0] - 1] })
        let scores = expected.scores.array(Float.self), boxes = expected.boxes.array(Float.self)
        for (object, i) in zip(found, kept) {
            XCTAssertEqual(object.score, scores[i], accuracy: 1e-5)
            for corner in 0..<4 { XCTAssertEqual(object.box[corner], boxes[4 * i + corner], accuracy: 1e-3) }
        }
    }

    /// torchvision's published file: older names, norms without counters, ε told by the file's name.
    func testFrozenNorms() throws {
        let detector = try detector {
            $0.normalization = .frozenBatch
            $0.frozenBatchEpsilon = 0
        }
        // Variances so small that ε counts.
        try detector.loadStateDict(
            detector.stateDict().map { name, tensor -> (name: String, tensor: Tensor) in
                let isNorm = name.hasPrefix("backbone.body.") && name.hasSuffix(".weight") && tensor.rank == 1
                return (name, name.hasSuffix("running_var") ? tensor * 1e-4 : isNorm ? tensor * 0.01 : tensor)
            })
        let state = detector.stateDict().map { name, tensor -> (name: String, tensor: Tensor) in
            var name = name.replacingOccurrences(of: "rpn.head.conv.0.0.", with: "rpn.head.conv.")
            for part in ["inner_blocks", "layer_blocks"] {
                for level in 0..<4 {
                    name = name.replacingOccurrences(
                        of: "backbone.fpn.\(part).\(level).0.", with: "backbone.fpn.\(part).\(level).")
                }
            }
            return (name, tensor)
        }
        XCTAssertTrue(state.contains { $0.name == "backbone.fpn.inner_blocks.0.weight" })
        let path = try saved(state, "fasterrcnn_resnet50_fpn_coco-258fb6c6.pth")
        let model = try SavedModel(path, settings: sizes)
        XCTAssertTrue(
            model.notes[0].contains("frozen norms with ε 0, as torchvision's COCO weights want"), model.notes[0])
        let picture = try picture()
        let pixels = Tensor(try ImageFile.read(picture))
        func scores(_ settings: [String]) throws -> [Float] {
            try ImageDetection(SavedModel(path, settings: sizes + settings)).model.detector.detect(images: [pixels])[0]
                .scores.array(Float.self)
        }
        let expected = detector.detect(images: [pixels])[0].scores.array(Float.self)
        XCTAssertFalse(expected.isEmpty)
        XCTAssertEqual(try scores([]), expected)
        XCTAssertNotEqual(try scores(["model.faster_rcnn.frozen_batch_epsilon=1e-5"]), expected)
        // By a name that says nothing: weights alone with 91 outputs are taken for the same, others not.
        XCTAssertTrue(try SavedModel(saved(state)).notes[0].contains("frozen norms with ε 0"))
        let few = try self.detector(classes: 3) { $0.normalization = .frozenBatch }
        XCTAssertTrue(try SavedModel(saved(few.stateDict())).notes[0].contains("frozen norms with ε 1e-5"))
    }

    func testNamesOfClassesAndNetworks() throws {
        let path = try saved(detector(classes: 3).stateDict())
        XCTAssertTrue(try SavedModel(path).notes[0].hasSuffix("3 classes, without names (--classes gives them)"))
        let names = try temporaryDirectory() + "/names.txt"
        try "cat\ndog\ncow\n".write(toFile: names, atomically: true, encoding: .utf8)
        let model = try DetectorModel(SavedModel(path, model: "fasterrcnn_resnet18_fpn", classes: names))
        XCTAssertEqual(model.classNames, ["cat", "dog", "cow"])
        XCTAssertEqual(try DetectorModel(SavedModel(path)).classNames, ["class 1", "class 2", "class 3"])
        XCTAssertEqual(
            message { try SavedModel(path, classes: "coco") },
            "--classes coco: has 80 or 90 names, and \(path) has 3 classes")
        try "cat\n".write(toFile: names, atomically: true, encoding: .utf8)
        XCTAssertTrue(message { try SavedModel(path, classes: names) }.contains("without the background"))
        for (name, words) in [
            ("fasterrcnn_resnet50_fpn_v2", "is not a network of this toolkit"),
            ("fasterrcnn_resnet51_fpn", "no model is called \"resnet51\""), ("resnet51", "did you mean \"resnet50\""),
            ("resnet50", "holds a Faster R-CNN, and --model resnet50 is a classifier"),
        ] {
            XCTAssertTrue(message { try SavedModel(path, model: name) }.contains(words), name)
        }
        // Another backbone than the file's.
        XCTAssertTrue(
            message { try DetectorModel(SavedModel(path, model: "fasterrcnn_resnet50_fpn")) }.contains(
                "the weights don't fit the model"))
    }

    func testClassifiers() throws {
        let network = try Random.seeded(1) { try Backbone(Catalogue.architecture(named: "resnet18"), classes: 1000) }
        // An ending that says nothing, and DataParallel's prefix.
        let path = try saved(network.stateDict().map { ("module." + $0.name, $0.tensor) }, "weights.ckpt")
        let model = try SavedModel(path)
        XCTAssertEqual(model.task, .classification)
        XCTAssertEqual(
            model.notes,
            [
                "\(path): taken as resnet18, 1000 classes, named by imagenet", "'module.' removed from every name",
                "  resstage18 have the same tensors; --model chooses another",
            ])
        network.eval()
        let opened = try ClassifierModel(model)
        XCTAssertEqual(opened.classNames[1], "goldfish")
        let x = Tensor.zeros([1, 64, 64, 3], dtype: .uint8).permute([0, 3, 1, 2])
        XCTAssertEqual(
            withoutGrad { opened.logits(x).array(Float.self) },
            withoutGrad { network(opened.normalized(x)).array(Float.self) })
        XCTAssertTrue(try SavedModel(path, model: "resstage18").notes[0].contains("taken as resstage18"))
        XCTAssertTrue(message { try ImageDetection(model) }.contains("it is a classifier, which finds no objects"))
        XCTAssertTrue(
            message { try ClipRecognition(model) }.contains("a classifier of images, not of videos"))

        let body = try saved(network.stateDict().filter { !$0.name.hasPrefix("fc.") })
        XCTAssertTrue(message { try SavedModel(body) }.contains("it is a backbone alone"))
        let video = try Backbone(Catalogue.architecture(named: "resnet3d26_0.25"), classes: 400)
        XCTAssertTrue(
            try SavedModel(saved(video.stateDict()), model: "resnet3d26_0.25").notes[0].hasSuffix(
                "taken as resnet3d26_0.25, 400 classes, named by kinetics400"))
    }

    /// ImageNet's folders are called by ids; other folders name the classes if they are as many.
    func testFoldersNameTheClasses() throws {
        let folder = try temporaryDirectory()
        for name in ["n01440764", "n01443537"] {
            try FileManager.default.createDirectory(atPath: "\(folder)/val/\(name)", withIntermediateDirectories: true)
        }
        let data = NamedData(path: folder)
        func classes(_ count: Int) throws -> [String] {
            let network = try Backbone(Catalogue.architecture(named: "resnet18"), classes: count)
            return try ClassifierModel(SavedModel(saved(network.stateDict()), data: data)).classNames
        }
        XCTAssertEqual(try classes(1000), ClassNameList.imagenetIDs)
        XCTAssertEqual(try classes(2), ["n01440764", "n01443537"])
        XCTAssertEqual(try classes(3), ["class 0", "class 1", "class 2"])
    }

    func testWhatIsNoNetworkOfThisToolkit() throws {
        let body = try Backbone(Catalogue.architecture(named: "resnet18"), classes: nil).stateDict()
        func file(_ names: [String]) throws -> String {
            try saved(
                body.map { ("backbone.body." + $0.name, $0.tensor) } + names.map { ($0, Tensor.zeros([2])) })
        }
        for (names, title) in [
            (["rpn.head.conv.0.0.weight", "rpn.head.conv.1.0.weight"], "fasterrcnn_resnet50_fpn_v2"),
            (["head.classification_head.cls_logits.weight"], "torchvision's RetinaNet"),
            (["head.classification_head.cls_logits.weight", "head.regression_head.bbox_ctrness.weight"], "FCOS"),
        ] {
            let path = try file(names)
            let text = message { try SavedModel(path) }
            XCTAssertTrue(text.hasPrefix("\(path): these are weights of "), text)
            XCTAssertTrue(text.contains(title), text)
            XCTAssertTrue(
                text.contains(
                    "is not a network of this toolkit; its backbone's weights can start one: model: {backbone: resnet18, "
                        + "weights: \(path)}"), text)
        }
        let vgg = try saved([("backbone.features.0.weight", Tensor.zeros([64, 3, 3, 3]))])
        XCTAssertTrue(message { try SavedModel(vgg) }.contains("torchvision's SSD or SSDlite, on VGG or MobileNet"))
        let video = try saved([
            ("stem.0.weight", Tensor.zeros([64, 3, 3, 7, 7])), ("fc.weight", Tensor.zeros([400, 512])),
        ])
        XCTAssertTrue(message { try SavedModel(video) }.contains("video ResNet (r3d_18"))
        let strange = try saved([("encoder.w", Tensor.zeros([2]))])
        XCTAssertTrue(message { try SavedModel(strange) }.contains("begin with encoder.w [2]"))
    }

    func testAMissingFile() throws {
        let path = try saved(detector(classes: 3).stateDict())
        let text = message { try SavedModel(path + "x") }
        XCTAssertTrue(text.contains("there is no such run or checkpoint"), text)
        XCTAssertFalse(message { try SavedModel(path) }.contains("damaged"))
    }
}
