import Foundation
import Media
import Support
import Tensors
import TestSupport
import Workflows
import XCTest

final class ClassificationMeasurementTests: XCTestCase {
    /// A classifier that gives class i of seven the logit 6 − i whatever it sees, on one picture of each: the first class
    /// is right once, the first five are among the five likeliest.
    func testTopOneAndTopFiveByHand() throws {
        let folder = try temporaryDirectory()
        let names = (0..<7).map { "class \($0)" }
        for name in names {
            try FileManager.default.createDirectory(
                atPath: "\(folder)/val/\(name)", withIntermediateDirectories: true)
            try ImageFile.writeJPEG(
                ByteImage(width: 50, height: 40, filledWith: 90), to: "\(folder)/val/\(name)/0.jpg")
        }
        let file = try RecipeFile(
            text: """
                task: classification
                model: {backbone: cifar_resnet26_0.25}
                data: {root: \(folder), format: folder}
                input: {side: 32}
                evaluation: {batch: 3}
                """, path: "test.yaml")
        let model = try ClassifierModel(
            recipe: file.decode(ClassificationRecipe.self), file: file, classNames: names)
        try model.network.loadStateDict(
            model.network.stateDict().map { name, tensor in
                switch name {
                case "fc.weight": (name, Tensor.zeros(tensor.shape))
                case "fc.bias": (name, Tensor((0..<7).map { Float(6 - $0) }))
                default: (name, tensor)
                }
            })
        let scores = try ClassificationMeasurement(model: model).scores()
        XCTAssertEqual(scores.images, 7)
        XCTAssertEqual(scores.top1, 1.0 / 7, accuracy: 1e-12)
        XCTAssertEqual(scores.top5, 5.0 / 7, accuracy: 1e-12)
        XCTAssertEqual(scores.classes.map(\.top1), [1, 0, 0, 0, 0, 0, 0])
        // The mean logit is 3.
        XCTAssertEqual(scores.loss, log((0..<7).map { exp(Double($0)) }.reduce(0, +)) - 3, accuracy: 1e-5)
    }

    /// Pictures in folders, one of each part cut behind its header.
    private func folders() throws -> (folder: String, cut: [String]) {
        let folder = try temporaryDirectory()
        var random = SeededRandom(seed: 4, epoch: 0, index: 0)
        for part in ["train", "val"] {
            for name in ["cat", "dog"] {
                let place = "\(folder)/\(part)/\(name)"
                try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
                for i in 0..<2 {
                    let pixels = (0..<60 * 50 * 3).map { _ in UInt8(random.integer(below: 256)) }
                    try ImageFile.writeJPEG(
                        ByteImage(width: 60, height: 50, channels: 3, pixels: pixels), to: "\(place)/\(i).jpg")
                }
            }
        }
        let cut = ["train", "val"].map { "\(folder)/\($0)/dog/1.jpg" }
        for path in cut {
            let bytes = try XCTUnwrap(FileManager.default.contents(atPath: path))
            try bytes.prefix(bytes.count / 2).write(to: URL(fileURLWithPath: path))
        }
        return (folder, cut)
    }

    private func training(_ folder: String, _ settings: String...) throws -> ClassificationTraining {
        let file = try recipe(
            classifier: "backbone: cifar_resnet26_0.25", on: folder, settings: settings,
            training: "epochs: 2, batch: 2, learning_rate: 0.01")
        return try ClassificationTraining(file: file, output: temporaryDirectory() + "/run")
    }

    func testDamagedImagesAreRefusedOrAcceptedCountedAndNamed() throws {
        let (folder, cut) = try folders()
        XCTAssertThrowsError(try training(folder).train()) {
            XCTAssertTrue("\($0)".contains("data.damaged_images: accept in a recipe"), "\($0)")
        }
        let job = try training(folder, "data.damaged_images=accept")
        let outcome = try job.train()
        XCTAssertEqual(outcome.step, 4)
        XCTAssertEqual(job.damagedImages.map(\.name), cut)
        XCTAssertEqual(job.leftOutImages, [])
        let scores = try ClassificationMeasurement(model: ClassifierModel(SavedModel(outcome.lastCheckpoint))).scores()
        XCTAssertEqual(scores.images, 4)
        XCTAssertEqual(scores.damaged.map(\.name), [cut[1]])
        XCTAssertTrue(scores.table.contains("1 damaged image was accepted:\n  \(cut[1]) is truncated"), scores.table)
    }

    /// A validation image whose header is sound and whose pixels are not ends no night's training.
    func testACutValidationImageIsLeftOutAndNamed() throws {
        let (folder, _) = try folders()
        let job = try training(folder, "data.failed_images=replace")
        let outcome = try job.train()
        XCTAssertEqual(outcome.step, 4)
        XCTAssertEqual(job.leftOutImages.map(\.path), ["dog/1.jpg"])
        XCTAssertEqual(Set(job.replacedImages.map(\.name)), ["dog/1.jpg"])
        let scores = try ClassificationMeasurement(model: ClassifierModel(SavedModel(outcome.lastCheckpoint))).scores()
        XCTAssertEqual(scores.images, 3)
        XCTAssertEqual(scores.classes.map(\.images), [2, 1])
        XCTAssertEqual(scores.unreadable.map(\.path), ["dog/1.jpg"])
        XCTAssertTrue(
            scores.table.contains("left out, unreadable: 1 of 4 images, such as dog/1.jpg: "), scores.table)
    }

    /// A file without its header is found before the first step, in either part, and the policy decides.
    func testFilesWithoutAHeaderShowBeforeTheFirstStep() throws {
        for part in ["train", "val"] {
            let (folder, _) = try folders()
            let path = "\(folder)/\(part)/cat/0.jpg"
            try Data(try XCTUnwrap(FileManager.default.contents(atPath: path)).prefix(40)).write(
                to: URL(fileURLWithPath: path))
            let found = "data.\(part): 1 of its 4 images can't be used, such as \(path): "
            XCTAssertThrowsError(try training(folder)) {
                XCTAssertTrue("\($0)".contains(found), "\($0)")
                XCTAssertTrue("\($0)".contains("data.failed_images=replace"), "\($0)")
            }
            let notes = try training(folder, "data.failed_images=replace").notes
            XCTAssertTrue(notes.contains { $0.hasPrefix(found) }, "\(notes)")
        }
    }
}
