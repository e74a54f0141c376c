import Foundation
import TestSupport
import Training
import Workflows
import XCTest

/// The keys `training.early_stopping`, `training.keep_best` and `training.ema`.
final class EarlyStoppingSectionTests: XCTestCase {
    private func refusal(_ training: String, task: String = "classification", _ more: String = "") -> String {
        let data =
            task == "detection" ? "{format: coco, train: {annotations: a.json, images: i}}" : "{format: folder}"
        do {
            let file = try RecipeFile(
                text: "task: \(task)\nmodel: {backbone: resnet18}\ndata: \(data)\ntraining: {\(training)}\n\(more)",
                path: "r.yaml")
            if task == "detection" {
                _ = try file.decode(DetectionRecipe.self)
            } else {
                _ = try file.decode(ClassificationRecipe.self)
            }
            return "none"
        } catch { return "\(error)" }
    }

    func testWhatIsRefused() {
        for (training, task, more, words) in [
            ("early_stopping: {}", "classification", "", "training.early_stopping.patience is missing"),
            (
                "early_stopping: {patience: 0}", "classification", "",
                "training.early_stopping.patience is 0; it must be above 0"
            ),
            ("early_stopping: {patience: 2, min_delta: -1}", "classification", "", "must not be below 0"),
            (
                "early_stopping: {patience: 2, metric: top2}", "classification", "",
                "r.yaml:4: training.early_stopping.metric is 'top2'; did you mean top1? It can be top1, top5, loss"
            ),
            ("early_stopping: {patience: 2, metric: loss}", "detection", "", "it can be AP, AP50, AP75, VOC, VOC11"),
            (
                "early_stopping: {patience: 2}", "detection", "",
                "training.early_stopping needs evaluations, but the recipe has no data.val"
            ),
            ("keep_best: 2", "detection", "", "training.keep_best needs evaluations, but the recipe has no data.val"),
            (
                "early_stopping: {patience: 2}", "classification", "evaluation: {every: 0}",
                "training.early_stopping needs evaluations, but evaluation.every is 0"
            ),
            ("keep_best: 0", "classification", "", "training.keep_best is 0; it must be 1 to 1000"),
            ("ema: {decay: 1}", "classification", "", "training.ema.decay is 1.0; it must be in 0…1, without 1"),
            (
                "ema: {warmup_steps: -1}", "classification", "",
                "training.ema.warmup_steps is -1; it must not be below 0"
            ),
            ("ema: 0.99", "classification", "", "training.ema is a section with keys of its own"),
            ("patience: 3", "classification", "", "did you mean training.early_stopping.patience?"),
        ] {
            let found = refusal(training, task: task, more)
            XCTAssertTrue(found.contains(words), found)
        }
        XCTAssertEqual(refusal("early_stopping: {patience: 2, metric: loss, min_delta: 0.1}, ema: {}"), "none")
    }

    /// All of them together, on images of noise from which nothing can be learnt.
    func testARun() throws {
        let run = RunFolder(try temporaryDirectory() + "/run")
        let file = try recipe(
            classifier: "backbone: '\(narrowResNet18)'", on: classFolders(),
            training: """
                epochs: 40, batch: 3, learning_rate: 0.0001, keep_best: 2, ema: {decay: 0.9, warmup_steps: 4},
                  early_stopping: {metric: top1, patience: 2, min_delta: 0.6}
                """)
        let training = try ClassificationTraining(file: file, output: run.path)
        let outcome = try training.train()
        XCTAssertEqual(outcome.reason, .stoppedEarly)
        XCTAssertEqual(outcome.step, 6, "three evaluations, of which the second and the third are not better by 0.6")
        let last = try Checkpoint.read(outcome.lastCheckpoint)
        XCTAssertEqual(last.info.waiting?.evaluations, 2)
        XCTAssertEqual(last.info.averaging, WeightAveraging(decay: 0.9, warmupSteps: 4))
        XCTAssertFalse(last.trained.isEmpty)
        let log = try String(contentsOfFile: run.log, encoding: .utf8)
        XCTAssertTrue(
            log.contains("stopped early at step 6: in none of the last 2 evaluations top1 was better than"), log)
        let kept = try FileManager.default.contentsOfDirectory(atPath: run.path).filter { $0.hasPrefix("best-step-") }
        XCTAssertEqual(kept.count, 2, "\(kept)")
        // What is used of the run is the average, whose scores the run has recorded.
        let scores = try ClassificationScores.measured(ClassifierModel(SavedModel(outcome.lastCheckpoint)))
        XCTAssertEqual(scores.loss, try XCTUnwrap(outcome.metrics["loss"]), accuracy: 1e-5)
        // Waiting longer and keeping more are no other training; another average is.
        let patient = try RecipeFile(
            text: file.text, path: "r.yaml",
            settings: ["training.early_stopping.patience=3", "training.keep_best=3"])
        XCTAssertEqual(try ClassificationTraining(file: patient, output: run.path).train(resume: true).step, 8)
        let other = try RecipeFile(text: patient.text, path: "r.yaml", settings: ["training.ema.decay=0.5"])
        XCTAssertThrowsError(try ClassificationTraining(file: other, output: run.path).train(resume: true)) {
            XCTAssertTrue("\($0)".contains("training.ema.decay from 0.9 to 0.5"), "\($0)")
        }
    }
}
