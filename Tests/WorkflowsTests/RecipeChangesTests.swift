import NN
import Training
import Workflows
import XCTest

final class RecipeChangesTests: XCTestCase {
    private let text = """
        task: detection
        model: {backbone: resnet18}
        data:
          root: /data
          format: coco
          train: {annotations: a.json, images: i}
          val: {annotations: b.json, images: i}
        training: {epochs: 2, batch: 2, learning_rate: 0.01}
        """

    /// Compares the recipe with one that settings change, for a checkpoint of step 10 in epochs of ten steps.
    private func changes(_ settings: String..., old: String? = nil, step: Int = 10) throws -> RecipeChanges {
        func rates(_ file: RecipeFile) throws -> (Double, LearningRateSchedule) {
            let training = try file.decode(DetectionRecipe.self).training
            return (
                training.learningRate,
                training.learningRateSchedule(totalSteps: training.epochs * 10, stepsPerEpoch: 10)
            )
        }
        let (rate, schedule) = try rates(RecipeFile(text: text, path: "a.yaml"))
        let info = CheckpointInfo(
            classNames: [], recipe: old ?? text, step: step, epoch: 1, batchInEpoch: 0, batchesPerEpoch: 10,
            accumulation: 1, seed: 0, optimizer: "SGD", learningRate: rate, schedule: schedule)
        let file = try RecipeFile(text: text, path: "a.yaml", settings: settings)
        let new = try rates(file)
        var options = TrainingOptions()
        options.schedule = new.1
        return try RecipeChanges(since: info, to: file, learningRate: new.0, options: options)
    }

    private func words(_ changes: [RecipeChanges.Change]) -> [String] {
        changes.map { "\($0.key) \($0.from) \($0.to)" }
    }

    func testKeysAreNamedFromAndTo() throws {
        let found = try changes("training.batch=4", "training.threads=2", "data.root=/moved", "evaluation.metric=AP50")
        XCTAssertEqual(words(found.decisive), ["training.batch 2 4"])
        XCTAssertEqual(
            words(found.harmless), ["data.root /data /moved", "training.threads none 2", "evaluation.metric AP AP50"])
        XCTAssertThrowsError(try found.requireContinuing("run/last.safetensors")) {
            XCTAssertTrue(
                "\($0)".hasPrefix(
                    "run/last.safetensors: its steps were trained with other settings: training.batch from 2 to 4. "),
                "\($0)")
            XCTAssertTrue("\($0)".contains("--accept-changes"), "\($0)")
        }
        let summary = try XCTUnwrap(found.summary(oldRecipe: "old.yaml"))
        XCTAssertTrue(
            summary.hasPrefix("the recipe was changed, the old one is old.yaml: training.batch from 2 to 4, "), summary)
    }

    /// A default that is written out is no change.
    func testWhatIsSaidOtherwiseIsNoChange() throws {
        let found = try changes("training.momentum=0.9", "model.detector=faster_rcnn")
        XCTAssertEqual(found.decisive + found.harmless, [])
        XCTAssertNil(found.summary(oldRecipe: "old.yaml"))
        XCTAssertNoThrow(try found.requireContinuing("x"))
    }

    /// Changes of length and rates matter for steps that were taken, not for later ones.
    func testRatesOfTheStepsTakenDecide() throws {
        // The rate falls at two thirds: of 20 steps at 13, of 40 at 27. Step 10 saw neither.
        XCTAssertEqual(try changes("training.epochs=4").decisive, [])
        XCTAssertEqual(try changes("training.epochs=4").harmless.map(\.key), ["training.epochs"])
        XCTAssertEqual(try changes("training.epochs=4", step: 15).decisive.map(\.key), ["training.epochs"])
        XCTAssertEqual(try changes("training.steps=12").decisive, [])
        XCTAssertEqual(try changes("training.gamma=0.5").decisive, [])
        XCTAssertEqual(try changes("training.gamma=0.5", step: 15).decisive.map(\.key), ["training.gamma"])
        XCTAssertEqual(try changes("training.learning_rate=0.02").decisive.map(\.key), ["training.learning_rate"])
        XCTAssertEqual(try changes("training.warmup_steps=5").decisive.map(\.key), ["training.warmup_steps"])
    }

    func testEveryKindOfSettingThatDecides() throws {
        for (setting, key) in [
            ("training.seed=3", "training.seed"), ("training.optimizer=adamw", "training.optimizer"),
            ("training.precision=bfloat16", "training.precision"), ("input.flip=0", "input.flip"),
            ("data.train.annotations=c.json", "data.train.annotations"), ("model.weights=w.pth", "model.weights"),
            ("model.backbone=resnet34", "model.backbone"), ("data.empty_images=drop", "data.empty_images"),
            ("model.faster_rcnn.rpn_nms_thresh=0.6", "model.faster_rcnn.rpn_nms_thresh"),
        ] {
            XCTAssertEqual(try changes(setting).decisive.map(\.key), [key], setting)
        }
        XCTAssertEqual(try changes("inference.top_k=5", "model.faster_rcnn.box_score_thresh=0.1").decisive, [])
    }

    func testARecipeThatCannotBeReadIsNotTakenForTheSame() throws {
        let found = try changes(old: "task: detection\nmodel: {backbone: resnet18, colour: red}")
        XCTAssertThrowsError(try found.requireContinuing("x")) {
            XCTAssertTrue("\($0)".contains("unknown key model.colour"), "\($0)")
        }
    }
}
