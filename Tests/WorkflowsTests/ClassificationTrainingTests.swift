import Architectures
import Backbones
import DataPipeline
import Foundation
import Media
import Support
import Tensors
import TestSupport
import Training
import Workflows
import XCTest

final class ClassificationTrainingTests: XCTestCase {
    /// CIFAR files whose classes are the side on which a bright square lies.
    private func cifar(train: Int = 48, test: Int = 16) throws -> String {
        let folder = try temporaryDirectory()
        var random = SeededRandom(seed: 8, epoch: 0, index: 0)
        func records(_ count: Int) -> Data {
            var bytes = Data()
            for i in 0..<count {
                let label = i % 3
                bytes.append(UInt8(label))
                for _ in 0..<3 {
                    for p in 0..<1024 {
                        let (x, y) = (p % 32, p / 32)
                        let isInside = (10 * label..<10 * label + 10).contains(y) && (8..<24).contains(x)
                        bytes.append(UInt8((isInside ? 180 : 40) + random.integer(below: 40)))
                    }
                }
            }
            return bytes
        }
        try records(train).write(to: URL(fileURLWithPath: folder + "/data_batch_1.bin"))
        try records(test).write(to: URL(fileURLWithPath: folder + "/test_batch.bin"))
        try "top\nmiddle\nbottom\n".write(toFile: folder + "/batches.meta.txt", atomically: true, encoding: .utf8)
        return folder
    }

    private func file(_ root: String, _ settings: String...) throws -> RecipeFile {
        let text = """
            task: classification
            model: {backbone: cifar_res_rgsnet26_0.25}
            data: {root: \(root), format: cifar}
            input: {padding: 2}
            training: {epochs: 10, batch: 8, schedule: constant, learning_rate: 0.02}
            evaluation: {every: 5, batch: 5}
            """
        return try RecipeFile(text: text, path: "test.yaml", settings: settings)
    }

    /// A recipe for CIFAR-100 takes the fine labels of a hundred classes, and no CIFAR-10.
    func testCIFAR100TrainsOnItsFineLabels() throws {
        let folder = try cifar(train: 8, test: 4)
        let one = try RecipeFile(
            text: file(folder).text, path: "test.yaml", settings: ["data.format=cifar100", "training.steps=1"])
        XCTAssertThrowsError(try VisionTask.open(one, output: folder + "/run")) {
            XCTAssertTrue("\($0)".contains("it holds no train.bin"), "\($0)")
        }
        for (name, count) in [("train", 8), ("test", 4)] {
            let records = (0..<UInt8(count)).map { [0, 12 * $0] + [UInt8](repeating: 30 * $0, count: 3072) }
            try Data(records.joined()).write(to: URL(fileURLWithPath: "\(folder)/\(name).bin"))
        }
        let training = try VisionTask.open(one, output: folder + "/run")
        XCTAssertEqual(training.classNames.count, 100)
        XCTAssertEqual(training.classNames.last, "class 99")
        XCTAssertEqual(training.summary, "8 images of 100 classes")
        let outcome = try training.train(resume: false, seconds: nil, resumeCommand: nil, showsProgress: false)
        XCTAssertEqual(outcome.step, 1)
        let model = try ClassifierModel(SavedModel(outcome.lastCheckpoint))
        XCTAssertEqual(try ClassificationMeasurement(model: model).scores().images, 4)
    }

    func testAClassifierLearnsAndIsMeasured() throws {
        let run = try temporaryDirectory() + "/run"
        let training = try VisionTask.open(file(cifar(), "training.epochs=20"), output: run)
        XCTAssertEqual(training.classNames, ["top", "middle", "bottom"])
        let outcome = try training.train(resume: false, seconds: nil, resumeCommand: nil, showsProgress: false)
        XCTAssertEqual(outcome.step, 120)
        XCTAssertEqual(outcome.best?.metric, "top1")
        XCTAssertGreaterThan(outcome.best?.value ?? 0, 0.9)
        XCTAssertEqual(try SavedModel(outcome.lastCheckpoint).task, .classification)
        let scores = try ClassificationMeasurement(
            model: ClassifierModel(SavedModel(outcome.bestCheckpoint ?? ""))
        ).scores()
        XCTAssertEqual(scores.top1, outcome.best?.value ?? 0, accuracy: 1e-9)
        XCTAssertEqual(scores.images, 16)
        XCTAssertEqual(scores.top5, 1)
        XCTAssertEqual(scores.classes.map(\.images), [6, 5, 5])
        XCTAssertTrue(scores.table.contains("middle"))
    }

