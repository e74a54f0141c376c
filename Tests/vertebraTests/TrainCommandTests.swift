import Foundation
import XCTest

final class TrainCommandTests: XCTestCase {
    private func train(_ output: String, _ more: [String] = []) throws -> CommandRun {
        try CommandRun.of(["train", "tiny.yaml", "--output", output] + more, in: TinyData.folder.get())
    }

    /// The bytes of a run's weights alone.
    private func weights(_ run: String) throws -> Data {
        let folder = try TinyData.folder.get()
        let converted = try CommandRun.of(
            ["convert", "\(run)/last.safetensors", "\(run)-weights.safetensors", "--replace"], in: folder)
        XCTAssertEqual(converted.status, 0, converted.errors)
        return try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(run)-weights.safetensors"))
    }

    func testResumedTrainingEqualsUninterrupted() throws {
        let whole = try train("whole", ["--set", "training.steps=4"])
        XCTAssertEqual(whole.status, 0, whole.errors)
        let first = try train("parts", ["--set", "training.steps=2"])
        XCTAssertEqual(first.status, 0, first.errors)
        let halfway = try weights("parts")
        let second = try train("parts", ["--set", "training.steps=4", "--resume"])
        XCTAssertEqual(second.status, 0, second.errors)
        XCTAssertEqual(try weights("parts"), try weights("whole"))
        XCTAssertNotEqual(try weights("parts"), halfway, "two more steps must change something")
    }

    func testTheSeedDecides() throws {
        XCTAssertEqual(try train("seed0", ["--set", "training.steps=1"]).status, 0)
        XCTAssertEqual(
            try train("seed0again", ["--set", "training.steps=1", "--set", "training.loader_threads=0"]).status, 0)
        XCTAssertEqual(try train("seed1", ["--set", "training.steps=1", "--set", "training.seed=1"]).status, 0)
        XCTAssertEqual(try weights("seed0"), try weights("seed0again"))
        XCTAssertNotEqual(try weights("seed0"), try weights("seed1"))
    }

    func testEvaluateAndDetectOnARun() throws {
        let folder = try TinyData.folder.get()
        XCTAssertEqual(try train("used", ["--set", "training.steps=2"]).status, 0)
        for file in ["recipe.yaml", "metrics.jsonl", "last.safetensors", "best.safetensors"] {
            XCTAssertTrue(FileManager.default.fileExists(atPath: "\(folder)/used/\(file)"), file)
        }

        let evaluated = try CommandRun.of(["evaluate", "used", "--pictures", "2", "--threshold", "0"], in: folder)
        XCTAssertEqual(evaluated.status, 0, evaluated.errors)
        XCTAssertTrue(evaluated.output.contains("Average Precision  (AP) @[ IoU=0.50:0.95"), evaluated.output)
        let metrics = try JSONSerialization.jsonObject(
            with: Data(contentsOf: URL(fileURLWithPath: folder + "/used/metrics.json")))
        let ap = try XCTUnwrap(((metrics as? [String: Any])?["coco"] as? [String: Any])?["ap"] as? Double)
        XCTAssertTrue(FileManager.default.fileExists(atPath: folder + "/used/pictures/overview.jpg"))
        // The written detections score the same.
        let scored = try CommandRun.of(
            [
                "score", "coco", "--annotations", folder + "/samples/coco/annotations/instances_val.json", "--results",
                folder + "/used/detections.json", "--json",
            ])
        let again = try JSONSerialization.jsonObject(with: Data(scored.output.utf8)) as? [String: Any]
        XCTAssertEqual(try XCTUnwrap(again?["ap"] as? Double), ap, accuracy: 1e-9)

        let images = folder + "/samples/coco/images"
        let detected = try CommandRun.of(["detect", images, "--checkpoint", folder + "/used", "--threshold", "0"])
        XCTAssertEqual(detected.status, 0, detected.errors)
        let list = try XCTUnwrap(JSONSerialization.jsonObject(with: Data(detected.output.utf8)) as? [[String: Any]])
        XCTAssertEqual(list.count, 12)
        XCTAssertTrue(list.contains { !(($0["detections"] as? [Any]) ?? []).isEmpty }, "something is always found at 0")

        let drawn = try CommandRun.of(
            ["detect", images, "--checkpoint", folder + "/used", "--threshold", "0", "--output", folder + "/drawn"])
        XCTAssertEqual(drawn.status, 0, drawn.errors)
        let pictures = try FileManager.default.contentsOfDirectory(atPath: folder + "/drawn").filter {
            $0.hasSuffix(".jpg")
        }
        XCTAssertEqual(pictures.count, 12)
    }

