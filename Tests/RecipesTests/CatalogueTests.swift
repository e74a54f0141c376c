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

    func testNearestNameCountsEdits() {
        XCTAssertEqual(nearestName(to: "kitten", among: ["sitting", "mitten", "bitter"]), "mitten")
        XCTAssertNil(nearestName(to: "kitten", among: []))
    }
}
