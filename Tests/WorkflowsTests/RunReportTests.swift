import DataPipeline
import Foundation
import SampleSets
import TestSupport
import Training
import Workflows
import XCTest

final class RunReportTests: XCTestCase {
    /// A run of two steps, measured.
    private static let run: Result<(folder: String, scores: DetectionScores), any Error> = Result {
        let folder = try processTemporaryPath()
        var settings = ShapeSampleSet.Settings()
        settings.trainImages = 4
        settings.validationImages = 3
        try ShapeSampleSet(settings: settings).write(to: folder + "/samples", replacing: true)
        let text = """
            task: detection
            model:
              backbone: '\(narrowResNet18)'
              faster_rcnn: {pyramid_channels: 8, box_head_features: 8, rpn_post_nms_top_n_train: 20}
            data:
              root: \(folder)/samples
              format: coco
              train: {annotations: coco/annotations/instances_train.json, images: coco/images}
              val: {annotations: coco/annotations/instances_val.json, images: coco/images}
            input: {shorter_side: 64, longer_side: 96}
            training: {epochs: 1, batch: 2, schedule: constant, learning_rate: 0.01}
            """
        let outcome = try DetectionTraining(
            file: RecipeFile(text: text, path: "test.yaml"), output: folder + "/run"
        ).train()
        let scores = try DetectionEvaluation(SavedModel(outcome.lastCheckpoint)).run(
            into: RunFolder(folder + "/run")
        ).scores
        return (folder, scores)
    }

    func testTheReportOfARun() throws {
        let (folder, scores) = try Self.run.get()
        let run = try RunReport(run: folder + "/run", pictures: 2, threshold: 0)
        XCTAssertEqual(run.report.coco, scores.coco)
        XCTAssertEqual(run.report.voc, scores.voc)
        XCTAssertEqual(run.report.voc11, scores.voc11)
        XCTAssertEqual(run.report.costs.ap, scores.coco.ap50, accuracy: 1e-12)
        XCTAssertEqual(run.report.losses.first?.name, "sum")
        XCTAssertEqual(run.report.losses.first?.points.map(\.x), [1, 2])
        XCTAssertEqual(run.report.losses.count, 5)
        XCTAssertEqual(run.report.metrics.map(\.name), ["AP", "AP50", "AP75"])
        let facts = Dictionary(uniqueKeysWithValues: run.report.facts.map { ($0.name, $0.value) })
        XCTAssertEqual(facts["model"], "Faster R-CNN FPN on \(narrowResNet18)")
        XCTAssertEqual(facts["checkpoint"], "last.safetensors, step 2, epoch 1")
        XCTAssertEqual(facts["images"], "3")

        try run.write(to: run.folder.report)
        let page = try String(contentsOfFile: folder + "/run/report.html", encoding: .utf8)
        for id in ["summary", "training", "classes", "curves", "confusion", "errors", "pictures", "settings"] {
            XCTAssertTrue(page.contains("<section id=\"\(id)\">"), id)
        }
        XCTAssertEqual(page.components(separatedBy: "data:image/jpeg;base64,").count - 1, 2)
        XCTAssertTrue(page.contains("pyramid_channels: 8"), "the recipe")
    }

    /// What was measured is kept with the numbers, so that the report needs neither the recipe nor the checkpoint.
    func testTheFolderOfAnEvaluationIsEnough() throws {
        let (folder, scores) = try Self.run.get()
        let other = try temporaryDirectory()
        for file in ["metrics.json", "detections.json"] {
            try FileManager.default.copyItem(atPath: "\(folder)/run/\(file)", toPath: "\(other)/\(file)")
        }
        let run = try RunReport(run: other)
        XCTAssertEqual(run.report.coco, scores.coco)
        XCTAssertTrue(run.report.losses.isEmpty)
        XCTAssertTrue(run.report.html().contains("pyramid_channels: 8"), "the checkpoint's recipe")
    }

    /// The table of facts names the detector that it was.
    func testTheTitleOfTheModel() throws {
        for (settings, title) in [
            (["model.faster_rcnn.form=c4"], "Faster R-CNN C4 on resnet18"),
            (["model.detector=ssd300", "model.backbone=iresnet18"], "SSD300 on iresnet18"),
            (["model.detector=ssd512"], "SSD512 on resnet18"),
        ] {
            let file = try RecipeFile(
                text: """
                    task: detection
                    model: {backbone: resnet18}
                    data: {format: voc, train: {split: train}}
                    """, path: "t.yaml", settings: settings)
            let model = try DetectorModel(
                recipe: file.decode(DetectionRecipe.self), file: file, classNames: ["a"])
            XCTAssertEqual(model.title, title)
        }
    }

    func testDataThatHaveMoved() throws {
        let (folder, scores) = try Self.run.get()
        let moved = try temporaryDirectory() + "/moved"
        try FileManager.default.copyItem(atPath: folder + "/samples", toPath: moved)
        let run = try RunReport(run: folder + "/run", settings: ["data.root=\(moved)"])
        XCTAssertEqual(run.report.coco, scores.coco)
        XCTAssertEqual(run.report.imageFolder, moved + "/coco/images")
        XCTAssertThrowsError(try RunReport(run: folder + "/run", settings: ["data.root=/nowhere"])) {
            XCTAssertEqual("\($0)", "--set data.root=/nowhere: data.root: there is no folder /nowhere")
        }
    }

    func testWhatIsMissingIsNamed() throws {
        let folder = try temporaryDirectory()
        func message(_ path: String) -> String {
            do {
                _ = try RunReport(run: path)
                return "no error"
            } catch {
                return "\(error)"
            }
        }
        func write(_ text: String, _ name: String) throws {
            try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
        }
        XCTAssertEqual(message(folder + "/none"), "\(folder)/none: there is no such run")
        XCTAssertEqual(
            message(folder), "\(folder): this folder holds no metrics.json; measure first: vertebra evaluate \(folder)")
        try write("{}", "metrics.json")
        XCTAssertTrue(message(folder).contains("holds no detections.json"), message(folder))
        try write("[]", "detections.json")
        XCTAssertTrue(message(folder).contains("metrics.json: is not from a detector's evaluation"))
        try write("{\"images\": 1, \"seconds\": 1}", "metrics.json")
        XCTAssertTrue(message(folder).contains("metrics.json: does not say what was measured; measure again"))
        XCTAssertTrue(message(folder + "/metrics.json").contains("this is a file; name the run's folder"))
        try write("task: classification", "recipe.yaml")
        XCTAssertTrue(message(folder).contains("this is the run of a classifier"), message(folder))
    }
}
