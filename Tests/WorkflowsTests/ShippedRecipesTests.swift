import Foundation
import Recipes
import Workflows
import XCTest

/// The recipes in tools/recipes.
final class ShippedRecipesTests: XCTestCase {
    private func files() throws -> [(name: String, file: RecipeFile)] {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("tools/recipes").path
        return try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".yaml") }.sorted()
            .map { ($0, try RecipeFile(path: "\(folder)/\($0)")) }
    }

    func testDetectionRecipesAreSound() throws {
        var count = 0
        for (name, file) in try files() where try RecipeTask(of: file) == .detection {
            let recipe = try file.decode(DetectionRecipe.self)
            XCTAssertNoThrow(try Catalogue.recipe(named: recipe.model.backbone), name)
            XCTAssertNotNil(recipe.data.val, name)
            XCTAssertTrue(name.contains(recipe.model.backbone), "\(name) names its backbone")
            XCTAssertTrue(name.contains(recipe.model.fasterRCNN.form.rawValue), "\(name) names its form")
            count += 1
        }
        XCTAssertGreaterThanOrEqual(count, 6)
    }

    func testClassificationRecipesAreSound() throws {
        var count = 0
        for (name, file) in try files() where try RecipeTask(of: file) == .classification {
            let recipe = try file.decode(ClassificationRecipe.self)
            let backbone = try Catalogue.recipe(named: recipe.model.backbone)
            XCTAssertEqual(backbone.rank, .image, name)
            let isCIFAR = recipe.data.format == .cifar
            XCTAssertEqual(backbone.stem == .cifar, isCIFAR, "\(name): the stem belongs to the data")
            XCTAssertEqual(recipe.input.side, isCIFAR ? 32 : 224, name)
            // iresnet164_cifar10 trains cifar_iresnet164, res_rgsnet50_cifar10 trains cifar_res_rgsnet50_0.25.
            let stem = name.split(separator: "_").dropLast().joined(separator: "_")
            XCTAssertTrue(recipe.model.backbone.contains(stem), "\(name) names its backbone")
            XCTAssertTrue(name.hasSuffix(isCIFAR ? "cifar10.yaml" : "imagenet.yaml"), name)
            count += 1
        }
        XCTAssertGreaterThanOrEqual(count, 6)
    }

    /// The rate falls after the papers' epochs; shares of the training that are written with four digits miss by a step or two.
    func testTheSchedulesOfThePapers() throws {
        let milestones = [
            "dsnet50_cifar10.yaml": [(82, 164), (123, 164)], "res_rgsnet50_cifar10.yaml": [(82, 164), (123, 164)],
            "iresnet164_cifar10.yaml": [(82, 164), (123, 164)],
            "iresnet50_imagenet.yaml": [(30, 90), (60, 90), (80, 90)],
            "res_rgsnet50_imagenet.yaml": [(30, 90), (60, 90)], "dsnet50_imagenet.yaml": [(30, 90), (60, 90)],
        ]
        let files = try files()
        for (name, steps) in milestones {
            let file = try XCTUnwrap(files.first { $0.name == name }?.file, name)
            let training = try file.decode(ClassificationRecipe.self).training
            XCTAssertEqual(training.epochs, steps[0].1, name)
            XCTAssertEqual(training.learningRate, 0.1, name)
            XCTAssertEqual(training.momentum, 0.9, name)
            XCTAssertEqual(
                training.weightDecay, name.contains("imagenet") || name.contains("iresnet") ? 1e-4 : 5e-4, name)
            let perEpoch = 391
            let schedule = training.learningRateSchedule(totalSteps: training.epochs * perEpoch)
            for (i, step) in steps.enumerated() {
                XCTAssertEqual(
                    schedule.factor(step: step.0 * perEpoch + 3), pow(0.1, Double(i + 1)), accuracy: 1e-9, name)
                XCTAssertEqual(schedule.factor(step: step.0 * perEpoch - 3), pow(0.1, Double(i)), accuracy: 1e-9, name)
            }
        }
    }
}
