import DataPipeline
import Foundation
import SampleSets
import Tensors
import TestSupport
import Training
import Workflows
import XCTest

/// Trained weights, frozen in part, on other classes: for every kind of detector.
final class FineTuningTests: XCTestCase {
    private static let samples: Result<String, any Error> = Result {
        let folder = try processTemporaryPath()
        var settings = ShapeSampleSet.Settings()
        settings.trainImages = 4
        settings.validationImages = 2
        try ShapeSampleSet(settings: settings).write(to: folder, replacing: true)
        return folder
    }

    private func file(_ model: String, _ settings: [String]) throws -> RecipeFile {
        let size = model.contains("ssd300") ? "" : "input: {shorter_side: 64, longer_side: 96}"
        let text = """
            task: detection
            model: \(model)
            data:
              root: \(try Self.samples.get())
              format: coco
              train: {annotations: coco/annotations/instances_train.json, images: coco/images}
              val: {annotations: coco/annotations/instances_val.json, images: coco/images}
            \(size)
            training: {epochs: 1, batch: 2, schedule: constant, learning_rate: 0.001, weight_decay: 0.01}
            """
        return try RecipeFile(text: text, path: "test.yaml", settings: settings)
    }

    private func state(_ path: String) throws -> [String: Tensor] {
        Dictionary(uniqueKeysWithValues: try Checkpoint.read(path).model.map { ($0.name, $0.tensor) })
    }

    /// A copy of the sample set in which every class has another name.
    private func renamed() throws -> String {
        let folder = try temporaryDirectory() + "/renamed"
        try FileManager.default.copyItem(atPath: try Self.samples.get(), toPath: folder)
        for part in ["train", "val"] {
            let path = "\(folder)/coco/annotations/instances_\(part).json"
            var text = try String(contentsOfFile: path, encoding: .utf8)
            for name in ShapeSampleSet.classNames {
                text = text.replacingOccurrences(of: "\"\(name)\"", with: "\"my \(name)\"")
            }
            try text.write(toFile: path, atomically: true, encoding: .utf8)
        }
        return folder
    }

    private func check(_ model: String, section: String, body: String, head: String, stages: Int) throws {
        let folder = try temporaryDirectory()
        let first = try DetectionTraining(file: file(model, []), output: folder + "/first").train()
        let settings = [
            "data.root=\(try renamed())", "model.weights=\(first.lastCheckpoint)",
            "model.\(section).trainable_stages=\(stages)", "training.seed=5",
        ]
        let training = try DetectionTraining(file: file(model, settings), output: folder + "/second")
        let start = try XCTUnwrap(training.start)
        XCTAssertFalse(start.ofOtherClasses.isEmpty)
        XCTAssertTrue(start.ofOtherClasses.allSatisfy { $0.hasPrefix(head + ".") }, "\(start.ofOtherClasses)")
        XCTAssertEqual(Set(start.fit.missing), Set(start.ofOtherClasses))
        let names = training.classNames.sorted()
        XCTAssertEqual(names, ShapeSampleSet.classNames.map { "my \($0)" }.sorted())
        XCTAssertTrue(start.summary.contains("the file's classes are "), start.summary)
        XCTAssertTrue(start.summary.contains("so \(head) starts fresh"), start.summary)
        XCTAssertFalse(start.summary.contains("not in the file"), start.summary)
        XCTAssertEqual(training.notes, ["frozen, with the statistics of their norms: conv1, bn1, layer1, layer2"])

        let outcome = try training.train()
        XCTAssertEqual(outcome.step, 2)
        let log = try String(contentsOfFile: training.run.log, encoding: .utf8)
        XCTAssertTrue(log.contains("frozen, with the statistics of their norms: conv1, bn1"), log)
        let (before, after) = (try state(first.lastCheckpoint), try state(outcome.lastCheckpoint))
        for (name, values) in after {
            let isFrozen = ["conv1", "bn1", "layer1", "layer2"].contains { name.hasPrefix("\(body).\($0).") }
            guard name.hasPrefix(body + ".") else { continue }
            let difference = try values - XCTUnwrap(before[name], name)
            XCTAssertEqual(difference.abs().amax().item() == 0, isFrozen, name)
        }

        // Equal classes keep their layers.
        let same = try XCTUnwrap(
            DetectionTraining(
                file: file(model, ["model.weights=\(folder)/first"]), output: folder + "/third"
            ).start)
        XCTAssertEqual(same.unused, [])
        XCTAssertTrue(same.fit.isComplete, same.summary)
    }

    func testAFasterRCNN() throws {
        for form in ["fpn", "c4"] {
            try check(
                "{backbone: '\(narrowResNet18)', faster_rcnn: {form: \(form), anchor_sizes: "
                    + (form == "fpn" ? "[[16], [32], [64], [128], [256]]" : "[[16, 32, 64]]")
                    + ", pyramid_channels: 8, box_head_features: 8, rpn_post_nms_top_n_train: 20}}",
                section: "faster_rcnn", body: "backbone.body", head: "roi_heads.box_predictor", stages: 2)
        }
    }

    func testAnSSD() throws {
        try check(
            "{detector: ssd300, backbone: '\(narrowResNet18)'}", section: "ssd", body: "backbone",
            head: "head.classification",
            stages: 1)
    }

    /// Frozen at random is hardly what anyone wants, so it is said.
    func testWhatIsFrozenAtRandom() throws {
        func notes(_ settings: String...) throws -> [String] {
            try DetectionTraining(
                file: file("{backbone: '\(narrowResNet18)', faster_rcnn: {pyramid_channels: 8}}", settings),
                output: "unused"
            ).notes
        }
        XCTAssertEqual(try notes(), [])
        XCTAssertEqual(
            try notes("model.faster_rcnn.normalization=frozen_batch"),
            [
                "the backbone's norms are frozen, those of its trained stages too",
                "frozen parts keep random weights: the recipe names no model.weights to start from",
            ])
        XCTAssertEqual(
            try notes("model.faster_rcnn.trainable_stages=4"),
            [
                "frozen, with the statistics of their norms: conv1, bn1",
                "frozen parts keep random weights: the recipe names no model.weights to start from",
            ])
    }
}
