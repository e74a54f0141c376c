import Architectures
import Detectors
import Foundation
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
        for (name, file) in try files() where try VisionTask(of: file) == .detection {
            let recipe = try file.decode(DetectionRecipe.self)
            XCTAssertNoThrow(try BackboneArchitecture(text: recipe.model.backbone), name)
            XCTAssertNotNil(recipe.data.val, name)
            XCTAssertTrue(name.contains("_" + recipe.model.backbone + "_"), "\(name) names its backbone")
            if let ssd = recipe.model.ssd {
                XCTAssertTrue(name.hasPrefix(ssd.variant.rawValue + "_"), "\(name) names its detector")
                XCTAssertTrue(recipe.input.iouCrop && recipe.input.colorJitter, "\(name) augments as SSD does")
            } else {
                XCTAssertTrue(name.contains(recipe.model.fasterRCNN.layout.rawValue), "\(name) names its form")
            }
            count += 1
        }
        XCTAssertGreaterThanOrEqual(count, 24)
    }

    /// The model of every file can be planned: its backbone's layers, and what its detector asks of them.
    func testEveryModelCanBePlanned() throws {
        for (name, file) in try files() {
            switch try VisionTask(of: file) {
            case .classification:
                let recipe = try file.decode(ClassificationRecipe.self)
                XCTAssertNoThrow(try BackboneArchitecture(text: recipe.model.backbone).plan(), name)
            case .detection:
                let model = try file.decode(DetectionRecipe.self).model
                let backbone = try BackboneArchitecture(text: model.backbone)
                if let ssd = model.ssd {
                    XCTAssertEqual(try SSDPlan(ssd, backbone: backbone).boxCount, 8732, name)
                } else {
                    let plan = try backbone.plan()
                    XCTAssertNoThrow(try model.fasterRCNN.validate(stageCount: plan.stages.count), name)
                }
            }
        }
    }

    /// SSD300 on COCO: one epoch of warm-up, then 0.02, a tenth from epoch 86 and from epoch 108 on, of 130.
    func testTheScheduleOfSSD() throws {
        var parameters: [String: Int] = [:]
        for (name, file) in try files() where name.hasPrefix("ssd300") && name.hasSuffix("coco.yaml") {
            let recipe = try file.decode(DetectionRecipe.self)
            XCTAssertEqual(recipe.training.batch, 32, name)
            XCTAssertEqual(recipe.training.weightDecay, 5e-4, name)
            XCTAssertEqual(recipe.training.learningRate, 0.02, name)
            let perEpoch = 3664
            let schedule = recipe.training.learningRateSchedule(totalSteps: 130 * perEpoch, stepsPerEpoch: perEpoch)
            XCTAssertEqual(schedule.factor(step: perEpoch / 2), 0.5, accuracy: 1e-3, name)
            XCTAssertEqual(schedule.factor(step: perEpoch), 1, accuracy: 1e-9, name)
            for (epoch, factor) in [(84, 1), (85, 0.1), (106, 0.1), (107, 0.01), (129, 0.01)] {
                XCTAssertEqual(schedule.factor(step: epoch * perEpoch + perEpoch / 2), factor, accuracy: 1e-9, name)
            }
            let backbone = try BackboneArchitecture(text: recipe.model.backbone)
            parameters[recipe.model.backbone] = try SSDPlan(.ssd300, backbone: backbone).parameterCount(classCount: 80)
        }
        XCTAssertEqual(parameters.count, 8)
        XCTAssertEqual(parameters["resnet50"], parameters["iresnet50"])
    }

    /// The papers of RGSNet and DSNet: five epochs of COCO with twelve anchors a cell, ten of VOC with nine.
    func testTheirFasterRCNN() throws {
        var backbones: [Bool: Set<String>] = [:]
        for (name, file) in try files() where name.contains("net50_c4") {
            let recipe = try file.decode(DetectionRecipe.self)
            let isCOCO = name.contains("coco")
            backbones[isCOCO, default: []].insert(recipe.model.backbone)
            XCTAssertEqual(recipe.training.epochs, isCOCO ? 5 : 10, name)
            if isCOCO {
                let splits = COCO2014Splits(folder: "COCO")
                XCTAssertEqual(recipe.data.train.annotations.map { "COCO/" + $0 }, splits.training, name)
                XCTAssertEqual(recipe.data.val?.annotations.map { "COCO/" + $0 }, splits.minival, name)
                XCTAssertEqual(recipe.data.train.images, ".", name)
                XCTAssertEqual(recipe.data.val?.images, "val2014", name)
            }
            XCTAssertEqual(recipe.model.fasterRCNN.anchorSizes.flatMap { $0 }.count * 3, isCOCO ? 12 : 9, name)
        }
        let networks: Set = ["resnet50", "b_rgsnet50", "res_rgsnet50", "dsnet50", "ds2net50"]
        XCTAssertEqual(backbones, [true: networks, false: networks])
    }

    /// The 1× recipe with a feature pyramid takes any backbone.
    func testThePyramidsRecipeTakesEveryImageBackbone() throws {
        let path = try XCTUnwrap(files().first { $0.name == "fasterrcnn_resnet50_fpn_coco.yaml" }?.file.path)
        for backbone in ["iresnet50", "res_rgsnet50", "dsnet50", "ds2net101", "iresgroupfix50", "densenet121"] {
            let file = try RecipeFile(path: path, settings: ["model.backbone=\(backbone)"])
            let recipe = try file.decode(DetectionRecipe.self)
            XCTAssertEqual(recipe.training.epochs, 12)
            XCTAssertNoThrow(
                try DetectorModel(recipe: recipe, file: file, classNames: (1...80).map { "class \($0)" }), backbone)
        }
    }

    func testClassificationRecipesAreSound() throws {
        var count = 0
        for (name, file) in try files() where try VisionTask(of: file) == .classification {
            let recipe = try file.decode(ClassificationRecipe.self)
            let backbone = try BackboneArchitecture(text: recipe.model.backbone)
            let isCIFAR = recipe.data.format == .cifar, isOfVideos = recipe.data.format.isOfVideos
            XCTAssertEqual(backbone.rank == .video, isOfVideos, name)
            XCTAssertEqual(backbone.stem == .cifar, isCIFAR, "\(name): the stem belongs to the data")
            if !name.hasSuffix("sample.yaml") { XCTAssertEqual(recipe.input.side, isCIFAR ? 32 : 224, name) }
            // iresnet164_cifar10 trains cifar_iresnet164, res_rgsnet50_cifar10 trains cifar_res_rgsnet50_0.25.
            let stem = name.split(separator: "_").dropLast().joined(separator: "_")
            XCTAssertTrue(recipe.model.backbone.contains(stem), "\(name) names its backbone")
            let endings: [ClassificationDataSection.Format: [String]] = [
                .cifar: ["cifar10"], .folder: ["imagenet"], .kinetics: ["kinetics", "sample"],
                .somethingSomething: ["something"],
            ]
            XCTAssertTrue(endings[recipe.data.format, default: []].contains { name.hasSuffix("_\($0).yaml") }, name)
            count += 1
        }
        XCTAssertGreaterThanOrEqual(count, 6)
    }

    /// The rate falls after the papers' epochs, to the step.
    func testTheSchedulesOfThePapers() throws {
        let milestones = [
            "dsnet50_cifar10.yaml": [(82, 164), (123, 164)], "res_rgsnet50_cifar10.yaml": [(82, 164), (123, 164)],
            "iresnet164_cifar10.yaml": [(82, 164), (123, 164)],
            "iresnet50_imagenet.yaml": [(30, 90), (60, 90), (80, 90)],
            "iresnet3d50_kinetics.yaml": [(30, 90), (60, 90), (80, 90)],
            "iresnet3d50_something.yaml": [(30, 90), (60, 90), (80, 90)],
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
            let schedule = training.learningRateSchedule(
                totalSteps: training.epochs * perEpoch, stepsPerEpoch: perEpoch)
            for (i, step) in steps.enumerated() {
                XCTAssertEqual(
                    schedule.factor(step: step.0 * perEpoch), pow(0.1, Double(i + 1)), accuracy: 1e-9, name)
                XCTAssertEqual(schedule.factor(step: step.0 * perEpoch - 1), pow(0.1, Double(i)), accuracy: 1e-9, name)
            }
        }
    }
}
