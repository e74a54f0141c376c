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
            ["convert", "\(run)/last.safetensors", "\(run)-weights.safetensors", "--replace", "--bare"],
            in: folder)
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

    func testADryRunWritesNothing() throws {
        let folder = try TinyData.folder.get()
        let run = try train("dry", ["--dry-run"])
        XCTAssertEqual(run.status, 0, run.errors)
        for words in [
            "instances_train.json", "network: 0.", " M parameters, ", "a step: ", " s for 4 images, ", "memory: ",
            " MiB of this process at most", " for 4 steps (2 an epoch) of ", " s, 2 evaluations of 0:0",
        ] {
            XCTAssertTrue(run.output.contains(words), "\(words): \(run.output)")
        }
        XCTAssertFalse(FileManager.default.fileExists(atPath: folder + "/dry"))
        // The doctor's findings come before the error that training would stop with.
        try FileManager.default.copyItem(atPath: folder + "/samples", toPath: folder + "/flawed")
        let images = try FileManager.default.contentsOfDirectory(atPath: folder + "/flawed/coco/images").sorted()
        try FileManager.default.removeItem(atPath: folder + "/flawed/coco/images/" + images[0])
        let flawed = try train("dry", ["--dry-run", "--set", "data.root=flawed"])
        XCTAssertEqual(flawed.status, 1)
        XCTAssertTrue(flawed.output.contains(images[0]), flawed.output)
        XCTAssertTrue(flawed.errors.contains("data.failed_images"), flawed.errors)
    }

    func testALearningRateIsFound() throws {
        let folder = try TinyData.folder.get()
        let run = try train("range", ["--find-learning-rate"])
        XCTAssertEqual(run.status, 0, run.errors)
        XCTAssertTrue(run.output.contains("to try: --set training.learning_rate="), run.output)
        let files = try FileManager.default.contentsOfDirectory(atPath: folder + "/range").sorted()
        XCTAssertEqual(files, ["learning-rate.json", "learning-rate.png"])
        let json =
            try JSONSerialization.jsonObject(
                with: Data(contentsOf: URL(fileURLWithPath: folder + "/range/learning-rate.json"))) as? [String: Any]
        let points = try XCTUnwrap(json?["points"] as? [[String: Any]])
        XCTAssertGreaterThan(points.count, 10)
        XCTAssertEqual(points[0]["learning_rate"] as? Double ?? 0, 1e-6, accuracy: 1e-12)
        // The folder is as free for a training as before.
        XCTAssertEqual(try train("range", ["--set", "training.steps=1"]).status, 0)
    }

    func testCallsOfTrialsThatMakeNoSense() throws {
        for (call, words) in [
            (["--dry-run", "--find-learning-rate"], "are two things"),
            (["--dry-run", "--resume"], "leave --resume out"),
            (["--find-learning-rate", "--processes", "2"], "leave --processes out"),
            (["--dry-run", "--seconds", "3"], "leave --seconds out"),
        ] {
            let run = try train("wrong", call)
            XCTAssertEqual(run.status, 64, run.errors)
            XCTAssertTrue(run.errors.contains(words), run.errors)
        }
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

    /// Starts a training without an end and returns once it has taken a step.
    private func background(_ output: String) throws -> BackgroundCommand {
        let folder = try TinyData.folder.get()
        let command = BackgroundCommand(
            ["train", "tiny.yaml", "--output", output, "--set", "training.epochs=5000"], in: folder)
        try command.start()
        let log = "\(folder)/\(output)/metrics.jsonl"
        let deadline = Date().addingTimeInterval(120)
        while Date() < deadline, command.isRunning,
            ((try? Data(contentsOf: URL(fileURLWithPath: log)))?.count ?? 0) == 0
        {
            usleep(50_000)
        }
        return command
    }

    /// A second training leaves a running one and its folder alone; measuring is allowed.
    func testOneTrainingAtATimeInAFolder() throws {
        let folder = try TinyData.folder.get()
        let command = try background("busy")
        let log = folder + "/busy/run.log", before = try String(contentsOfFile: log, encoding: .utf8)
        for more in [[], ["--resume"], ["--resume-from", "best"]] {
            let second = try train("busy", more)
            XCTAssertEqual(second.status, 1)
            XCTAssertTrue(second.errors.hasPrefix("vertebra: busy: process "), second.errors)
            XCTAssertTrue(second.errors.contains(" trains in it. Wait until it ends or stop it"), second.errors)
        }
        XCTAssertTrue(command.isRunning)
        let after = try String(contentsOfFile: log, encoding: .utf8)
        XCTAssertTrue(after.hasPrefix(before))
        XCTAssertFalse(after.contains("trains in it"), after)
        let deadline = Date().addingTimeInterval(120)
        while Date() < deadline, !FileManager.default.fileExists(atPath: folder + "/busy/best.safetensors") {
            usleep(50_000)
        }
        XCTAssertEqual(try CommandRun.of(["evaluate", "busy"], in: folder).status, 0)
        XCTAssertEqual(try CommandRun.of(["report", "busy"], in: folder).status, 0)
        command.interrupt()
        XCTAssertEqual(command.wait().status, 1)
        XCTAssertEqual(try train("busy", ["--set", "training.steps=1", "--resume"]).status, 0)
    }

    func testAHangUpSavesAsCtrlCDoes() throws {
        let command = try background("hung")
        command.signal(SIGHUP)
        let run = command.wait()
        XCTAssertEqual(run.status, 1, run.errors)
        XCTAssertTrue(run.errors.contains("--output hung --resume"), run.errors)
        XCTAssertTrue(FileManager.default.fileExists(atPath: try TinyData.folder.get() + "/hung/last.safetensors"))
    }

    func testChangesOfTheRecipeAreNamedAndRefusedOrAccepted() throws {
        let folder = try TinyData.folder.get()
        XCTAssertEqual(try train("changed", ["--set", "training.steps=1"]).status, 0)
        let recipe = try Data(contentsOf: URL(fileURLWithPath: folder + "/changed/recipe.yaml"))
        let settings = [
            "--set", "training.steps=2", "--set", "training.seed=4", "--set", "training.learning_rate=0.02",
        ]
        let refused = try train("changed", settings + ["--resume"])
        XCTAssertEqual(refused.status, 1)
        XCTAssertTrue(
            refused.errors.contains(
                "changed/last.safetensors: its steps were trained with other settings: training.learning_rate from 0.01 to "
                    + "0.02, training.seed from 0 to 4. "), refused.errors)
        XCTAssertEqual(try Data(contentsOf: URL(fileURLWithPath: folder + "/changed/recipe.yaml")), recipe)
        XCTAssertEqual(try train("changed", ["--accept-changes"]).status, 64)

        let accepted = try train("changed", settings + ["--resume", "--accept-changes"])
        XCTAssertEqual(accepted.status, 0, accepted.errors)
        XCTAssertTrue(accepted.errors.contains("training.seed from 0 to 4"), accepted.errors)
        XCTAssertEqual(
            try Data(contentsOf: URL(fileURLWithPath: folder + "/changed/recipe-until-step-1.yaml")), recipe)
        XCTAssertNotEqual(try Data(contentsOf: URL(fileURLWithPath: folder + "/changed/recipe.yaml")), recipe)
    }

    func testARunGoesOnFromItsBestOrAFile() throws {
        let folder = try TinyData.folder.get()
        XCTAssertEqual(try train("from", ["--set", "training.steps=2"]).status, 0)
        let more = ["--set", "training.steps=3"]
        let best = try train("from", more + ["--resume-from", "best"])
        XCTAssertEqual(best.status, 0, best.errors)
        XCTAssertTrue(best.errors.contains("resuming at step 2 from from/best.safetensors"), best.errors)
        let file = try train("fresh", more + ["--resume-from", "from/best.safetensors"])
        XCTAssertEqual(file.status, 0, file.errors)
        XCTAssertEqual(try weights("fresh"), try weights("from"))
        let other = try train("fresh", more + ["--resume-from", "from/best.safetensors"])
        XCTAssertEqual(other.status, 1)
        XCTAssertTrue(other.errors.contains("fresh: already holds a run, and from/best.safetensors is not in it"))
        let none = try train("nothing", more + ["--resume-from", "best"])
        XCTAssertEqual(none.status, 1)
        XCTAssertTrue(none.errors.contains("nothing/best.safetensors: there is no such checkpoint"), none.errors)
        _ = folder
    }

    /// A batch for which there is no memory ends in words that name it.
    func testTooLittleMemoryIsSaidWithTheBatch() throws {
        let settings = [
            "--set", "training.batch=8", "--set", "input.shorter_side=1600", "--set", "input.longer_side=2000",
        ]
        let folder = try TinyData.folder.get()
        let run = try CommandRun.of(
            [
                "-c", #"ulimit -v 3000000; exec "$0" "$@""#, CommandRun.executable("vertebra").path, "train",
                "tiny.yaml",
                "--output", "large",
            ] + settings, in: folder, executable: URL(fileURLWithPath: "/bin/bash"))
        XCTAssertEqual(run.status, 1, run.errors)
        XCTAssertTrue(run.errors.contains("vertebra: out of memory at a batch of 8 images of up to "), run.errors)
        XCTAssertTrue(run.errors.contains("lower training.batch, input.shorter_side or input.longer_side"), run.errors)
    }

    func testRecipeErrorsNameTheLine() throws {
        let folder = try TinyData.folder.get()
        let unknown = try train("none", ["--set", "training.epoch=3"])
        XCTAssertEqual(unknown.status, 2)
        XCTAssertEqual(
            unknown.errors,
            "vertebra: --set training.epoch=3: unknown key training.epoch; did you mean training.epochs?\n")

        try Data(TinyData.recipe.replacingOccurrences(of: "  batch: 4", with: "  batch: four").utf8)
            .write(to: URL(fileURLWithPath: folder + "/bad.yaml"))
        let bad = try CommandRun.of(["train", "bad.yaml"], in: folder)
        XCTAssertEqual(bad.status, 1)
        XCTAssertEqual(bad.errors, "vertebra: bad.yaml:24: training.batch is a whole number, not 'four'\n")

        let model = try train("none", ["--set", "model.backbone=resnet19"])
        XCTAssertEqual(model.status, 2)
        XCTAssertTrue(model.errors.hasPrefix("vertebra: --set model.backbone=resnet19: model.backbone: "), model.errors)
        XCTAssertTrue(model.errors.contains("resnet18"), model.errors)

        let root = try train("none", ["--set", "data.root=/nowhere"])
        XCTAssertEqual(root.status, 2)
        XCTAssertEqual(root.errors, "vertebra: --set data.root=/nowhere: data.root: there is no folder /nowhere\n")

        let file = try train("none", ["--set", "data.val.annotations=lost.json"])
        XCTAssertEqual(file.status, 2)
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
        XCTAssertEqual(try train("anew", settings + ["training.steps=1"]).status, 2)
    }
}
