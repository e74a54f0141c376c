import Annotations
import Foundation
import Support
import TestSupport
import XCTest

final class JSONSpoolTests: XCTestCase {
    private struct Part: Encodable {
        var number: Int
        var text = "a\nb ] \"frames\" : [ \u{1}"
        var list = [1.5, .nan]
    }

    private struct Whole: Encodable {
        var aside = "\n  \"frames\" : ["
        var frames: [Part] = []
        var zoo = [1, 2]
    }

    /// The text is that of the object with the list in memory, at any depth.
    func testTheTextIsTheSame() throws {
        for count in [0, 1, 2, 5000] {
            let spool = try JSONSpool(), parts = (0..<count).map { Part(number: $0) }
            for part in parts { try spool.append(part) }
            XCTAssertEqual(spool.count, count)
            var text = ""
            try spool.write(into: prettyJSON(Whole()), as: "frames") { text += $0 }
            XCTAssertTrue(text == (try prettyJSON(Whole(frames: parts))), "\(count) parts: \(text.prefix(500))")
            var list = "[\n"
            try spool.write(into: prettyJSON(Whole()), as: "frames", indent: 2) { list += $0 }
            XCTAssertTrue(
                list + "\n]" == (try prettyJSON([Whole(frames: parts)])), "\(count) parts: \(list.prefix(500))")
        }
    }

    func testNothingIsLeftInItsFolder() throws {
        let folder = try temporaryDirectory()
        let spool = try JSONSpool(in: folder)
        try spool.append([1])
        XCTAssertEqual(try FileManager.default.contentsOfDirectory(atPath: folder), [])
        XCTAssertThrowsError(try JSONSpool(in: folder + "/none")) {
            XCTAssertEqual(($0 as? WholeFileError)?.path, folder + "/none")
        }
    }

    func testAFullDisk() throws {
        guard FileManager.default.fileExists(atPath: "/dev/full") else { throw XCTSkip("no /dev/full") }
        // A list longer than the buffer meets the disk.
        let spool = try JSONSpool(writingTo: "/dev/full")
        XCTAssertThrowsError(try (0..<2000).forEach { try spool.append(Part(number: $0)) }) {
            XCTAssertEqual(($0 as? WholeFileError)?.code, ENOSPC)
        }
    }
}
