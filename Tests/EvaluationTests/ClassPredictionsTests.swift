import Evaluation
import Foundation
import TestSupport
import XCTest

final class ClassPredictionsTests: XCTestCase {
    private let predictions = ClassPredictions(
        classes: ["a", "b \"c\""],
        images: [
            .init(name: "1.jpg", label: 0, likeliest: [1, 0], probability: 0.75, loss: 1.5),
            .init(name: "ü/2.jpg", label: 1, likeliest: [1, 0], probability: 1, loss: 0),
        ])

    func testAFileReadsAsItWasWritten() throws {
        let path = try temporaryDirectory() + "/predictions.json"
        try predictions.json().write(toFile: path, atomically: true, encoding: .utf8)
        XCTAssertEqual(try ClassPredictions(path: path), predictions)
        XCTAssertEqual(try predictions.json().split(separator: "\n").count, 5, "a line for each image")
    }

    func testDamageIsNamed() throws {
        let path = try temporaryDirectory() + "/predictions.json"
        func message(_ text: String?) throws -> String {
            try text?.write(toFile: path, atomically: true, encoding: .utf8)
            do {
                _ = try ClassPredictions(path: path)
                return "no error"
            } catch {
                return "\(error)"
            }
        }
        let fix = "Write it again with vertebra evaluate."
        XCTAssertEqual(try message(nil), "\(path): it can't be read as predictions. \(fix)")
        let text = try predictions.json()
        XCTAssertEqual(try message(text), "no error")
        XCTAssertEqual(try message(String(text.dropLast(20))), "\(path): it can't be read as predictions. \(fix)")
        for (part, other) in [
            ("\"label\":0", "\"label\":2"), ("[1,0]", "[7,0]"), ("[1,0]", "[]"), ("0.75", "1.5"), ("1.5", "1e999"),
        ] {
            let changed = text.replacingOccurrences(of: part, with: other)
            XCTAssertNotEqual(changed, text)
            XCTAssertNotEqual(try message(changed), "no error", other)
        }
        XCTAssertTrue(
            try message(text.replacingOccurrences(of: "\"label\":0", with: "\"label\":-1"))
                .contains("what it says of 1.jpg can't be"))
        XCTAssertTrue(
            try message(text.replacingOccurrences(of: "ü/2.jpg", with: "1.jpg")).contains("two images have one name"))
    }
}
