import Architectures
import Foundation
import XCTest

final class BackboneArchitectureTests: XCTestCase {
    func testEveryNamedArchitectureSurvivesJSON() throws {
        for model in Catalogue.models {
            let data = try JSONEncoder().encode(model.architecture)
            XCTAssertEqual(
                try JSONDecoder().decode(BackboneArchitecture.self, from: data), model.architecture, model.name)
        }
    }

    func testAxesLeftOutKeepTheirDefaults() throws {
        let json = Data(#"{"stem": "cifar", "classes": 1000}"#.utf8)
        let architecture = try JSONDecoder().decode(BackboneArchitecture.self, from: json)
        XCTAssertEqual(architecture, BackboneArchitecture().with { $0.stem = .cifar })
    }

    func testAnArchitectureWithoutClassesHasNoClassifier() throws {
        let architecture = BackboneArchitecture().with { $0.classes = nil }
        let copy = try JSONDecoder().decode(BackboneArchitecture.self, from: JSONEncoder().encode(architecture))
        XCTAssertNil(copy.classes)
        XCTAssertNil(try copy.plan().classifier)
    }

    func testStage1StridesWhereTheStemHasNoPool() {
        func first(_ stem: Stem) -> Int { BackboneArchitecture().with { $0.stem = stem }.stride(ofStage: 0) }
        XCTAssertEqual(Stem.allCases.map(first), [1, 2, 1, 1, 2])
        XCTAssertEqual(BackboneArchitecture().with { $0.stageStrides = [1, 2, 1, 2] }.stride(ofStage: 2), 1)
    }

    func testJSONHoldsTheWordsThatAPersonTypes() throws {
        let architecture = BackboneArchitecture().with {
            $0.shortcut = .dense(of: .residuals, normalization: .instance, isWeighted: false)
            $0.depths = [2, 3, 4, 5]
        }
        let data = try JSONEncoder().encode(architecture)
        let object = try XCTUnwrap(JSONSerialization.jsonObject(with: data) as? [String: Any])
        XCTAssertEqual(object["shortcut"] as? String, "dense/residuals/instance/unweighted")
        XCTAssertEqual(object["depths"] as? [Int], [2, 3, 4, 5])
        XCTAssertEqual(object["inner_group_norm"] as? Bool, false)
        XCTAssertThrowsError(
            try JSONDecoder().decode(BackboneArchitecture.self, from: Data(#"{"shortcut": "densee"}"#.utf8))
        ) { XCTAssertTrue("\($0)".contains("did you mean"), "\($0)") }
    }
}
