import Annotations
import Workflows
import XCTest

final class ClassMappingTests: XCTestCase {
    private func data(_ names: [String], ids: [Int]) -> DetectionAnnotations {
        DetectionAnnotations(source: "val.json", classNames: names, categoryIDs: ids, images: [])
    }

    func testNamesDecideNotOrder() throws {
        let mapping = try ClassMapping(
            model: ["cat", "dog", "cow"], named: "the model", data: data(["cow", "cat", "dog"], ids: [2, 5, 9]))
        XCTAssertEqual((1...3).map(mapping.categoryID), [5, 9, 2])
    }

    func testOtherNamesAreRefused() {
        XCTAssertThrowsError(
            try ClassMapping(model: ["cat", "dog"], named: "the model", data: data(["cat", "cow"], ids: [1, 2]))
        ) {
            XCTAssertEqual(
                "\($0)",
                "val.json does not have the classes of the model: it lacks dog, and it has cow, which the model does not "
                    + "know. Use annotations with the same class names, or train a model for these.")
        }
    }

    func testANameThatStandsTwiceIsRefused() {
        XCTAssertThrowsError(
            try ClassMapping(
                model: ["cat", "dog"], named: "the model", data: data(["cat", "dog", "cat"], ids: [0, 1, 4]))
        ) {
            XCTAssertEqual(
                "\($0)",
                "val.json, categories: categories 0 and 4 are both called \"cat\". Give each a name of its own, or make one "
                    + "category of the two.")
        }
    }

    func testFewerClassesAreRefused() {
        XCTAssertThrowsError(
            try ClassMapping(model: ["cat", "dog"], named: "the model", data: data(["cat"], ids: [1])))
        XCTAssertThrowsError(
            try ClassMapping(model: ["cat"], named: "the model", data: data(["cat", "dog"], ids: [1, 2])))
    }
}
