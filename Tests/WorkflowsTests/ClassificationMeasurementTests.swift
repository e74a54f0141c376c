import Foundation
import Media
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
}
