import Annotations
import Architectures
import DataPipeline
import Detectors
import Foundation
import NN
import SampleSets
import Tensors
import TestSupport
import Training
import Workflows
import XCTest

/// SSD from its recipe to its detections.
final class SSDTrainingTests: XCTestCase {
    private static let samples: Result<String, any Error> = Result {
        let folder = try processTemporaryPath()
        var settings = ShapeSampleSet.Settings()
        settings.trainImages = 5
        settings.validationImages = 2
        try ShapeSampleSet(settings: settings).write(to: folder, replacing: true)
        return folder
    }

    private func file(_ settings: String...) throws -> RecipeFile {
        let text = """
            task: detection
            model: {detector: ssd300, backbone: '\(narrowResNet18)'}
            data:
              root: \(try Self.samples.get())
              format: coco
              train: {annotations: coco/annotations/instances_train.json, images: coco/images}
              val: {annotations: coco/annotations/instances_val.json, images: coco/images}
            input: {color_jitter: true, zoom_out: 0.5, iou_crop: true}
            training: {epochs: 2, batch: 2, schedule: constant, learning_rate: 0.001, warmup_steps: 2}
            """
        return try RecipeFile(text: text, path: "test.yaml", settings: settings)
    }

    private func state(_ path: String) throws -> [[Float]] {
        try Checkpoint.read(path).model.map { $0.tensor.to(.float32).array(Float.self) }
    }

    private func values(_ module: Module) -> [[Float]] {
        module.stateDict().map { $0.tensor.to(.float32).array(Float.self) }
    }

    /// Five images in batches of two: the last batch of an epoch is a single image.
    func testItTrainsIsMeasuredAndDetects() throws {
        let folder = try temporaryDirectory()
        let training = try DetectionTraining(file: file(), output: folder + "/run")
        XCTAssertTrue(training.model.detector is SSD)
        let outcome = try training.train()
        XCTAssertEqual(outcome.step, 6)
        for (name, tensor) in try Checkpoint.read(outcome.lastCheckpoint).model {
            XCTAssertTrue(tensor.to(.float32).norm().item().isFinite, name)
        }
        let evaluation = try DetectionEvaluation(SavedModel(outcome.lastCheckpoint))
        let (scores, results) = try evaluation.run(into: RunFolder(folder + "/run"))
        XCTAssertEqual(scores.images, 2)
        XCTAssertTrue(scores.coco.ap.isFinite)
        XCTAssertGreaterThan(results.count, 0)

        let detection = try ImageDetection(SavedModel(outcome.lastCheckpoint))
        let path = try XCTUnwrap(ImageDetection.imageFiles([Self.samples.get() + "/coco/images"]).first)
        let found = try detection.detect(path, threshold: 0)
        XCTAssertGreaterThan(found.detections.count, 0)
        for object in found.detections {
            XCTAssertTrue(object.box[0] >= 0 && object.box[2] <= Float(found.width) * 1.0001, "\(object.box)")
            XCTAssertTrue(object.box[1] >= 0 && object.box[3] <= Float(found.height) * 1.0001, "\(object.box)")
        }
    }

    /// Three steps, a stop and three more are six steps, bit for bit, whatever the loader's threads.
    func testResumeIsExact() throws {
        let folder = try temporaryDirectory()
        let whole = try DetectionTraining(file: file(), output: folder + "/whole").train()
        _ = try DetectionTraining(
            file: file("training.steps=3", "training.loader_threads=0"), output: folder + "/parts"
        ).train()
        let halfway = try state(folder + "/parts/last.safetensors")
        let rest = try DetectionTraining(file: file("training.loader_threads=0"), output: folder + "/parts")
            .train(resume: true)
        XCTAssertEqual(rest.step, whole.step)
        XCTAssertEqual(try state(rest.lastCheckpoint), try state(whole.lastCheckpoint))
        XCTAssertNotEqual(try state(rest.lastCheckpoint), halfway)
    }

    func testDataShowDrawsWhatTrainingSees() throws {
        let folder = try temporaryDirectory()
        let file = try file()
        let input = try file.decode(DetectionRecipe.self).input
        let location = try XCTUnwrap(DatasetLocation.parts(of: file).first)
        func overview(_ name: String, training: DetectionInputSection?) throws -> Data? {
            let paths = try location.draw(count: 3, into: RunFolder("\(folder)/\(name)"), training: training)
            XCTAssertEqual(paths.count, 4)
            return FileManager.default.contents(atPath: paths[0])
        }
        let seen = try XCTUnwrap(overview("seen", training: input))
        XCTAssertNotEqual(seen, try XCTUnwrap(overview("plain", training: nil)))
    }

