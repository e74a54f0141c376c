import Foundation
import NN
import Support
import Tensors
import Workflows
import XCTest

/// No value of any key ends the process: it is good, or an error says why it isn't.
final class RecipeTests: XCTestCase {
    private let values = [
        "-1", "0", "-0.0", "1e300", "-1e300", "1e-300", "nan", ".inf", "9223372036854775807", "-9223372036854775808",
        "99999999999999999999", "''", "~", "[]", "[0]", "[-1, 0]", "[1e300, 1e301]", "[[0]]", "{}", "true", "\u{0}",
        "{epochs: [1e300]}", "{steps: [9223372036854775807]}", "x:y=z", "resnet18:depths=99999999999/1/1/1",
        "resnet18:planes=9223372036854775807/1/1/1", "resnet18:branch=bottleneck/1e300",
        "resnet18:stage_strides=0/1/1/1",
        "resnet50:branch=res2net/9223372036854775807/26", "resnet18:stem_width=9223372036854775807",
        "densenet121:shortcut=concatenation/9223372036854775807",
    ]

    private func tryAll(_ text: String, build: (_ key: String, RecipeFile) throws -> Void) throws {
        let keys = try RecipeListing(RecipeFile(text: text, path: "r.yaml")).entries.map(\.key)
        XCTAssertGreaterThan(keys.count, 30)
        var refused = 0
        for key in keys {
            for value in values {
                do {
                    try build(key, RecipeFile(text: text, path: "r.yaml", settings: ["\(key)=\(value)"]))
                } catch {
                    refused += 1
                    XCTAssertFalse("\(error)".contains("ErrorDomain"), "\(error)")
                    XCTAssertFalse(error is OutOfMemory, "\(key)=\(value): \(error)")
                }
            }
        }
        XCTAssertGreaterThan(refused, 10 * keys.count)
    }

    private func exercise(_ training: TrainingSection) {
        let schedule = training.learningRateSchedule(totalSteps: min(training.epochs * 10, 20), stepsPerEpoch: 10)
        for step in 0..<20 { _ = schedule.factor(step: step) }
    }

    func testDetectionRecipes() throws {
        for detector in ["faster_rcnn", "ssd300"] {
            let text = """
                task: detection
                model: {detector: \(detector), backbone: "resnet18:planes=8/8/8/8,stem_width=8"}
                data: {root: /nowhere, format: coco, train: {annotations: a.json, images: i}}
                """
            try tryAll(text) { key, file in
                let recipe = try file.decode(DetectionRecipe.self)
                exercise(recipe.training)
                // Large but legal numbers of channels are not for a test.
                guard key.hasPrefix("model."), recipe.model.backbone.contains("planes=8/8") else { return }
                _ = try throwingOutOfMemory { try DetectorModel(recipe: recipe, file: file, classNames: ["a"]) }
            }
        }
    }

    func testClassificationRecipes() throws {
        for format in ["folder", "kinetics", "cifar"] {
            let text = """
                task: classification
                model: {backbone: "resnet18:planes=8/8/8/8,stem_width=8"}
                data: {root: /nowhere, format: \(format)}
                """
            try tryAll(text) { _, file in
                let recipe = try file.decode(ClassificationRecipe.self)
                exercise(recipe.training)
                XCTAssertThrowsError(try ClassificationTraining(file: file, output: "/nowhere/run"))
            }
        }
    }

    /// A crop is no larger than what it is cut from, whichever of the two is left to its default.
    func testACropLargerThanItsImage() throws {
        let text = "task: classification\nmodel: {backbone: resnet18}\ndata: {format: folder}"
        for setting in ["input.shorter_side=100", "input.shorter_sides=[100, 120]"] {
            let file = try RecipeFile(text: text, path: "r.yaml", settings: [setting])
            XCTAssertThrowsError(try file.decode(ClassificationRecipe.self)) {
                XCTAssertTrue(
                    "\($0)".contains("input has a side of 224, which is more than the shorter side of 100"), "\($0)")
            }
        }
    }
}