    func testTheSameSeedWhateverTheLoaderThreadsAndCheckpoints() throws {
        let folder = try cifar(train: 24)
        func loss(_ settings: String...) throws -> Double {
            let run = try temporaryDirectory() + "/run"
            var recipe = try file(folder)
            recipe = try RecipeFile(text: recipe.text, path: "test.yaml", settings: ["training.epochs=1"] + settings)
            let training = try VisionTask.open(recipe, output: run)
            return try training.train(resume: false, seconds: nil, resumeCommand: nil, showsProgress: false)
                .metrics["loss"] ?? .nan
        }
        let first = try loss("training.loader_threads=0")
        XCTAssertEqual(first, try loss("training.loader_threads=3"))
        XCTAssertEqual(first, try loss("model.checkpoint_activations=true"), accuracy: 1e-3)
        XCTAssertEqual(first, try loss("training.memory=lean"))
        XCTAssertNotEqual(first, try loss("model.label_smoothing=0.3"))
    }

    func testWeightsOfOtherClassesStartWithoutTheirClassifier() throws {
        let run = try temporaryDirectory() + "/run"
        let folder = try cifar(train: 8)
        let first = try ClassificationTraining(file: file(folder, "training.epochs=1"), output: run)
        _ = try first.train()
        let weights = run + "/weights.pth"
        try WeightsFile.write(first.model.network.stateDict().map { ($0.name, $0.tensor) }, to: weights)
        let same = try ClassificationTraining(
            file: file(folder, "model.weights=\(weights)"), output: try temporaryDirectory())
        XCTAssertTrue(same.model.unusedWeights.isEmpty)
        XCTAssertTrue(try XCTUnwrap(same.start).fit.isComplete)
        try "a\nb\nc\nd\n".write(toFile: folder + "/batches.meta.txt", atomically: true, encoding: .utf8)
        let other = try ClassificationTraining(
            file: file(folder, "model.weights=\(weights)"), output: try temporaryDirectory())
        XCTAssertEqual(other.model.unusedWeights, ["fc.weight", "fc.bias"])
        let summary = try XCTUnwrap(other.start).summary
        XCTAssertTrue(
            summary.contains(
                "of another shape, so fresh (2): fc.weight ([4, 512] here, [3, 512] in the file), fc.bias"),
            summary)
        // The run's folder in the place of a file: its best checkpoint.
        let resumed = try ClassificationTraining(
            file: file(folder, "model.weights=\(run)"), output: try temporaryDirectory())
        XCTAssertEqual(resumed.start?.path, run + "/best.safetensors")
        XCTAssertEqual(resumed.start?.unused, ["fc.weight", "fc.bias"])
    }

    /// A relative of the network takes what it knows, and the rest is told.
    func testWeightsOfARelative() throws {
        let run = try temporaryDirectory()
        let folder = try cifar(train: 8)
        let first = try ClassificationTraining(file: file(folder), output: run)
        try WeightsFile.write(first.model.network.stateDict(), to: run + "/rgs.safetensors")
        let plain = try ClassificationTraining(
            file: file(folder, "model.weights=\(run)/rgs.safetensors", "model.backbone=cifar_resnet26_0.25"),
            output: try temporaryDirectory())
        let fit = try XCTUnwrap(plain.start).fit
        XCTAssertEqual(fit.missing, [])
        XCTAssertTrue(fit.unexpected.contains("layer1.1.rg.weight"), "\(fit.unexpected)")
        XCTAssertTrue(fit.unexpected.allSatisfy { $0.contains(".rg") })
        XCTAssertTrue(try XCTUnwrap(plain.start).summary.contains("of the file, not used (\(fit.unexpected.count))"))
    }

