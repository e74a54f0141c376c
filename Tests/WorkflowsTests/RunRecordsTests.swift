import Annotations
import Foundation
import Media
import Tensors
import TestSupport
import Training
import Workflows
import XCTest

/// The files that a run writes for other programs, from the recipe on.
final class RunRecordsTests: XCTestCase {
    private static let samples: Result<String, any Error> = Result {
        let folder = try processTemporaryPath()
        try writeShapes(to: folder)
        return folder
    }

    private func detector(_ settings: String..., on root: String? = nil) throws -> RecipeFile {
        try recipe(
            training: "{backbone: '\(narrowResNet18)', faster_rcnn: {pyramid_channels: 8, box_head_features: 8}}",
            on: root ?? Self.samples.get(),
            settings: [
                "input.shorter_side=64", "input.longer_side=96", "training.batch=2", "training.schedule=constant",
                "training.learning_rate=0.01", "training.epochs=2",
            ] + settings, "")
    }

    private func values(_ events: [ReadEvent], _ group: String) -> [(step: Int, value: ReadEvent.Value)] {
        events.flatMap { event in event.values.filter { $0.tag.hasPrefix(group) }.map { (event.step, $0) } }
    }

    func testADetectorsRunHasEveryFile() throws {
        let run = RunFolder(try temporaryDirectory() + "/run")
        let outcome = try DetectionTraining(file: detector(), output: run.path).train()
        XCTAssertEqual(outcome.step, 4)
        let files = try EventReader.files(in: run.path)
        XCTAssertEqual(files.count, 1)
        let events = try EventReader.events(files[0])

        let text = try XCTUnwrap(values(events, "recipe").first?.value.texts.first)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { $0.dropFirst(4) }
        XCTAssertEqual(lines.joined(separator: "\n"), try String(contentsOfFile: run.recipe, encoding: .utf8))

        let pictures = values(events, "detections/")
        XCTAssertEqual(pictures.map(\.step), [2, 2, 4, 4])
        XCTAssertEqual(Set(pictures.map(\.value.tag)).count, 2)
        for (_, value) in pictures {
            let image = try XCTUnwrap(value.image)
            let pixels = try ImageFile.decode(image.bytes)
            XCTAssertEqual([pixels.width, pixels.height], [image.width, image.height])
            XCTAssertEqual(pixels.channels, image.channels)
        }

        let curves = values(events, "precision_recall/")
        XCTAssertEqual(curves.map(\.step).filter { $0 == 2 }.count, curves.count / 2)
        XCTAssertEqual(curves.first?.value.tag, "precision_recall/all classes")
        for (_, value) in curves {
            XCTAssertEqual(value.plugin, "pr_curves")
            XCTAssertEqual(value.shape, [6, 101])
            XCTAssertEqual(value.floats.count, 606)
        }
        XCTAssertEqual(values(events, "evaluation/AP50").map(\.step), [2, 4])
        XCTAssertEqual(values(events, "training/learning_rate").map(\.value.scalar), [0.01, 0.01, 0.01, 0.01])

        let table = try String(contentsOfFile: run.metricsTable, encoding: .utf8).split(separator: "\n")
        XCTAssertEqual(table.count, 7)
        XCTAssertTrue(table[0].hasPrefix("kind,step,epoch,seconds,loss,losses."), "\(table[0])")
        XCTAssertTrue(table[0].contains(",metrics.AP,"), "\(table[0])")
    }

    /// The numbers of the curve of all classes are those of the evaluation that `evaluate` repeats.
    func testTheCurveCountsWhatTheEvaluationFound() throws {
        let run = RunFolder(try temporaryDirectory() + "/run")
        let settings = ["training.epochs=1", "model.faster_rcnn.box_score_thresh=0"]
        let file = try RecipeFile(text: detector().text, path: "test.yaml", settings: settings)
        let outcome = try DetectionTraining(file: file, output: run.path).train()
        let events = try EventReader.events(try XCTUnwrap(EventReader.files(in: run.path).first))
        let curve = try XCTUnwrap(values(events, "precision_recall/all classes").last?.value)
        let evaluation = try DetectionEvaluation(SavedModel(outcome.lastCheckpoint))
        let (scores, results) = try evaluation.run(into: run)
        let objects = scores.coco.classes.reduce(0) { $0 + $1.objects }
        XCTAssertGreaterThan(results.count, 0)
        // At the threshold 0 every detection counts, and objects are found or missed.
        XCTAssertEqual(curve.floats[0] + curve.floats[101], Float(results.count))
        XCTAssertEqual(curve.floats[0] + curve.floats[303], Float(objects))
    }

