import Foundation
import Media
import Tensors
import TestSupport
import Workflows
import XCTest

final class ImageExplanationTests: XCTestCase {
    private func image(_ folder: String, width: Int = 64, height: Int = 64, name: String = "picture.png") throws
        -> String
    {
        let path = folder + "/" + name
        try ImageFile.writePNG(CornerClassifier.picture(width: width, height: height), to: path)
        return path
    }

    private func weights(_ path: String) throws -> NamedWeights {
        try XCTUnwrap(NamedWeights("\(CornerClassifier.model)=\(path)"))
    }

    private func message(_ body: () throws -> Void) -> String {
        do {
            try body()
            return ""
        } catch { return "\(error)" }
    }

    /// All that is not bright is rectified to zero, so the map is one cell, and its value is brightness / 16 positions.
    func testTheClassIsWhereItsPixelsAre() throws {
        let folder = try temporaryDirectory()
        let names = folder + "/names.txt"
        try "dark\nbright\n".write(toFile: names, atomically: true, encoding: .utf8)
        let corner = try weights(CornerClassifier.write(into: folder))
        let path = try image(folder, width: 32, height: 32)
        let explanation = try ImageExplanation(checkpoints: [], weights: [corner], classNames: names)
        let found = try XCTUnwrap(try explanation.explain(path).models.first)
        let brightness = zip([0.4914, 0.4822, 0.4465], [0.2470, 0.2435, 0.2616])
            .reduce(0.0) { $0 + (250.0 / 255 - $1.0) / $1.1 }
        XCTAssertEqual(found.class, "bright")
        XCTAssertEqual(found.index, 1)
        XCTAssertEqual(found.stage, "layer4")
        XCTAssertEqual([found.map.width, found.map.height], [4, 4])
        XCTAssertEqual(Double(found.score), brightness / 16, accuracy: 1e-4)
        XCTAssertEqual(Double(found.probability), 1 / (1 + exp(-2 * brightness / 16)), accuracy: 1e-4)
        let maximum = try XCTUnwrap(found.maximum)
        XCTAssertEqual(Double(maximum.value), brightness / 16, accuracy: 1e-4)
        XCTAssertEqual([maximum.x, maximum.y], [28, 28], "the middle of the last of four cells of 8 pixels")

        let dark = try ImageExplanation(checkpoints: [], weights: [corner], classNames: names, classChoice: "dark")
        let nothing = try XCTUnwrap(try dark.explain(path).models.first)
        XCTAssertEqual(nothing.class, "dark")
        XCTAssertNil(nothing.maximum, "brightness speaks against it")
        XCTAssertEqual(nothing.probability, 1 - found.probability, accuracy: 1e-5)
    }

    /// The middle of a wide picture is seen: the crop's place is told, and the maximum's place is in the file's pixels.
    func testTheCropsPlaceInAWidePicture() throws {
        let folder = try temporaryDirectory()
        var wide = ByteImage(width: 200, height: 100, filledWith: 20)
        wide.overlay(CornerClassifier.picture(width: 100, height: 100, right: false), x: 50, y: 0)
        let path = folder + "/wide.png"
        try ImageFile.writePNG(wide, to: path)
        let explanation = try ImageExplanation(
            checkpoints: [], weights: [weights(CornerClassifier.write(into: folder))], classChoice: "1")
        let found = try XCTUnwrap(try explanation.explain(path).models.first)
        XCTAssertEqual(found.class, "class 1")
        XCTAssertEqual(found.region, ImageRegion(x: 50, y: 0, width: 100, height: 100))
        let maximum = try XCTUnwrap(found.maximum)
        XCTAssertEqual([maximum.x, maximum.y], [62.5, 87.5])
    }

    func testModelsOfOneNameAreToldApartAndSettingsChangeTheInput() throws {
        let folder = try temporaryDirectory()
        let first = try weights(CornerClassifier.write(into: folder, name: "a.safetensors"))
        let second = try weights(CornerClassifier.write(into: folder, name: "b.pth"))
        let path = try image(folder)
        let both = try ImageExplanation(checkpoints: [], weights: [first, second], stage: "layer1").explain(path)
        XCTAssertEqual(both.models.count, 2)
        XCTAssertTrue(both.models[0].model.hasSuffix("/a.safetensors)"), both.models[0].model)
        XCTAssertTrue(both.models[1].model.hasSuffix("/b.pth)"), both.models[1].model)
        XCTAssertEqual(both.models.map(\.map.width), [32, 32])
        XCTAssertEqual(both.models[0].score, both.models[1].score)
        let set = try ImageExplanation(checkpoints: [], weights: [first], settings: ["input.mean=[1, 1, 1]"])
        XCTAssertEqual(try set.explain(path).models[0].score, 0, "nothing is brighter than white")
    }

