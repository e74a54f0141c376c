import Foundation
import Recipes
import XCTest

final class BackboneRecipeTests: XCTestCase {
    func testEveryNamedRecipeSurvivesJSON() throws {
        for model in Catalogue.models {
            let data = try JSONEncoder().encode(model.recipe)
            XCTAssertEqual(try JSONDecoder().decode(BackboneRecipe.self, from: data), model.recipe, model.name)
        }
    }

    func testAxesLeftOutKeepTheirDefaults() throws {
        let json = Data(#"{"stem": "cifar", "classes": 1000}"#.utf8)
        let recipe = try JSONDecoder().decode(BackboneRecipe.self, from: json)
        XCTAssertEqual(recipe, BackboneRecipe().with { $0.stem = .cifar })
    }

    func testARecipeWithoutClassesHasNoClassifier() throws {
        let recipe = BackboneRecipe().with { $0.classes = nil }
        let copy = try JSONDecoder().decode(BackboneRecipe.self, from: JSONEncoder().encode(recipe))
        XCTAssertNil(copy.classes)
        XCTAssertNil(try copy.plan().classifier)
    }

    func testStage1StridesWhereTheStemHasNoPool() {
        func first(_ stem: Stem) -> Int { BackboneRecipe().with { $0.stem = stem }.stride(ofStage: 0) }
        XCTAssertEqual(Stem.allCases.map(first), [1, 2, 1, 1, 2])
        XCTAssertEqual(BackboneRecipe().with { $0.stageStrides = [1, 2, 1, 2] }.stride(ofStage: 2), 1)
    }
}