    func testTheEnvironmentIsRecordedForEachStart() throws {
        let run = RunFolder(try temporaryDirectory() + "/run")
        _ = try DetectionTraining(
            file: detector("training.seed=7", "training.steps=2"), output: run.path
        ).train()
        _ = try DetectionTraining(file: detector("training.seed=7"), output: run.path).train(resume: true)
        let environment = try XCTUnwrap(RunEnvironment(path: run.environment))
        XCTAssertEqual(environment.starts.map(\.step), [0, 2])
        let first = environment.starts[0], second = environment.starts[1]
        XCTAssertEqual(first.seed, 7)
        XCTAssertEqual(first.device, "cpu")
        XCTAssertEqual(first.processes, 1)
        XCTAssertEqual(first.command, CommandLine.arguments)
        XCTAssertEqual(first.versions.libtorch, Libtorch.loadedVersion)
        XCTAssertTrue(first.versions.swift.contains("."), first.versions.swift)
        XCTAssertEqual(first.machine.processor, Processor.current)
        XCTAssertEqual(first.data, second.data)
        XCTAssertEqual(first.data.map(\.part), ["train", "val"])
        let path = try Self.samples.get() + "/coco/annotations/instances_train.json"
        XCTAssertEqual(first.data[0].files.map(\.path), [path])
        XCTAssertEqual(first.data[0].files[0].crc32, try CRC32.ofFile(path).digits)
        XCTAssertEqual(first.data[0].images, 4)
        XCTAssertEqual(first.data[0].objects, try COCO.readInstances(path).objectCount)
        let text = try String(contentsOfFile: run.environment, encoding: .utf8)
        for key in ["\"libtorch_built\"", "\"names_crc32\"", "\"objects_crc32\"", "\"instructions\"", "\"command\""] {
            XCTAssertTrue(text.contains(key), key)
        }
    }

    /// A box that is half a pixel narrower gives other fingerprints.
    func testChangedDataHaveOtherFingerprints() throws {
        let root = try fewShapes()
        func record(_ name: String) throws -> DataRecord {
            let run = RunFolder(try temporaryDirectory() + "/" + name)
            _ = try DetectionTraining(file: detector("training.steps=1", on: root), output: run.path).train()
            return try XCTUnwrap(RunEnvironment(path: run.environment)?.starts.first?.data.first)
        }
        let before = try record("before")
        let path = root + "/coco/annotations/instances_train.json"
        let annotations = try COCO.readInstances(path)
        var images = (0..<annotations.imageCount).map(annotations.image)
        images[1].objects[0].width -= 0.5
        try COCO.writeInstances(
            DetectionAnnotations(
                source: path, classNames: annotations.classNames, categoryIDs: annotations.categoryIDs, images: images),
            to: path)
        let after = try record("after")
        XCTAssertEqual(after.namesCRC32, before.namesCRC32)
        XCTAssertNotEqual(after.objectsCRC32, before.objectsCRC32)
        XCTAssertNotEqual(after.files[0].crc32, before.files[0].crc32)
    }

    func testAClassifiersRun() throws {
        let root = try classFolders()
        let run = RunFolder(try temporaryDirectory() + "/run")
        let file = try recipe(
            classifier: "backbone: '\(narrowResNet18)'", on: root, training: "epochs: 1, batch: 3")
        _ = try ClassificationTraining(file: file, output: run.path).train()
        let events = try EventReader.events(try XCTUnwrap(EventReader.files(in: run.path).first))
        XCTAssertEqual(values(events, "evaluation/top1").count, 1)
        XCTAssertEqual(values(events, "evaluation/top5").map(\.value.scalar), [1])
        XCTAssertEqual(values(events, "loss/cross_entropy").map(\.step), [1, 2])
        let data = try XCTUnwrap(RunEnvironment(path: run.environment)?.starts.first?.data)
        XCTAssertEqual(data.map(\.images), [6, 6])
        XCTAssertEqual(data[0].namesCRC32, data[1].namesCRC32, "both parts have the same names")
        XCTAssertNil(data[0].objects)
        XCTAssertEqual(data[0].files, [])
    }

    /// Each of five images, three cats and two dogs, has a probability for its own class and one for the other.
    func testAClassifiersPredictionsAndCurves() throws {
        let root = try classFolders()
        try FileManager.default.removeItem(atPath: root + "/val/dog/2.png")
        let run = RunFolder(try temporaryDirectory() + "/run")
        let file = try recipe(
            classifier: "backbone: '\(narrowResNet18)'", on: root, training: "epochs: 2, batch: 3")
        let outcome = try ClassificationTraining(file: file, output: run.path).train()
        let events = try EventReader.events(try XCTUnwrap(EventReader.files(in: run.path).first))
        let pictures = values(events, "predictions/")
        XCTAssertEqual(pictures.map(\.step), [2, 2, 2, 2, 2, 4, 4, 4, 4, 4])
        XCTAssertEqual(pictures.first?.value.tag, "predictions/cat/0.png")
        for (_, value) in pictures + values(events, "confusion") {
            let image = try XCTUnwrap(value.image)
            let pixels = try ImageFile.decode(image.bytes)
            XCTAssertEqual([pixels.width, pixels.height], [image.width, image.height])
        }
        XCTAssertEqual(values(events, "confusion").map(\.step), [2, 4])
        let curves = values(events, "precision_recall/").filter { $0.step == 4 }.map(\.value)
        XCTAssertEqual(
            curves.map(\.tag), ["all classes", "cat", "dog"].map { "precision_recall/" + $0 })
        for (curve, (own, others)) in zip(curves, [(5, 5), (3, 2), (2, 3)] as [(Float, Float)]) {
            // At the threshold 0: every image is right for its own class, wrong for the other, and none is missed.
            XCTAssertEqual([curve.floats[0], curve.floats[101], curve.floats[303]], [own, others, 0])
        }
        // With two classes, the likeliest is the one whose probability is at least a half.
        let top1 = try XCTUnwrap(outcome.metrics["top1"])
        XCTAssertEqual(Double(curves[0].floats[50]), 5 * top1, accuracy: 1e-6)
    }

