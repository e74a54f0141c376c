import DataPipeline
import Detectors
import Foundation
import Media
import SampleSets
import TestSupport
import Training
import Workflows
import XCTest

final class InferenceSectionTests: XCTestCase {
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

    private func suppression(_ settings: String...) throws -> BoxSuppression {
        let file = try file(settings)
        return try DetectorModel(
            recipe: file.decode(DetectionRecipe.self), file: file, classNames: ["a"]
        ).detector.suppression
    }

    func testTheSectionOverridesTheModels() throws {
        XCTAssertEqual(try suppression(), FasterRCNNConfiguration().suppression)
        XCTAssertEqual(
            try suppression("model.faster_rcnn.box_nms_thresh=0.3", "inference.top_k=5"),
            BoxSuppression(iouThreshold: 0.3, limit: 5))
        XCTAssertEqual(try suppression("model.detector=ssd300"), SSDConfiguration.ssd300.suppression)
        XCTAssertEqual(
            try suppression("model.detector=ssd300", "model.ssd.nms_thresh=0.3", "inference.top_k=5"),
            BoxSuppression(iouThreshold: 0.3, scoreThreshold: 0.01, limit: 5))
        for detector in ["faster_rcnn", "ssd300", "ssd512"] {
            XCTAssertEqual(
                try suppression(
                    "model.detector=\(detector)", "inference.score_threshold=0.2", "inference.nms=gaussian",
                    "inference.nms_threshold=0.4", "inference.nms_sigma=0.3", "inference.class_agnostic=true",
                    "inference.top_k=9"),
                BoxSuppression(
                    method: .gaussian, iouThreshold: 0.4, sigma: 0.3, scoreThreshold: 0.2, isClassAgnostic: true,
                    limit: 9), detector)
        }
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
        ) { XCTAssertTrue("\($0)".contains("unknown key inference.flip: it is for recipes of another task"), "\($0)") }
    }

    private static let samples: Result<String, any Error> = Result {
        let folder = try processTemporaryPath()
        var settings = ShapeSampleSet.Settings()
        settings.trainImages = 2
        settings.validationImages = 1
        try ShapeSampleSet(settings: settings).write(to: folder, replacing: true)
        return folder
    }

    /// A checkpoint of a single step, and one of the images scaled to a size, so that nothing is scaled before the model.
    private func trained(_ model: String, width: Int, height: Int) throws -> (checkpoint: String, image: ByteImage) {
        let samples = try Self.samples.get()
        let text = """
            task: detection
            model: \(model)
            data:
              root: \(samples)
              format: coco
              train: {annotations: coco/annotations/instances_train.json, images: coco/images}
            training: {epochs: 1, batch: 2}
            """
        let isSSD = model.contains("ssd300")
        let outcome = try DetectionTraining(
            file: RecipeFile(
                text: text, path: "t.yaml",
                settings: isSSD ? [] : ["input.shorter_side=\(height)", "input.longer_side=\(width)"]),
            output: temporaryDirectory() + "/run"
        ).train()
        let image = try XCTUnwrap(ImageDetection.imageFiles([samples + "/coco/images"]).first)
        return (outcome.lastCheckpoint, try ImageFile.read(image).resized(width: width, height: height))
    }

    /// With nothing suppressed, the candidates of an image with its mirror image are those of both.
    private func checkMirrored(_ model: String, width: Int, height: Int) throws {
        let (checkpoint, image) = try trained(model, width: width, height: height)
        let folder = try temporaryDirectory()
        try ImageFile.writePNG(image, to: folder + "/image.png")
        try ImageFile.writePNG(image.flippedHorizontally(), to: folder + "/mirror.png")

        func detect(_ name: String, flip: Bool) throws -> [ImageDetections.Object] {
            let detection = try ImageDetection(
                SavedModel(
                    checkpoint,
                    settings: [
                        "inference.nms_threshold=1", "inference.top_k=100000", "inference.score_threshold=0",
                        "inference.flip=\(flip)",
                    ]))
            return try detection.detect("\(folder)/\(name).png", threshold: 0).detections
        }
        let plain = try detect("image", flip: false)
        let mirrored = try detect("mirror", flip: false).map { object in
            (object.label, [Float(width) - object.box[2], object.box[1], Float(width) - object.box[0], object.box[3]])
        }
        let both = try detect("image", flip: true)
        XCTAssertGreaterThan(plain.count, 5)
        XCTAssertEqual(both.count, plain.count + mirrored.count)
        XCTAssertEqual(both.map(\.score), both.map(\.score).sorted(by: >))
        let boxes = Dictionary(grouping: both, by: \.label).mapValues { $0.map(\.box) }
        for (label, box) in plain.map({ ($0.label, $0.box) }) + mirrored {
            let isThere = (boxes[label] ?? []).contains { other in
                zip(other, box).allSatisfy { abs($0 - $1) < 0.05 }
            }
            XCTAssertTrue(isThere, "\(label) \(box)")
        }
    }

    func testTheMirrorImageIsLookedAtAsWell() throws {
        try checkMirrored(
            "{backbone: '\(narrowResNet18)', faster_rcnn: "
                + "{pyramid_channels: 8, box_head_features: 8, rpn_post_nms_top_n_test: 10}}", width: 96, height: 64)
    }

    func testAnSSDLooksAtTheMirrorImageAsWell() throws {
        try checkMirrored(
            "{detector: ssd300, backbone: '\(narrowResNet18)', ssd: {topk_candidates: 20}}", width: 300, height: 300)
    }
}
