import Foundation
import TestSupport
import XCTest

final class DataStatsCommandTests: XCTestCase {
    func testTextJSONAndPage() throws {
        let samples = try TinyData.folder.get() + "/samples/coco", folder = try temporaryDirectory()
        let run = try CommandRun.of(
            [
                "data", "stats", samples, "--html", "page.html", "--pictures", "3", "--input", "300x300", "--anchors",
                "5",
            ],
            in: folder)
        XCTAssertEqual(run.status, 0, run.errors)
        for words in ["12 images", "6 classes", "anchors at 300x300: ", "page: page.html"] {
            XCTAssertTrue(run.output.contains(words), run.output)
        }
        let page = try String(contentsOfFile: folder + "/page.html", encoding: .utf8)
        XCTAssertEqual(page.components(separatedBy: "src=\"data:image/jpeg").count - 1, 3)

        let json = try CommandRun.of(["data", "stats", samples, "--json"])
        let numbers = try XCTUnwrap(JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
        XCTAssertEqual((numbers["counts"] as? [String: Any])?["images"] as? Int, 12)
        XCTAssertEqual(numbers["format"] as? String, "coco")
    }

    func testMistakes() throws {
        let samples = try TinyData.folder.get() + "/samples/coco"
        let input = try CommandRun.of(["data", "stats", samples, "--input", "big"])
        XCTAssertEqual(input.status, 64)
        XCTAssertTrue(input.errors.contains("--input is big; write 300x300, 800-1333 or 640"), input.errors)
        let page = try CommandRun.of(["data", "stats", samples, "--html", "no/such/page.html"])
        XCTAssertEqual(page.status, 1)
        XCTAssertTrue(page.errors.contains("there is no folder"), page.errors)
        XCTAssertEqual(page.output, "", "nothing is counted for a page that can't be written")
    }
}
