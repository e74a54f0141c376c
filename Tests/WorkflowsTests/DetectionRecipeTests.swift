import Annotations
import Architectures
import Detectors
import Foundation
import NN
import Workflows
import XCTest

final class DetectionRecipeTests: XCTestCase {
    private let minimal = """
        task: detection
        model: {backbone: resnet18}
        data:
          format: coco
          train: {annotations: a.json, images: i}
        """

    private func recipe(_ text: String, _ settings: String...) throws -> DetectionRecipe {
        try RecipeFile(text: text, path: "r.yaml", settings: settings).decode(DetectionRecipe.self)
    }

    private func message(_ text: String, _ settings: String...) -> String {
        do {
            _ = try RecipeFile(text: text, path: "r.yaml", settings: settings).decode(DetectionRecipe.self)
            return "no error"
        } catch {
            return "\(error)"
        }
    }

    /// The images of a step and those of a device; what does not divide is told what would.
    func testTheBatchOfADevice() throws {
        let whole = try recipe(minimal, "training.batch=12").training
        XCTAssertEqual([whole.microBatch, whole.microBatches], [12, 1])
        let parts = try recipe(minimal, "training.batch=12", "training.device_batch=4").training
        XCTAssertEqual([parts.microBatch, parts.microBatches], [4, 3])
        XCTAssertEqual(
            message(minimal, "training.batch=12", "training.device_batch=5"),
            "--set training.device_batch=5: training.device_batch is 5, and training.batch is 12: it must divide the images of "
                + "a step, as 4 or 6 would")
        XCTAssertTrue(message(minimal, "training.batch=12", "training.device_batch=0").contains("as 1 would"))
    }

    /// Runs of the time when a step was `accumulation` batches are read as before; a new recipe is told the new key.
    func testAccumulationOfOlderCheckpoints() throws {
        for (section, batch, deviceBatch) in [
            ("{batch: 8, accumulation: 2}", 16, 8), ("{accumulation: 3}", 6, 2),
            ("{batch: 8, accumulation: 1}", 8, nil),
        ] {
            let training = try recipe(minimal + "\ntraining: \(section)").training
            XCTAssertEqual(training.batch, batch, section)
            XCTAssertEqual(training.deviceBatch, deviceBatch, section)
        }
        XCTAssertTrue(
            message(minimal, "training.accumulation=2").contains(
                "unknown key training.accumulation; did you mean training.device_batch?"),
            message(minimal, "training.accumulation=2"))
    }

    func testAKeyOfAnotherTaskIsNotOfferedAsItself() {
        XCTAssertFalse(
            message(minimal, "input.side=224").contains("did you mean input.side"), message(minimal, "input.side=224"))
    }

    func testDefaults() throws {
        let recipe = try recipe(minimal)
        XCTAssertEqual(recipe.model.fasterRCNN, FasterRCNNConfiguration())
        XCTAssertEqual(recipe.data.root, ".")
        XCTAssertNil(recipe.data.val)
        XCTAssertEqual(recipe.data.degenerateBoxes, .refuse)
        XCTAssertEqual(recipe.input.shorterSide, [800])
        XCTAssertEqual(recipe.training, TrainingSection())
        XCTAssertEqual(recipe.evaluation.metric, .ap)
    }

    func testSettingsReachEverySection() throws {
        let recipe = try recipe(
            minimal, "model.faster_rcnn.form=c4", "input.shorter_side=[480, 600]", "training.clip_norm=10",
            "training.schedule=cosine", "evaluation.metric=VOC11", "data.empty_images=drop")
        XCTAssertEqual(recipe.model.fasterRCNN.anchorSizes, FasterRCNNConfiguration.c4.anchorSizes)
        XCTAssertEqual(recipe.input.shorterSide, [480, 600])
        XCTAssertEqual(recipe.input.evaluationShorterSide, 600)
        XCTAssertEqual(recipe.training.clipNorm, 10)
        XCTAssertEqual(recipe.training.schedule, .cosine)
        XCTAssertEqual(recipe.evaluation.metric, .voc11)
        XCTAssertEqual(recipe.data.emptyImages, .drop)
    }

    func testADetectorOfAnotherKind() throws {
        let recipe = try recipe(minimal, "model.detector=ssd512", "model.ssd.nms_thresh=0.5")
        var configuration = SSDConfiguration.ssd512
        configuration.nmsThreshold = 0.5
        XCTAssertEqual(recipe.model.ssd, configuration)
        XCTAssertEqual(recipe.input.side, 512)
        let usual = try self.recipe(minimal)
        XCTAssertEqual(usual.model.detector, .fasterRCNN)
        XCTAssertNil(usual.model.ssd)
        XCTAssertNil(usual.input.side)
        XCTAssertEqual(
            message(minimal, "model.detector=ssd30"),
            "--set model.detector=ssd30: model.detector is 'ssd30'; did you mean ssd300? It can be faster_rcnn, ssd300, "
                + "ssd512")
        XCTAssertTrue(
            message(minimal, "model.detector=ssd300", "model.ssd.nms_tresh=0.5").contains(
                "unknown key model.ssd.nms_tresh; did you mean model.ssd.nms_thresh?"))
        XCTAssertEqual(
            message(minimal, "model.ssd.nms_thresh=0.5"),
            "--set model.ssd.nms_thresh=0.5: model.ssd belongs to another detector; the settings of faster_rcnn are in "
                + "model.faster_rcnn")
        XCTAssertTrue(
            message(minimal, "model.detector=ssd300", "model.faster_rcnn.form=c4").contains(
                "model.faster_rcnn belongs to another detector; the settings of ssd300 are in model.ssd"))
    }

