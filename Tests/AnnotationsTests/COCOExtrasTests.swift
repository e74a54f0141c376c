import Annotations
import Foundation
import TestSupport
import XCTest

final class COCOExtrasTests: XCTestCase {
    func testOnlyValuesThatHoldSomethingCount() throws {
        let path = try temporaryDirectory() + "/a.json"
        for (text, found) in [
            ("{\"segmentation\": [], \"keypoints\" : null, \"attributes\": { }}", []),
            ("{\"segmentation\": [], \"segmentation\":\n[ [1, 2]]}", ["outlines (segmentation)"]),
            ("{\"segmentation\": {\"counts\": []}}", ["outlines (segmentation)"]),
            ("{\"file_name\": \"\\\"keypoints\\\": [1]\"}", []), ("{\"keypoints\": [1]}", ["keypoints"]),
            ("{\"attributes\": {\"a\": 1}, \"caption\": \"x\"}", ["attributes", "captions"]), ("\"segmentation\"", []),
            ("\"segmentation\":", []), ("", []),
        ] {
            try Data(text.utf8).write(to: URL(fileURLWithPath: path))
            XCTAssertEqual(try COCOExtras.found(in: path), found, text)
        }
        XCTAssertThrowsError(try COCOExtras.found(in: path + ".gone"))
    }
}