    func testARunIsNotOverwritten() throws {
        XCTAssertEqual(try train("once", ["--set", "training.steps=1"]).status, 0)
        let again = try train("once", ["--set", "training.steps=1"])
        XCTAssertEqual(again.status, 1)
        XCTAssertTrue(again.errors.contains("already holds a run"), again.errors)
    }

    func testInterruptedTrainingSavesAndSaysHowToResume() throws {
        let folder = try TinyData.folder.get()
        let command = BackgroundCommand(
            ["train", "tiny.yaml", "--output", "stopped", "--set", "training.epochs=5000"], in: folder)
        try command.start()
        let log = folder + "/stopped/metrics.jsonl"
        let deadline = Date().addingTimeInterval(120)
        while Date() < deadline, command.isRunning,
            ((try? Data(contentsOf: URL(fileURLWithPath: log)))?.count ?? 0) == 0
        {
            usleep(50_000)
        }
        command.interrupt()
        let run = command.wait()
        XCTAssertEqual(run.status, 1, run.errors)
        XCTAssertTrue(
            run.errors.contains(
                "vertebra train tiny.yaml --set training.epochs=5000 --output stopped --resume"), run.errors)
        XCTAssertTrue(FileManager.default.fileExists(atPath: folder + "/stopped/last.safetensors"))
    }

    func testRecipeErrorsNameTheLine() throws {
        let folder = try TinyData.folder.get()
        let unknown = try train("none", ["--set", "training.epoch=3"])
        XCTAssertEqual(unknown.status, 1)
        XCTAssertEqual(
            unknown.errors,
            "vertebra: --set training.epoch=3: unknown key training.epoch; did you mean training.epochs?\n")

        try Data(TinyData.recipe.replacingOccurrences(of: "  batch: 4", with: "  batch: four").utf8)
            .write(to: URL(fileURLWithPath: folder + "/bad.yaml"))
        let bad = try CommandRun.of(["train", "bad.yaml"], in: folder)
        XCTAssertEqual(bad.status, 1)
        XCTAssertEqual(bad.errors, "vertebra: bad.yaml:24: training.batch is a whole number, not 'four'\n")

        let model = try train("none", ["--set", "model.backbone=resnet19"])
        XCTAssertEqual(model.status, 1)
        XCTAssertTrue(model.errors.hasPrefix("vertebra: --set model.backbone=resnet19: model.backbone: "), model.errors)
        XCTAssertTrue(model.errors.contains("resnet18"), model.errors)

        let root = try train("none", ["--set", "data.root=/nowhere"])
        XCTAssertEqual(root.status, 1)
        XCTAssertEqual(root.errors, "vertebra: --set data.root=/nowhere: data.root: there is no folder /nowhere\n")

        let file = try train("none", ["--set", "data.val.annotations=lost.json"])
        XCTAssertEqual(file.status, 1)
        XCTAssertTrue(file.errors.contains("there is no file samples/lost.json"), file.errors)
        XCTAssertFalse(
            FileManager.default.fileExists(atPath: folder + "/none"), "nothing is made before all is known good")
    }