    func testValuesOutOfRange() {
        for (setting, reason) in [
            ("training.epochs=0", "training.epochs is 0; it must be 1 to 1000000"),
            ("training.momentum=1", "training.momentum is 1.0; it must be in 0…1, without 1"),
            ("training.clip_norm=0", "training.clip_norm must be above 0"),
            ("training.milestones=[0.9, 0.5]", "training.milestones is [0.9, 0.5]; it must be shares"),
            ("input.flip=2", "input.flip is 2.0; it must be in 0…1"),
            ("input.longer_side=100", "input.longer_side is 100; it must not be below shorter_side, nor above 32768"),
            ("input.shorter_side=1", "input.shorter_side must be 32 to 32768 pixels"),
            ("data.degenerate_boxes=keep", "can be refuse or skip"),
            ("data.failed_images=skip", "can be stop or replace"),
            ("data.damaged_images=acept", "did you mean accept? It can be refuse, accept"),
            ("input.shorter_side=9223372036854775807", "input.shorter_side must be 32 to 32768 pixels"),
            (
                "input.longer_side=9223372036854775807",
                "input.longer_side is 9223372036854775807; it must not be below shorter_side, nor above 32768"
            ),
            ("training.loader_threads=40000", "training.loader_threads is 40000; it must be 0 to 1024"),
            ("training.loader_threads=-1", "training.loader_threads is -1; it must be 0 to 1024"),
            ("training.threads=40000", "training.threads must be 1 to 1024"),
            ("data.classes=[a, a]", "data.classes needs names, each once"),
        ] {
            let text = message(minimal, setting)
            XCTAssertTrue(text.hasPrefix("--set \(setting): "), text)
            XCTAssertTrue(text.contains(reason), text)
        }
    }

    func testUnknownKeysInEverySection() {
        for (setting, nearest) in [
            ("taks=detection", "task"), ("model.backbon=resnet18", "model.backbone"),
            ("model.faster_rcnn.from=c4", "model.faster_rcnn.form"), ("data.rot=x", "data.root"),
            ("data.train.image=x", "data.train.images"), ("input.flipp=0", "input.flip"),
            ("training.learning_rat=1", "training.learning_rate"), ("evaluation.metrics=AP", "evaluation.metric"),
        ] {
            let text = message(minimal, setting)
            XCTAssertTrue(text.contains("did you mean \(nearest)?"), text)
        }
    }

    func testPartsBelongToTheirFormat() {
        XCTAssertEqual(
            message(minimal, "data.format=voc"),
            "r.yaml:5: data.train needs split, and nothing else, for voc")
        XCTAssertEqual(
            message(minimal, "data.val.split=val"),
            "--set data.val.split=val: data.val needs annotations and images, and nothing else, for coco")
    }

    func testFileNamesOfAnotherMachine() throws {
        XCTAssertTrue(try recipe(minimal).data.fileNames.isIdentity)
        let one = try recipe(
            minimal + "\n  path_prefix: {from: 'C:\\data\\'}\n  path_percent: true\n  path_backslashes: true")
        XCTAssertEqual(
            one.data.fileNames,
            FileNameMap(prefixes: [.init(from: #"C:\data\"#)], decodesPercent: true, readsBackslashes: true))
        let two = try recipe(minimal, "data.path_prefix=[{from: /a/, to: b/}, {from: c}]")
        XCTAssertEqual(two.data.fileNames.prefixes, [.init(from: "/a/", to: "b/"), .init(from: "c")])
        XCTAssertTrue(try recipe(minimal, "data.path_prefix=null").data.fileNames.isIdentity)
        for (setting, says) in [
            ("data.path_prefix={form: a}", "unknown key data.path_prefix.form; did you mean data.path_prefix.from?"),
            (
                "data.path_prefix=[{from: a, too: b}]",
                "unknown key data.path_prefix[1].too; did you mean data.path_prefix[1].to?"
            ),
            ("data.path_prefix={to: a}", "data.path_prefix.from is missing"),
            ("data.path_prefix=a", "data.path_prefix is a section with keys of its own, not 'a'"),
        ] {
            XCTAssertTrue(message(minimal, setting).contains(says), message(minimal, setting))
        }
        let voc =
            "task: detection\nmodel: {backbone: resnet18}\ndata: {format: voc, train: {split: train}, path_percent: true}"
        XCTAssertEqual(
            message(voc), "r.yaml:3: data.path_percent is for coco: VOC's images are called as its lists say")
    }

    func testMissingSections() {
        XCTAssertEqual(message("task: detection\nmodel: {backbone: resnet18}"), "r.yaml:1: data is missing")
        XCTAssertEqual(
            message("model: {backbone: resnet18}"), "r.yaml:1: task is missing; it can be detection, classification")
    }

    func testTheScheduleOfTheWholeTraining() throws {
        let training = try recipe(
            minimal, "training.warmup_steps=10", "training.milestones=[0.75, 0.92]", "training.gamma=0.1"
        ).training
        let schedule = training.learningRateSchedule(totalSteps: 200, stepsPerEpoch: 50)
        XCTAssertEqual(schedule.factor(step: 0), 0.1, accuracy: 1e-12)
        XCTAssertEqual(schedule.factor(step: 10), 1, accuracy: 1e-12)
        XCTAssertEqual(schedule.factor(step: 149), 1, accuracy: 1e-12)
        XCTAssertEqual(schedule.factor(step: 150), 0.1, accuracy: 1e-12)
        XCTAssertEqual(schedule.factor(step: 184), 0.01, accuracy: 1e-12)
    }
}
