import Architectures
import Detectors
import Foundation
import TestSupport
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

    private func file(_ name: String) throws -> RecipeFile {
        try XCTUnwrap(files().first { $0.name == name }?.file, name)
    }

    func testDetectionRecipesAreSound() throws {
        var count = 0
        for (name, file) in try files() where try VisionTask(of: file) == .detection {
            let recipe = try file.decode(DetectionRecipe.self)
            XCTAssertNoThrow(try BackboneArchitecture(text: recipe.model.backbone), name)
            XCTAssertNotNil(recipe.data.val, name)
            let backbone = recipe.model.backbone.prefix { $0 != ":" }
            XCTAssertTrue(name.contains("_\(backbone)_"), "\(name) names its backbone")
            if let ssd = recipe.model.ssd {
                XCTAssertTrue(name.hasPrefix(ssd.variant.rawValue + "_"), "\(name) names its detector")
                // What is to be learnt by heart is not augmented.
                let augments = !name.hasSuffix("_coco128.yaml")
                XCTAssertEqual(recipe.input.iouCrop, augments, "\(name) augments as SSD does")
                XCTAssertEqual(recipe.input.colorJitter, augments, "\(name) augments as SSD does")
            } else {
                XCTAssertTrue(name.contains(recipe.model.fasterRCNN.layout.rawValue), "\(name) names its form")
            }
            count += 1
        }
        XCTAssertEqual(count, 12)
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
        let recipe = try file("ssd300_iresnet50_coco.yaml").decode(DetectionRecipe.self)
        XCTAssertEqual(recipe.training.batch, 256)
        XCTAssertEqual(recipe.training.weightDecay, 5e-4)
        XCTAssertEqual(recipe.training.learningRate, 0.02)
        XCTAssertEqual(recipe.input.zoomOut, 0)
        // train2017 has 117266 images with objects; an epoch leaves out what does not fill a batch.
        let perEpoch = (117_266 / recipe.training.microBatch + 7) / recipe.training.microBatches
        XCTAssertEqual(perEpoch, 458)
        let schedule = recipe.training.learningRateSchedule(totalSteps: 130 * perEpoch, stepsPerEpoch: perEpoch)
        XCTAssertEqual(schedule.factor(step: perEpoch / 2), 0.5, accuracy: 3e-3)
        XCTAssertEqual(schedule.factor(step: perEpoch), 1, accuracy: 1e-9)
        for (epoch, factor) in [(84, 1), (85, 0.1), (106, 0.1), (107, 0.01), (129, 0.01)] {
            XCTAssertEqual(schedule.factor(step: epoch * perEpoch + perEpoch / 2), factor, accuracy: 1e-9)
        }
    }

    /// The papers of RGSNet and DSNet: five epochs of COCO with twelve anchors a cell, ten of VOC with nine.
    func testTheirFasterRCNN() throws {
        for name in ["fasterrcnn_resnet50_c4_coco.yaml", "fasterrcnn_resnet50_c4_voc.yaml"] {
            let recipe = try file(name).decode(DetectionRecipe.self)
            let isCOCO = name.contains("coco")
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
    }

    /// The 1× recipe with a feature pyramid takes any backbone.
    func testThePyramidsRecipeTakesEveryImageBackbone() throws {
        let path = try file("fasterrcnn_resnet50_fpn_coco.yaml").path
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
            let isCIFAR = recipe.data.format.isCIFAR, isOfVideos = recipe.data.format.isOfVideos
            XCTAssertEqual(backbone.rank == .video, isOfVideos, name)
            XCTAssertEqual(backbone.stem == .cifar, isCIFAR, "\(name): the stem belongs to the data")
            if !name.hasSuffix("sample.yaml") { XCTAssertEqual(recipe.input.side, isCIFAR ? 32 : 224, name) }
            // iresnet164_cifar10 trains cifar_iresnet164, res_rgsnet50_cifar100 trains cifar_res_rgsnet50_0.25.
            let stem = name.split(separator: "_").dropLast().joined(separator: "_")
            XCTAssertTrue(recipe.model.backbone.contains(stem), "\(name) names its backbone")
            let endings: [ClassificationDataSection.Format: [String]] = [
                .cifar10: ["cifar10"], .cifar100: ["cifar100"], .folder: ["imagenet"],
                .kinetics: ["kinetics", "sample"], .somethingSomething: ["something"],
            ]
            XCTAssertTrue(endings[recipe.data.format, default: []].contains { name.hasSuffix("_\($0).yaml") }, name)
            count += 1
        }
        XCTAssertGreaterThanOrEqual(count, 6)
    }

    /// The rate falls at the papers' steps, to the step.
    func testTheSchedulesOfThePapers() throws {
        struct Published {
            var batch = 256, rate = 0.1, decay = 1e-4, images = 1_281_167, epochs = 90
            var falls = [30, 60, 80]
        }
        let published = [
            "iresnet50_imagenet.yaml": Published(),
            "res_rgsnet50_imagenet.yaml": Published(batch: 128, rate: 0.05, falls: [30, 60]),
            "dsnet50_imagenet.yaml": Published(batch: 128, rate: 0.05, epochs: 100, falls: [30, 60, 90]),
            "iresnet3d50_kinetics.yaml": Published(batch: 64, images: 246_534),
            "iresnet3d50_something.yaml": Published(batch: 64, images: 168_913),
            "iresnet164_cifar10.yaml": Published(batch: 64, images: 50_000, epochs: 164, falls: [81, 122]),
            "res_rgsnet50_cifar100.yaml": Published(
                batch: 128, decay: 5e-4, images: 50_000, epochs: 164, falls: [82, 124]),
        ]
        for (name, paper) in published {
            let training = try file(name).decode(ClassificationRecipe.self).training
            XCTAssertEqual(training.batch, paper.batch, name)
            XCTAssertEqual(training.epochs, paper.epochs, name)
            XCTAssertNil(training.steps, name)
            XCTAssertEqual(training.learningRate, paper.rate, name)
            XCTAssertEqual(training.momentum, 0.9, name)
            XCTAssertEqual(training.weightDecay, paper.decay, name)
            let perEpoch = (paper.images + paper.batch - 1) / paper.batch
            let steps = paper.falls.map { $0 * perEpoch }
            try expectTenths(training, at: steps, perEpoch: perEpoch, total: paper.epochs * perEpoch, name)
        }
    }

    /// DSNet counts steps on CIFAR: 64,000, which its epochs must suffice for.
    func testTheScheduleOfDSNetOnCIFAR() throws {
        let training = try file("dsnet50_cifar100.yaml").decode(ClassificationRecipe.self).training
        XCTAssertEqual([training.batch, training.steps], [128, 64_000])
        XCTAssertEqual([training.learningRate, training.momentum, training.weightDecay], [0.1, 0.9, 5e-4])
        XCTAssertGreaterThanOrEqual(training.epochs * 391, 64_000)
        try expectTenths(training, at: [32_000, 48_000], perEpoch: 391, total: 64_000, "dsnet50_cifar100.yaml")
    }

    private func expectTenths(
        _ training: TrainingSection, at steps: [Int], perEpoch: Int, total: Int, _ name: String
    ) throws {
        let schedule = training.learningRateSchedule(totalSteps: total, stepsPerEpoch: perEpoch)
        XCTAssertEqual(schedule.factor(step: 0), 1, accuracy: 1e-9, name)
        for (i, step) in steps.enumerated() {
            XCTAssertEqual(schedule.factor(step: step), pow(0.1, Double(i + 1)), accuracy: 1e-9, name)
            XCTAssertEqual(schedule.factor(step: step - 1), pow(0.1, Double(i)), accuracy: 1e-9, name)
        }
        XCTAssertEqual(schedule.factor(step: total - 1), pow(0.1, Double(steps.count)), accuracy: 1e-9, name)
    }

    private func isOfCOCO2017(_ file: RecipeFile) throws -> Bool {
        guard try VisionTask(of: file) == .detection else { return false }
        return try file.decode(DetectionRecipe.self).data.train.annotations?.contains("train2017") ?? false
    }

    /// A corner of the real COCO 2017: every recipe for it opens its data and builds its model, with another root alone.
    func testRecipesOfCOCO2017OpenItsCorner() throws {
        let root = try sharedFolder() + "/data/coco128"
        var opened: [String] = []
        for (name, file) in try files() where try isOfCOCO2017(file) {
            let moved = try RecipeFile(path: file.path, settings: ["data.root=\(root)", "training.steps=1"])
            let training = try VisionTask.open(moved, output: temporaryDirectory() + "/run")
            XCTAssertEqual(training.classNames.count, 80, name)
            XCTAssertEqual(
                training.summary, "126 images with 929 objects; left out: 2 images without objects, 6 crowd boxes", name
            )
            opened.append(name)
        }
        XCTAssertEqual(
            opened,
            [
                "fasterrcnn_resnet18_fpn_coco128.yaml", "fasterrcnn_resnet50_fpn_coco.yaml",
                "ssd300_iresnet50_coco.yaml", "ssd300_resnet18_coco128.yaml",
            ])
    }

    /// The small ones also take two steps and are measured, on four of its images.
    func testSmallRecipesOfCOCO2017Train() throws {
        let shared = try sharedFolder() + "/data/coco128", root = try temporaryDirectory()
        try FileManager.default.createDirectory(atPath: root + "/annotations", withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            atPath: root + "/train2017", withDestinationPath: shared + "/train2017")
        let listing = "/annotations/instances_train2017.json"
        var instances = try XCTUnwrap(loadJSON(shared + listing) as? [String: Any])
        let images = try XCTUnwrap(instances["images"] as? [[String: Any]]).prefix(4)
        let ids = Set(images.compactMap { $0["id"] as? Int })
        instances["images"] = Array(images)
        instances["annotations"] = try XCTUnwrap(instances["annotations"] as? [[String: Any]])
            .filter { ids.contains($0["image_id"] as? Int ?? -1) }
        try JSONSerialization.data(withJSONObject: instances).write(to: URL(fileURLWithPath: root + listing))
        for name in ["fasterrcnn_resnet18_fpn_coco128.yaml", "ssd300_resnet18_coco128.yaml"] {
            let settings = ["data.root=\(root)", "training.steps=2", "training.epochs=2"]
            let training = try VisionTask.open(
                RecipeFile(path: file(name).path, settings: settings), output: root + "/" + name)
            let outcome = try training.train(resume: false, seconds: nil, resumeCommand: nil, showsProgress: false)
            XCTAssertEqual(outcome.step, 2, name)
            XCTAssertEqual(outcome.best?.metric, "AP50", name)
        }
    }
}