    func testWeightsToStartFrom() throws {
        let folder = try temporaryDirectory()
        let first = try DetectionTraining(file: file(), output: folder + "/run")
        let whole = folder + "/detector.safetensors"
        try WeightsFile.write(first.model.detector.stateDict(), to: whole)
        let same = try DetectionTraining(
            file: file("model.weights=\(whole)", "training.seed=5"), output: folder + "/b")
        XCTAssertEqual(values(same.model.detector), values(first.model.detector))
        XCTAssertEqual(same.start?.unused, [])

        // A classifier fills the backbone; its fourth stage and its classes have no place.
        let body = folder + "/classifier.pth"
        Random.seed(9)
        let fourth = [("layer4.0.conv1.weight", Tensor.zeros([512, 256, 3, 3])), ("fc.bias", Tensor.zeros([10]))]
        try WeightsFile.write(first.model.detector.body.stateDict() + fourth, to: body)
        let other = try DetectionTraining(
            file: file("model.weights=\(body)", "training.seed=5"), output: folder + "/c")
        XCTAssertEqual(values(other.model.detector.body), values(first.model.detector.body))
        XCTAssertNotEqual(values(other.model.detector), values(first.model.detector), "the rest is fresh")
        XCTAssertEqual(other.start?.fit.unexpected, ["layer4.0.conv1.weight", "fc.bias"])
    }

    func testOtherClassesAndOtherDetectors() throws {
        func model(_ classes: Int, _ settings: String...) throws -> DetectorModel {
            let file = try RecipeFile(
                text: "task: detection\nmodel: {backbone: resnet18}\ndata: {format: voc, train: {split: train}}",
                path: "test.yaml", settings: settings)
            return try DetectorModel(
                recipe: file.decode(DetectionRecipe.self), file: file, classNames: (0..<classes).map { "class \($0)" })
        }
        let folder = try temporaryDirectory()
        let ssd = folder + "/ssd.safetensors"
        let three = try model(3, "model.detector=ssd300")
        try WeightsFile.write(three.detector.stateDict(), to: ssd)
        let five = try XCTUnwrap(model(5, "model.detector=ssd300", "model.weights=\(ssd)").start)
        XCTAssertEqual(five.unused.count, 12)
        XCTAssertTrue(five.unused.allSatisfy { $0.hasPrefix("head.classification.") }, "\(five.unused)")
        XCTAssertTrue(
            five.summary.contains("the file has 3 classes and the data have 5, so head.classification starts fresh"),
            five.summary)
        // From one kind of detector to the other, the backbone.
        let faster = try model(3, "model.weights=\(ssd)")
        XCTAssertTrue(try XCTUnwrap(faster.start).summary.contains("an SSD's weights"), "\(faster.start!.summary)")
        let pyramid = folder + "/faster.safetensors"
        try WeightsFile.write(faster.detector.stateDict(), to: pyramid)
        let back = try model(3, "model.detector=ssd300", "model.weights=\(pyramid)")
        XCTAssertEqual(values(back.detector.body), values(three.detector.body))
        XCTAssertTrue(try XCTUnwrap(back.start).summary.contains("a Faster R-CNN's weights"))
        XCTAssertThrowsError(
            try model(3, "model.detector=ssd300", "model.weights=\(ssd)", "model.ssd.aspect_ratios=[[],[],[],[],[],[]]")
        ) { XCTAssertTrue("\($0)".contains("is of another network"), "\($0)") }
    }

    func testWhatTheRecipeMayNotSay() {
        func message(_ settings: String...) -> String {
            do {
                let file = try settings.reduce(into: file()) { try $0.apply($1) }
                _ = try DetectionTraining(file: file, output: "unused")
                return "no error"
            } catch { return "\(error)" }
        }
        XCTAssertEqual(
            message("input.shorter_side=400"),
            "--set input.shorter_side=400: input.shorter_side: ssd300 sees every image at 300×300 pixels; leave it out")
        XCTAssertEqual(
            message("model.ssd.scales=[1, 2]"),
            "--set model.ssd.scales=[1, 2]: model.ssd.scales: needs 7 sides above 0, ascending: one for each map of "
                + "ssd300 and one more")
        XCTAssertTrue(message("model.backbone=resnet3d50").contains("takes clips"))
    }
}