    func testOtherClassesAreRefused() throws {
        let folder = try TinyData.folder.get()
        let path = folder + "/samples/coco/annotations/instances_val.json"
        var annotations = try XCTUnwrap(
            JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: path))) as? [String: Any])
        var categories = try XCTUnwrap(annotations["categories"] as? [[String: Any]])
        categories[0]["name"] = "unicorn"
        annotations["categories"] = categories
        try JSONSerialization.data(withJSONObject: annotations)
            .write(to: URL(fileURLWithPath: folder + "/samples/coco/annotations/other.json"))
        let setting = ["--set", "data.val.annotations=coco/annotations/other.json"]
        let trained = try train("mixed", setting)
        XCTAssertEqual(trained.status, 1)
        XCTAssertTrue(trained.errors.contains("unicorn"), trained.errors)

        XCTAssertEqual(try train("plain", ["--set", "training.steps=1"]).status, 0)
        let evaluated = try CommandRun.of(["evaluate", "plain"] + setting, in: folder)
        XCTAssertEqual(evaluated.status, 1)
        XCTAssertTrue(evaluated.errors.contains("does not have the classes of the model"), evaluated.errors)
        XCTAssertTrue(evaluated.errors.contains("unicorn"), evaluated.errors)
    }

    func testOutputThatCannotBeWritten() throws {
        let folder = try TinyData.folder.get()
        let run = try train("tiny.yaml/run", ["--set", "training.steps=1"])
        XCTAssertEqual(run.status, 1)
        XCTAssertTrue(run.errors.contains("tiny.yaml/run: the folder can't be made"), run.errors)
        let detected = try CommandRun.of(
            ["detect", "samples/coco/images", "--checkpoint", "x", "--output", "tiny.yaml/run"], in: folder)
        XCTAssertEqual(detected.status, 1)
        XCTAssertTrue(detected.errors.contains("can't be made"), detected.errors)
    }

    func testADeviceThatIsNotThere() throws {
        let run = try train("gpu", ["--device", "cuda:99"])
        XCTAssertEqual(run.status, 1)
        XCTAssertTrue(run.errors.contains("CUDA"), run.errors)
    }

    /// A run of which only the best is left is a run; and what isn't a run's own stays.
    func testARunIsNeverTrainedOver() throws {
        let folder = try TinyData.folder.get()
        let files = FileManager.default
        XCTAssertEqual(try train("kept", ["--set", "training.steps=1"]).status, 0)
        try files.removeItem(atPath: folder + "/kept/last.safetensors")
        let best = files.contents(atPath: folder + "/kept/best.safetensors")
        XCTAssertNotNil(best)
        let again = try train("kept", ["--set", "training.steps=1", "--set", "training.seed=3"])
        XCTAssertEqual(again.status, 1)
        XCTAssertTrue(again.errors.contains("holds a run"), again.errors)
        XCTAssertEqual(files.contents(atPath: folder + "/kept/best.safetensors"), best)

        try files.createDirectory(atPath: folder + "/mixed", withIntermediateDirectories: true)
        for name in ["mine.partial", "last.safetensors.77.partial", "notes.last.safetensors.77.partial"] {
            try Data([1]).write(to: URL(fileURLWithPath: folder + "/mixed/" + name))
        }
        XCTAssertEqual(try train("mixed", ["--set", "training.steps=1"]).status, 0)
        XCTAssertEqual(
            try files.contentsOfDirectory(atPath: folder + "/mixed").filter { $0.hasSuffix(".partial") }.sorted(),
            ["mine.partial", "notes.last.safetensors.77.partial"])
    }

    /// What a run began with is in its checkpoint.
    func testResumingNeedsNoStartWeights() throws {
        let folder = try TinyData.folder.get()
        XCTAssertEqual(try train("begun", ["--set", "training.steps=1"]).status, 0)
        let start = folder + "/start.safetensors"
        try FileManager.default.copyItem(atPath: folder + "/begun/last.safetensors", toPath: start)
        let settings = ["--set", "model.weights=start.safetensors", "--set"]
        XCTAssertEqual(try train("tuned", settings + ["training.steps=1"]).status, 0)
        try FileManager.default.removeItem(atPath: start)
        let resumed = try train("tuned", settings + ["training.steps=2", "--resume"])
        XCTAssertEqual(resumed.status, 0, resumed.errors)
        XCTAssertEqual(try train("anew", settings + ["training.steps=1"]).status, 1)
    }
}
