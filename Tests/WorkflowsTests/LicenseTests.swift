import Foundation
import TestSupport
import Workflows
import XCTest

final class LicenseTests: XCTestCase {
    func testIdentifiersInAnyCase() {
        XCTAssertEqual(License("apache-2.0")?.identifier, "Apache-2.0")
        XCTAssertEqual(License("MIT")?.identifier, "MIT")
        XCTAssertEqual(License("LicenseRef-our-own.1")?.identifier, "LicenseRef-our-own.1")
        for text in ["", "apache2", "LicenseRef-", "LicenseRef-a b", "LicenseRef-é", "MIT\n"] {
            XCTAssertNil(License(text), text)
        }
    }

    func testARecipeNamesTheNearest() throws {
        func message(_ license: String) -> String {
            do {
                _ = try recipe(classifier: "backbone: resnet18, license: \(license)", on: ".", training: "epochs: 1")
                    .decode(ClassificationRecipe.self)
                return ""
            } catch {
                return "\(error)"
            }
        }
        XCTAssertEqual(
            message("apache2"),
            "test.yaml:2: model.license is 'apache2', which is no identifier of SPDX's that is known here; did you mean "
                + "Apache-2.0? Write LicenseRef- and a name for a licence of your own")
        XCTAssertTrue(message("my very own words").contains("such as Apache-2.0, MIT"), message("my very own words"))
        XCTAssertEqual(message("cc-by-4.0"), "")
        XCTAssertTrue(message("[MIT]").contains("model.license"), message("[MIT]"))
        XCTAssertEqual(message("null"), "")
    }
}