    func testWeightsOfAnotherNetworkAreRefused() throws {
        let run = try temporaryDirectory()
        let folder = try cifar(train: 8)
        let names = ["encoder.0.weight", "encoder.1.weight", "encoder.2.weight", "encoder.3.weight"]
        try WeightsFile.write(names.map { ($0, Tensor.zeros([2, 3])) }, to: run + "/other.pth")
        // A few tensors fit a network of other widths too: a few small tensors always fit.
        let wide = try ClassificationTraining(file: file(folder, "model.backbone=cifar_resnet26_0.5"), output: run)
        try WeightsFile.write(wide.model.network.stateDict(), to: run + "/wide.pth")
        for (name, words) in [
            (
                "other",
                "0 of its 4 tensors fit the classifier. The file begins with encoder.0.weight [2, 3], encoder.1.weight "
                    + "[2, 3], encoder.2.weight [2, 3]; the classifier with conv1.weight [16, 3, 3, 3], bn1.weight [16]"
            ), ("wide", "is of another network"),
        ] {
            XCTAssertThrowsError(
                try ClassificationTraining(file: file(folder, "model.weights=\(run)/\(name).pth"), output: run)
            ) { XCTAssertTrue("\($0)".contains(words), "\($0)") }
        }
    }

    func testADenseNetsClassifierHasItsOwnName() throws {
        let name = "cifar_densenet_bc100_12"
        let weights = try temporaryDirectory() + "/weights.safetensors"
        try WeightsFile.write(Backbone(Catalogue.architecture(named: name), classes: 7).stateDict(), to: weights)
        let training = try ClassificationTraining(
            file: file(try cifar(train: 8), "model.weights=\(weights)", "model.backbone=\(name)"),
            output: try temporaryDirectory())
        XCTAssertEqual(training.model.unusedWeights, ["classifier.weight", "classifier.bias"])
    }

    func testMistakesAreNamed() throws {
        let folder = try cifar(train: 8)
        func message(_ settings: String...) -> String {
            do {
                let recipe = try RecipeFile(text: file(folder).text, path: "test.yaml", settings: settings)
                _ = try VisionTask.open(recipe, output: try temporaryDirectory())
                return ""
            } catch { return "\(error)" }
        }
        XCTAssertTrue(message("task=clasification").contains("classification"), message("task=clasification"))
        XCTAssertTrue(message("model.backbone=cifar_resnet27").contains("did you mean \"cifar_resnet26\""))
        XCTAssertTrue(message("model.backbone=resnet3d50").contains("takes clips"))
        XCTAssertTrue(message("data.root=/nowhere").contains("/nowhere: it holds no data_batch_1.bin"))
        XCTAssertTrue(message("training.batch=9", "training.drop_last=true").contains("no full batch of 9"))
        XCTAssertTrue(message("model.dropout=1").contains("dropout"))
        XCTAssertTrue(message("model.weights=/nowhere.pth").contains("/nowhere.pth"))
        XCTAssertTrue(message("data.train=other").contains("data.train"))
    }

    /// Folders that are known to be sound are not looked at again, as a file shows that is damaged in its place.
    func testManyImagesAreLookedAtOnce() throws {
        let folder = try temporaryDirectory()
        for (part, count) in [("train", 5000), ("val", 2)] {
            for name in ["cat", "dog"] {
                let path = "\(folder)/\(part)/\(name)"
                try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
                try ImageFile.writeJPEG(ByteImage(width: 40, height: 40, filledWith: 9), to: path + "/0.jpg")
                for i in 1..<count { XCTAssertEqual(link(path + "/0.jpg", "\(path)/\(i).jpg"), 0) }
            }
        }
        func open(_ settings: String...) throws -> [String] {
            let text = """
                task: classification
                model: {backbone: cifar_resnet26_0.25}
                data: {root: \(folder), format: folder, index: kept/images.tsv}
                input: {side: 32, shorter_side: 36}
                """
            let file = try RecipeFile(text: text, path: "test.yaml", settings: settings)
            return try ClassificationTraining(file: file, output: folder + "/run").notes
        }
        sleep(3)
        XCTAssertEqual(try open(), [])
        let index = try String(contentsOfFile: folder + "/kept/images.tsv", encoding: .utf8)
        XCTAssertEqual(index.split(separator: "\n").count, 5)
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: folder + "/val/dog/1.jpg"))
        try file.truncate(atOffset: 0)
        try file.close()
        XCTAssertEqual(try open(), [])
        try FileManager.default.removeItem(atPath: folder + "/kept/images.tsv")
        XCTAssertThrowsError(try open()) {
            XCTAssertTrue("\($0)".contains("data.val: 2 of its 4 images can't be used, such as"), "\($0)")
        }
        XCTAssertThrowsError(try open("data.format=cifar")) {
            XCTAssertTrue("\($0)".contains("is for videos and folders of images, but cifar has files"), "\($0)")
        }
    }
}