    func testEventsAreLeftOutWhereTheRecipeSaysSo() throws {
        let run = RunFolder(try temporaryDirectory() + "/run")
        let file = try detector("logging.tensorboard=false", "training.steps=1")
        _ = try DetectionTraining(file: file, output: run.path).train()
        XCTAssertEqual(try EventReader.files(in: run.path), [])
        XCTAssertTrue(FileManager.default.fileExists(atPath: run.environment))
        XCTAssertTrue(FileManager.default.fileExists(atPath: run.metricsTable))
    }

    /// What can't be written is said in the run's log, and training goes on.
    func testAFolderInTheWayOfAFile() throws {
        let run = RunFolder(try temporaryDirectory() + "/run")
        for path in [run.environment, run.metricsTable] {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }
        let outcome = try DetectionTraining(file: detector("training.epochs=1"), output: run.path).train()
        XCTAssertEqual(outcome.reason, .completed)
        let log = try String(contentsOfFile: run.log, encoding: .utf8)
        for path in [run.environment, run.metricsTable] {
            let line = "\(path): can't be written (it is a folder); training goes on without it"
            XCTAssertEqual(log.components(separatedBy: line).count, 2, log)
        }
        XCTAssertEqual(try MetricsLog.records(run.metrics).count, 3)
    }

    /// TensorBoard's own reader finds what was written; needs a Python that has tensorboard.
    func testTensorBoardReadsTheFiles() throws {
        let variable = "VERTEBRA_TENSORBOARD_PYTHON"
        guard let python = ProcessInfo.processInfo.environment[variable], !python.isEmpty else {
            throw XCTSkip("\(variable) names no Python with tensorboard")
        }
        let run = RunFolder(try temporaryDirectory() + "/run")
        _ = try DetectionTraining(file: detector("training.epochs=1"), output: run.path).train()
        _ = try DetectionTraining(file: detector(), output: run.path).train(resume: true)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: python)
        process.arguments = ["-c", Self.script, run.path]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        XCTAssertEqual(process.terminationStatus, 0)
        let text = String(decoding: bytes, as: UTF8.self)
        let found = try XCTUnwrap(JSONSerialization.jsonObject(with: bytes) as? [String: Any], text)
        let records = try MetricsLog.records(run.metrics).filter { $0.kind == .step }
        XCTAssertEqual(found["steps"] as? [Int], records.map(\.step), text)
        let losses = try XCTUnwrap(found["loss"] as? [Double])
        for (loss, record) in zip(losses, records) {
            XCTAssertEqual(loss, try XCTUnwrap(record.loss), accuracy: 1e-6 * abs(loss))
        }
        XCTAssertEqual((found["images"] as? [Any])?.count, 2, text)
        XCTAssertEqual((found["image_steps"] as? [Int]), [2, 4], text)
        XCTAssertEqual(found["curve_shape"] as? [Int], [6, 101], text)
        XCTAssertEqual(found["thresholds"] as? Int, 101, text)
        XCTAssertTrue((found["recipe"] as? String)?.contains("task: detection") ?? false, text)
    }

    private static let script = """
        import json, sys
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
        from tensorboard.plugins.pr_curve.metadata import parse_plugin_metadata
        from tensorboard.util import tensor_util
        reader = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0, "images": 0, "tensors": 0})
        reader.Reload()
        tags = reader.Tags()
        losses = reader.Scalars("loss")
        curve = "precision_recall/all classes"
        print(json.dumps({
            "steps": [event.step for event in losses], "loss": [event.value for event in losses],
            "images": tags["images"], "image_steps": [event.step for event in reader.Images(tags["images"][0])],
            "curve_shape": list(tensor_util.make_ndarray(reader.Tensors(curve)[-1].tensor_proto).shape),
            "thresholds": parse_plugin_metadata(
                reader.SummaryMetadata(curve).plugin_data.content).num_thresholds,
            "recipe": tensor_util.make_ndarray(reader.Tensors("recipe")[0].tensor_proto)[0].decode(),
            "scalars": tags["scalars"], "tensors": tags["tensors"]}))
        """
}