    /// A run's classes and preparation are those that it was trained with.
    func testARunsClassifier() throws {
        let folder = try temporaryDirectory()
        var records = Data()
        for label in 0..<4 {
            let image = CornerClassifier.picture(width: 32, height: 32, right: label % 2 == 1, bottom: label > 1)
            records.append(UInt8(label))
            for c in 0..<3 { records.append(contentsOf: (0..<1024).map { image[$0 % 32, $0 / 32, c] }) }
        }
        for name in ["data_batch_1.bin", "test_batch.bin"] {
            try records.write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
        }
        try "top left\ntop right\nbottom left\nbottom right\n"
            .write(toFile: folder + "/batches.meta.txt", atomically: true, encoding: .utf8)
        let recipe = """
            task: classification
            model: {backbone: \(CornerClassifier.model)}
            data: {root: \(folder), format: cifar}
            input: {padding: 0, flip: 0}
            training: {epochs: 1, batch: 4, learning_rate: 0.01}
            """
        let training = try ClassificationTraining(
            file: RecipeFile(text: recipe, path: "test.yaml"), output: folder + "/run")
        let outcome = try training.train()

        let model = try ClassifierModel(SavedModel(XCTUnwrap(outcome.bestCheckpoint)))
        let explanation = try ImageExplanation(checkpoints: [folder + "/run"], classChoice: "bottom right")
        let path = folder + "/bottom right.png"
        try ImageFile.writePNG(CornerClassifier.picture(width: 32, height: 32), to: path)
        let found = try XCTUnwrap(try explanation.explain(path).models.first)
        let pixels = records.suffix(3072).map { $0 }
        let probabilities = withoutGrad {
            model.logits(Tensor(pixels, shape: [1, 3, 32, 32])).softmax(dim: 1).array(Float.self)
        }
        XCTAssertEqual(found.probability, probabilities[3], accuracy: 1e-5)
        XCTAssertEqual([found.index, found.map.width], [3, 4])
        XCTAssertEqual(found.model, CornerClassifier.model)
        XCTAssertEqual(found.weights, folder + "/run/best.safetensors")
        XCTAssertEqual(
            message { _ = try ImageExplanation(checkpoints: [folder + "/run"], classChoice: "botom right") },
            "--class botom right: \(CornerClassifier.model) knows no such class; did you mean \"bottom right\"?")
        XCTAssertEqual(
            message { _ = try ImageExplanation(checkpoints: [folder]) },
            "\(folder): this folder holds no checkpoint (best.safetensors, last.safetensors)")
    }

    func testMistakesAreNamed() throws {
        let folder = try temporaryDirectory()
        let path = try CornerClassifier.write(into: folder)
        let corner = try weights(path)
        let names = folder + "/names.txt"
        try "one\n".write(toFile: names, atomically: true, encoding: .utf8)
        func opening(
            _ weights: NamedWeights?, names: String? = nil, class choice: String? = nil, stage: String? = nil,
            settings: [String] = []
        ) -> String {
            message {
                _ = try ImageExplanation(
                    checkpoints: [], weights: [XCTUnwrap(weights)], classNames: names, classChoice: choice,
                    stage: stage, settings: settings)
            }
        }
        XCTAssertEqual(
            opening(NamedWeights("cifar_resnet27=\(path)")),
            "--model cifar_resnet27=\(path): no model is called \"cifar_resnet27\"; did you mean \"cifar_resnet26\"?")
        XCTAssertTrue(opening(NamedWeights("resnet3d50=\(path)")).contains("resnet3d50 takes clips"))
        XCTAssertEqual(
            opening(NamedWeights("resnet50=/nowhere.pth")), "/nowhere.pth: there is no such file of weights")
        let other = opening(NamedWeights("cifar_resnet32_0.25=\(path)"))
        XCTAssertTrue(other.hasPrefix("\(path): the weights don't fit the model"), other)
        XCTAssertEqual(
            opening(corner, names: names),
            "\(names): holds 1 names, and \(path) has 2 classes; write one name a line, in the order of the outputs")
        XCTAssertEqual(
            opening(corner, stage: "layer5"),
            "--stage layer5: cifar_resnet26_0.25 has layer1, layer2, layer3, layer4; did you mean layer1?")
        XCTAssertTrue(opening(corner, settings: ["input.sidee=3"]).contains("did you mean input.side?"))
        XCTAssertTrue(opening(corner, class: "bright").contains("name a file with --classes"))

        let body = folder + "/body.safetensors"
        try WeightsFile.write(WeightsFile.read(path).filter { !$0.name.hasPrefix("fc.") }, to: body)
        XCTAssertEqual(
            opening(try weights(body)),
            "\(body): holds no fc.weight, the classifier of cifar_resnet26_0.25; give weights of the whole network")
        let broken = folder + "/broken.safetensors"
        try WeightsFile.write(
            WeightsFile.read(path).map { ($0.name, $0.name == "fc.bias" ? $0.tensor / 0 : $0.tensor) }, to: broken)
        let picture = try image(folder)
        let finding = message {
            _ = try ImageExplanation(checkpoints: [], weights: [weights(broken)]).explain(picture)
        }
        XCTAssertTrue(finding.hasPrefix("\(broken): gives scores for \(picture) that are not finite"), finding)
        XCTAssertNil(NamedWeights("resnet50"))
        XCTAssertNil(NamedWeights("=a.pth"))
        XCTAssertNil(NamedWeights("resnet50="))
    }
}
