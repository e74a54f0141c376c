import Foundation
import TestSupport
import Training
import Workflows
import XCTest

/// The key `training.class_weights`, on classifiers and detectors.
final class ClassWeightsTests: XCTestCase {
    private func firstLoss(_ folder: String) throws -> [String: Double] {
        try XCTUnwrap(MetricsLog.records(folder + "/metrics.jsonl").first?.losses)
    }

    private func classifier(_ root: String, _ settings: String...) throws -> [String: Double] {
        let run = try temporaryDirectory() + "/run"
        _ = try ClassificationTraining(
            file: recipe(
                classifier: "backbone: '\(narrowResNet18)', label_smoothing: 0.1", on: root, settings: settings,
                training: "epochs: 1, steps: 1, batch: 6"), output: run
        ).train()
        return try firstLoss(run)
    }

    func testAClassifiersWeights() throws {
        let root = try classFolders()
        let plain = try classifier(root)["cross_entropy"]
        // The mean is over the weights, so that equal ones change nothing.
        XCTAssertEqual(
            try classifier(root, "training.class_weights={cat: 3, dog: 3}")["cross_entropy"] ?? 0, plain ?? 1,
            accuracy: 1e-6)
        XCTAssertEqual(
            try classifier(root, "training.class_weights=balanced")["cross_entropy"] ?? 0, plain ?? 1, accuracy: 1e-6)
        let weighted = try classifier(root, "training.class_weights={cat: 5}")["cross_entropy"] ?? 0
        XCTAssertGreaterThan(abs(weighted - (plain ?? 0)), 1e-4)
        // Four of six images are cats: weights 3/4 and 3/2, as if they were named.
        try FileManager.default.moveItem(atPath: root + "/train/dog/0.png", toPath: root + "/train/cat/9.png")
        XCTAssertEqual(
            try classifier(root, "training.class_weights=balanced")["cross_entropy"] ?? 0,
            try classifier(root, "training.class_weights={cat: 0.75, dog: 1.5}")["cross_entropy"] ?? 1, accuracy: 1e-6)
    }

    /// Weights of all classes change the terms of positives alone, and no other loss.
    func testADetectorsWeights() throws {
        let root = try fewShapes()
        let weights = "training.class_weights={disc: 4, ring: 4, square: 4, triangle: 4, star: 4, cross: 4}"
        for (model, term, settings) in [
            (
                "{backbone: '\(narrowResNet18)', faster_rcnn: {pyramid_channels: 8, box_head_features: 8}}",
                "loss_classifier", ["input.shorter_side=64", "input.longer_side=96"]
            ),
            ("{detector: ssd300, backbone: '\(narrowResNet18)'}", "loss_classification", []),
        ] {
            var plain = try detector(root, model, settings)
            var weighted = try detector(root, model, settings + [weights])
            let (before, after) = (plain.removeValue(forKey: term) ?? 0, weighted.removeValue(forKey: term) ?? 0)
            XCTAssertGreaterThan(after, before * 1.01, term)
            XCTAssertLessThan(after, before * 4, term)
            XCTAssertEqual(plain, weighted)
        }
    }

    private func detector(_ root: String, _ model: String, _ settings: [String]) throws -> [String: Double] {
        let run = try temporaryDirectory() + "/run"
        _ = try DetectionTraining(
            file: recipe(
                training: model, on: root, settings: ["training.steps=1", "training.batch=2"] + settings, ""),
            output: run
        ).train()
        return try firstLoss(run)
    }

    private func refusal(_ text: String) -> String {
        do {
            let file = try RecipeFile(text: text, path: "r.yaml")
            switch try VisionTask(of: file) {
            case .detection: _ = try file.decode(DetectionRecipe.self)
            case .classification: _ = try file.decode(ClassificationRecipe.self)
            }
            return "none"
        } catch { return "\(error)" }
    }

    func testWhatIsRefused() throws {
        let classifier = "task: classification\nmodel: {backbone: resnet18}\ndata: {format: folder}\n"
        let detector = """
            task: detection
            model: {backbone: resnet18}
            data: {format: coco, train: {annotations: a.json, images: i}}

            """
        for (text, words) in [
            (
                classifier + "training: {class_weights: even}",
                "r.yaml:4: training.class_weights is 'even'; it can be balanced"
            ),
            (classifier + "training: {class_weights: {cat: 0}}", "gives cat the weight 0.0; it must be above 0"),
            (
                detector + "training: {class_weights: balanced}",
                "r.yaml:4: training.class_weights can be balanced for classifiers"
            ),
            (
                detector.replacingOccurrences(of: "resnet18", with: "resnet18, label_smoothing: 0.1"),
                "unknown key model.label_smoothing: it is for recipes of another task"
            ),
        ] {
            XCTAssertTrue(refusal(text).contains(words), refusal(text))
        }
        XCTAssertEqual(refusal(classifier + "training: {class_weights: {cat: 2}}"), "none")
        let root = try classFolders()
        XCTAssertThrowsError(try self.classifier(root, "training.class_weights={cta: 2}")) {
            XCTAssertTrue("\($0)".contains("there is no class 'cta'; did you mean cat?"), "\($0)")
        }
    }
}
