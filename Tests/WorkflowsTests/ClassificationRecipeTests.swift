import Architectures
import Tensors
import TestSupport
import Workflows
import XCTest

final class ClassificationRecipeTests: XCTestCase {
    private func text(_ model: String, data: String = "{format: folder}") -> String {
        "task: classification\nmodel:\n  backbone: cifar_resnet26_0.25\n  \(model)\ndata: \(data)\n"
    }

    private func recipe(_ model: String = "dropout: 0", data: String = "{format: folder}") throws -> (
        recipe: ClassificationRecipe, file: RecipeFile
    ) {
        let file = try RecipeFile(text: text(model, data: data), path: "test.yaml")
        return (try file.decode(ClassificationRecipe.self), file)
    }

    private func message(_ model: String) -> String {
        do {
            _ = try recipe(model)
            return "no error"
        } catch { return "\(error)" }
    }

    func testWhatIsLeftOut() throws {
        let folder = try recipe().recipe
        XCTAssertEqual([folder.input.side, folder.input.shorterSide], [224, 256])
        XCTAssertEqual(folder.input.leastArea, 0.08)
        XCTAssertEqual(folder.input.mean, [0.485, 0.456, 0.406])
        XCTAssertFalse(folder.model.zeroLastNorms)
        XCTAssertEqual(folder.model.labelSmoothing, 0)
        let cifar = try recipe(data: "{format: cifar}").recipe
        XCTAssertEqual([cifar.input.side, cifar.input.padding], [32, 4])
        // CIFAR-100 has colours of its own.
        XCTAssertEqual(try recipe(data: "{format: cifar10}").recipe.input, cifar.input)
        let hundred = try recipe(data: "{format: cifar100}").recipe.input
        XCTAssertEqual(hundred.side, 32)
        XCTAssertEqual(hundred.mean, [0.5071, 0.4865, 0.4409])
        XCTAssertEqual(hundred.deviation, [0.2673, 0.2564, 0.2762])
    }

    /// γ of the last norm of each of the 8 blocks, and of no other norm.
    func testZeroedLastNormsReachTheNetwork() throws {
        func zeroed(_ model: String) throws -> [String] {
            let (recipe, file) = try recipe(model)
            let network = try ClassifierModel(recipe: recipe, file: file, classNames: ["a", "b"]).network
            return network.namedParameters().filter { $0.parameter.tensor.abs().amax().item() == 0 }.map(\.name)
                .filter { $0.hasSuffix(".weight") }
        }
        XCTAssertEqual(try zeroed("zero_last_norms: false"), [])
        let names = try zeroed("zero_last_norms: true")
        XCTAssertEqual(names.count, 8)
        XCTAssertTrue(names.allSatisfy { $0.hasSuffix(".bn3.weight") }, "\(names)")
    }

    func testMistakesAreNamedWithTheirLine() {
        for (model, expected) in [
            (
                "label_smothing: 0.1",
                "test.yaml:4: unknown key model.label_smothing; did you mean model.label_smoothing?"
            ),
            (
                "zero_last_norm: true",
                "test.yaml:4: unknown key model.zero_last_norm; did you mean model.zero_last_norms?"
            ),
            ("label_smoothing: 1", "test.yaml:4: model.label_smoothing is 1.0; it must be in 0…1, without 1"),
            ("label_smoothing: -0.1", "test.yaml:4: model.label_smoothing is -0.1; it must be in 0…1, without 1"),
            ("label_smoothing: much", "test.yaml:4: model.label_smoothing"),
            ("zero_last_norms: 0.5", "test.yaml:4: model.zero_last_norms"),
        ] {
            XCTAssertTrue(message(model).hasPrefix(expected), message(model))
        }
    }
}
