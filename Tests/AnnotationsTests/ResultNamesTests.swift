import Annotations
import Foundation
import TestSupport
import XCTest

final class ResultNamesTests: XCTestCase {
    private func write(_ records: [String]) throws -> String {
        let path = try temporaryDirectory() + "/results.json"
        try Data("[\(records.joined(separator: ",\n"))]".utf8).write(to: URL(fileURLWithPath: path))
        return path
    }

    private func record(_ image: String, _ category: String = "1", more: String = "") -> String {
        "{\"image_id\": \(image), \"category_id\": \(category), \"bbox\": [1, 2, 3, 4], \"score\": 0.5\(more)}"
    }

    private func annotations(_ names: [String], classes: [String] = ["cat"], ids: [Int]? = nil) -> DetectionAnnotations
    {
        DetectionAnnotations(
            source: "gt.json", classNames: classes, categoryIDs: ids,
            images: names.enumerated().map { ImageRecord(id: $0 + 1, fileName: $1, width: 9, height: 9) })
    }

    func testNamesAreReadWhereverTheyStand() throws {
        let plain = (0..<100).map { _ in record("1") }
        let path = try write(
            plain + [
                record("2.0", "3", more: #", "file_name": "ä b.jpg", "category_name": "c\"at""#),
                record("4", more: #", "file_name": null"#),
            ])
        let names = try ResultNames(path: path)
        XCTAssertEqual(names.images, [2: "ä b.jpg"])
        XCTAssertEqual(names.categories, [3: "c\"at"])
        XCTAssertTrue(try ResultNames(path: write(plain)).isEmpty)
        XCTAssertThrowsError(try ResultNames(path: write([record("1", more: ", \"file_name\": 5")]))) {
            XCTAssertTrue("\($0)".contains("results[0], byte 84: \"file_name\" is not a string"), "\($0)")
        }
    }

    /// Two programs' results in one file: an id that stands for two images would give one of them the other's boxes.
    func testOneIDForSeveralNamesIsRefused() throws {
        for (key, kind, records) in [
            (
                "file_name", "image_id 7",
                [record("7", more: #", "file_name": "a.jpg""#), record("7", more: #", "file_name": "b.jpg""#)]
            ),
            (
                "category_name", "category_id 2",
                [
                    record("1", "2", more: #", "category_name": "a""#),
                    record("1", "2", more: #", "category_name": "b""#),
                ]
            ),
        ] {
            XCTAssertThrowsError(try ResultNames(path: write(records))) {
                XCTAssertTrue("\($0)".contains("results[1]: \(kind) has the \(key) \"b"), "\($0)")
                XCTAssertTrue("\($0)".contains("in results[0]"), "\($0)")
            }
        }
    }

    private func renumbered(
        _ names: ResultNames, as annotations: DetectionAnnotations, image: Int = 1, category: Int = 1
    ) throws -> [Int] {
        var results = DetectionResults()
        results.append(imageID: image, categoryID: category, x: 0, y: 0, width: 1, height: 1, score: 1)
        let result = try results.renumbered(by: names, as: annotations)
        return [result.imageIDs[0], result.categoryIDs[0]]
    }

    func testAnIDWhoseNameFitsStays() throws {
        // Names that are no path's end alone, and classes of one name, are no obstacle then.
        let twice = annotations(["a.jpg", "a.jpg"], classes: ["dog", "dog"], ids: [0, 1])
        XCTAssertEqual(
            try renumbered(ResultNames(images: [2: "a.jpg"], categories: [1: "dog"]), as: twice, image: 2), [2, 1])
        for (name, result) in [
            (#"C:\set\a.jpg"#, "a.jpg"), ("/set/a%20b.jpg", "a b.jpg"), (#"sub\a.jpg"#, "sub/a.jpg"),
            ("../a.jpg", "x/../a.jpg"),
        ] {
            XCTAssertEqual(
                try renumbered(ResultNames(images: [1: result]), as: annotations([name])), [1, 1], "\(name), \(result)")
        }
    }

    /// An id that is right by chance only: the folder decides.
    func testAnotherNameDecidesOverTheID() throws {
        let folders = annotations(["a/0.jpg", "b/0.jpg"])
        XCTAssertEqual(try renumbered(ResultNames(images: [1: "set/b/0.jpg"]), as: folders), [2, 1])
        XCTAssertThrowsError(try renumbered(ResultNames(images: [1: "0.jpg"]), as: folders)) {
            XCTAssertTrue("\($0)".contains("several images are called 0.jpg"), "\($0)")
        }
    }

    func testAnnotationsGiveTheirNames() {
        let names = annotations(["a.jpg", ""], classes: ["x", "y"], ids: [4, 9]).resultNames
        XCTAssertEqual(names, ResultNames(images: [1: "a.jpg"], categories: [4: "x", 9: "y"]))
    }
}
