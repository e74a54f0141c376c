import Foundation
import Support
import XCTest

final class ErrorWordsTests: XCTestCase {
    private func reason(_ body: () throws -> Void) -> String {
        do {
            try body()
            return "no error"
        } catch {
            return Support.reason(of: error)
        }
    }

    func testFoundationsErrorsAreToldInPlainWords() {
        XCTAssertEqual(
            reason { _ = try Data(contentsOf: URL(fileURLWithPath: "/nowhere/x")) }, "No such file or directory")
        XCTAssertEqual(
            reason {
                try FileManager.default.createDirectory(atPath: "/dev/null/x", withIntermediateDirectories: true)
            },
            "the system gives no reason")
        for text in ["", "{", "[1, 2", "{\"a\": tru}", "\u{0}"] {
            for words in [
                reason { _ = try JSONSerialization.jsonObject(with: Data(text.utf8)) },
                reason { _ = try JSONDecoder().decode([String: Int].self, from: Data(text.utf8)) },
            ] {
                XCTAssertFalse(words.contains("ErrorDomain") || words.contains("Error("), words)
                XCTAssertFalse(words.isEmpty)
            }
        }
        XCTAssertEqual(
            reason { _ = try JSONDecoder().decode([String: [Int]].self, from: Data("{\"a\": [\"b\"]}".utf8)) },
            "a.Index 0: it is not of the type Int")
        XCTAssertEqual(
            reason { _ = try JSONEncoder().encode(["loss": Double.infinity]) }, "loss is inf, which can't be written")
    }

    func testOwnErrorsDescribeThemselves() {
        struct Own: Error, CustomStringConvertible { var description: String { "it is odd." } }
        XCTAssertEqual(reason { throw Own() }, "it is odd")
    }
}
