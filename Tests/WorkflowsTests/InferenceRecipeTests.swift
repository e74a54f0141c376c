import DataPipeline
import Detectors
import Foundation
import Media
import TestSupport
import Training
import Workflows
import XCTest

final class InferenceRecipeTests: XCTestCase {
    private let minimal = """
        task: detection
        model: {backbone: resnet18}
        data:
          format: coco
          train: {annotations: a.json, images: i}
        """

    private func file(_ settings: [String]) throws -> RecipeFile {
        try RecipeFile(text: minimal, path: "r.yaml", settings: settings)
    }

    private func configuration(_ settings: String...) throws -> FasterRCNNConfiguration {
        let file = try file(settings)
        let model = try DetectorModel(recipe: file.decode(DetectionRecipe.self), file: file, classNames: ["a"])
        return model.detector.configuration
    }

    func testTheSectionOverridesTheModels() throws {
        var usual = FasterRCNNConfiguration()
        usual.resizesImages = false
        XCTAssertEqual(try configuration(), usual)
        let own = try configuration("model.faster_rcnn.box_nms_thresh=0.3", "inference.top_k=5")
        XCTAssertEqual(own.boxSuppression, BoxSuppression(iouThreshold: 0.3, limit: 5))
        let all = try configuration(
            "inference.score_threshold=0.2", "inference.nms=gaussian", "inference.nms_threshold=0.4",
            "inference.nms_sigma=0.3", "inference.class_agnostic=true", "inference.flip=true")
        XCTAssertEqual(
            all.boxSuppression,
            BoxSuppression(
                method: .gaussian, iouThreshold: 0.4, sigma: 0.3, scoreThreshold: 0.2, isClassAgnostic: true))
        XCTAssertFalse(all.suppressesDetections)
    }

    func testValuesThatMakeNoSense() {
        for (setting, reason) in [
            ("inference.top_k=0", "inference.top_k must be above 0"),
            ("inference.score_threshold=2", "inference.score_threshold must be in 0…1"),
            ("inference.nms_threshold=-1", "inference.nms_threshold must be in 0…1"),
            ("inference.nms_sigma=0", "inference.nms_sigma is 0.0; it must be above 0"),
            ("inference.nms=sof", "it can be hard, linear, gaussian"),
            ("inference.topk=3", "did you mean inference.top_k?"),
        ] {
            XCTAssertThrowsError(try file([setting]).decode(DetectionRecipe.self)) {
                XCTAssertTrue("\($0)".hasPrefix("--set \(setting): ") && "\($0)".contains(reason), "\($0)")
            }
        }
        let classifier = """
            task: classification
            model: {backbone: resnet18}
            data: {format: cifar}
            """
        XCTAssertThrowsError(
            try RecipeFile(text: classifier, path: "c.yaml", settings: ["inference.flip=true"]).decode(
                ClassificationRecipe.self)
        ) { XCTAssertTrue("\($0)".contains("unknown key inference.flip; inference has no keys"), "\($0)") }
    }

    /// With nothing suppressed, the candidates of an image with its mirror image are those of both.
    func testTheMirrorImageIsLookedAtAsWell() throws {
        let folder = try temporaryDirectory()
        var settings = SampleSet.Settings()
        settings.trainImages = 2
        settings.validationImages = 1
        try SampleSet(settings: settings).write(to: folder + "/samples")
        let text = """
            task: detection
            model:
              backbone: resnet18
              faster_rcnn: {pyramid_channels: 8, box_head_features: 8, rpn_post_nms_top_n_test: 10}
            data:
              root: \(folder)/samples
              format: coco
              train: {annotations: coco/annotations/instances_train.json, images: coco/images}
            input: {shorter_side: 64, longer_side: 96}
            training: {epochs: 1, batch: 2}
            """
        let outcome = try DetectionTraining(
            file: RecipeFile(text: text, path: "t.yaml"), output: folder + "/run"
        ).train()
        let image = try XCTUnwrap(ImageDetection.imageFiles([folder + "/samples/coco/images"]).first)
        // Of the size that the model takes, so that nothing is scaled.
        let pixels = try ImageFile.read(image).resized(width: 96, height: 64)
        try ImageFile.writePNG(pixels, to: folder + "/image.png")
        try ImageFile.writePNG(pixels.flippedHorizontally(), to: folder + "/mirror.png")

        func detect(_ name: String, flip: Bool) throws -> [ImageDetections.Object] {
            let detection = try ImageDetection(
                checkpoint: outcome.lastCheckpoint,
                settings: [
                    "inference.nms_threshold=1", "inference.top_k=100000", "inference.score_threshold=0",
                    "inference.flip=\(flip)",
                ])
            return try detection.detect("\(folder)/\(name).png", threshold: 0).detections
        }
        let width = Float(pixels.width)
        let plain = try detect("image", flip: false)
        let mirrored = try detect("mirror", flip: false).map { object in
            (object.label, [width - object.box[2], object.box[1], width - object.box[0], object.box[3]])
        }
        let both = try detect("image", flip: true)
        XCTAssertGreaterThan(plain.count, 5)
        XCTAssertEqual(both.count, plain.count + mirrored.count)
        XCTAssertEqual(both.map(\.score), both.map(\.score).sorted(by: >))
        for (label, box) in plain.map({ ($0.label, $0.box) }) + mirrored {
            let isThere = both.contains { object in
                object.label == label && zip(object.box, box).allSatisfy { abs($0 - $1) < 0.05 }
            }
            XCTAssertTrue(isThere, "\(label) \(box)")
        }
    }
}
