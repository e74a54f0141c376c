import Recipes
import TestSupport
import XCTest

final class CatalogueTests: XCTestCase {
    func testEveryModelHasAPlanAndANameOfItsOwn() throws {
        XCTAssertEqual(Set(Catalogue.models.map(\.name)).count, Catalogue.models.count)
        for model in Catalogue.models {
            do {
                let plan = try model.recipe.plan()
                XCTAssertEqual(Set(plan.tensors.map(\.name)).count, plan.tensors.count, model.name)
            } catch {
                XCTFail("\(model.name): \(error)")
            }
        }
    }

    func testNamesOfOneRecipeAreTheGoldenOnes() throws {
        for golden in try GoldenBackbone.all() {
            if let model = Catalogue.models.first(where: { $0.name == golden.model }) {
                XCTAssertEqual(model.recipe, try golden.recipe.recipe(), golden.model)
            }
        }
    }

    func testAnUnknownNameIsAnsweredWithTheNearest() {
        XCTAssertThrowsError(try Catalogue.recipe(named: "iresnet51")) { error in
            XCTAssertEqual((error as? UnknownModel)?.nearest, "iresnet50")
            XCTAssertEqual("\(error)", "no model is called \"iresnet51\"; did you mean \"iresnet50\"?")
        }
    }

    func testWidthScalesStemPlanesAndGroups() throws {
        let recipe = try Catalogue.recipe(named: "res_rgsnet26_0.25")
        XCTAssertEqual(recipe.planes, [16, 32, 64, 128])
        XCTAssertEqual(recipe.stemWidth, 16)
        XCTAssertEqual(recipe.shortcutGroups, 8)
        XCTAssertEqual(try Catalogue.recipe(named: "res_rgsnet26_2").shortcutGroups, 32)
    }

    /// What the papers say, in millions of parameters, to their last digit.
    func testCIFARNetworksHaveThePapersParameters() throws {
        for (name, millions) in [
            ("cifar_resnext29_8x64d", 34.4), ("cifar_resnext29_16x64d", 68.1), ("cifar_wrn28_10", 36.5),
            ("cifar_resnet164", 1.7), ("cifar_iresnet3002", 30.9),
        ] {
            let count = Double(try Catalogue.recipe(named: name).plan().parameterCount) / 1e6
            XCTAssertEqual(count, millions, accuracy: 0.07, name)
        }
    }

    func testNearestNameCountsEdits() {
        XCTAssertEqual(nearestName(to: "kitten", among: ["sitting", "mitten", "bitter"]), "mitten")
        XCTAssertNil(nearestName(to: "kitten", among: []))
    }
}
