import Annotations
import Foundation
import TestSupport
import XCTest

final class COCOExtrasTests: XCTestCase {
    func testOnlyValuesThatHoldSomethingCount() throws {
        let path = try temporaryDirectory() + "/a.json"
        for (text, found) in [
            ("{\"segmentation\": [], \"keypoints\" : null, \"attributes\": { }}", []),
            ("{\"keypoints\": [], \"keypoints\":\n[ 1, 2]}", ["keypoints"]),
            ("{\"attributes\": {\"a\": []}}", ["attributes"]),
            ("{\"file_name\": \"\\\"keypoints\\\": [1]\"}", []), ("{\"keypoints\": [1]}", ["keypoints"]),
            ("{\"attributes\": {\"a\": 1}, \"caption\": \"x\"}", ["attributes", "captions"]), ("\"keypoints\"", []),
            ("\"keypoints\":", []), ("", []),
        ] {
            try Data(text.utf8).write(to: URL(fileURLWithPath: path))
            XCTAssertEqual(try COCOExtras.found(in: path), found, text)
        }
        XCTAssertThrowsError(try COCOExtras.found(in: path + ".gone"))
    }
}
