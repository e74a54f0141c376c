import Annotations
import Foundation
import TestSupport
import XCTest

final class PrettyJSONTests: XCTestCase {
    private struct Scores: Codable, Equatable {
        var name: String
        var loss: Double?
        var perClass: [String: Double?]
        var curve: [Float?]
    }

    func testWhatIsNotFiniteIsNull() throws {
        let scores = Scores(
            name: "inf/NaN", loss: .infinity, perClass: ["a": 0.25, "b": .nan], curve: [1, -.infinity, 0.5])
        let text = try prettyJSON(scores)
        XCTAssertEqual(
            try JSONDecoder().decode(Scores.self, from: Data(text.utf8)),
            Scores(name: "inf/NaN", loss: nil, perClass: ["a": 0.25, "b": nil], curve: [1, nil, 0.5]))
    }

    func testControlCharactersAreEscapedAndReadBack() throws {
        let names = ["a\u{7F}b\u{9B}c\u{1B}\nd", "猫"]
        let text = try prettyJSON(names)
        XCTAssertTrue(text.contains("a\\u007fb\\u009bc"), text)
        XCTAssertFalse(text.unicodeScalars.contains { $0 != "\n" && $0.properties.generalCategory == .control }, text)
        XCTAssertEqual(try JSONDecoder().decode([String].self, from: Data(text.utf8)), names)
    }

    func testFiniteNumbersAreAsTheyWere() throws {
        XCTAssertEqual(try prettyJSON(["a/b": 0.5, "a": -1]), "{\n  \"a\" : -1,\n  \"a/b\" : 0.5\n}")
    }
}
