import Foundation
import Support
import TestSupport
import XCTest

final class WholeFolderTests: XCTestCase {
    private struct Failure: Error {}

    private func write(_ text: String, in folder: String) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(fileURLWithPath: folder + "/a"))
    }

    func testAFolderAppearsWholeOrNotAtAll() throws {
        let above = try temporaryDirectory() + "/above", folder = WholeFolder(above + "/made")
        XCTAssertThrowsError(
            try folder.make { making in
                try write("half", in: making)
                throw Failure()
            })
        XCTAssertEqual(try filesBelow(above), [:])
        XCTAssertFalse(folder.exists)
        for text in ["first", "second"] {
            XCTAssertEqual(
                try folder.make { making in
                    try write(text, in: making)
                    return 7
                }, 7)
            XCTAssertEqual(try filesBelow(above), ["made/a": Data(text.utf8)])
        }
        XCTAssertThrowsError(try folder.make { _ in throw Failure() })
        XCTAssertEqual(try filesBelow(above), ["made/a": Data("second".utf8)])
    }

    func testAPlaceWhereNoFolderCanBe() throws {
        let file = try temporaryDirectory() + "/file"
        try Data().write(to: URL(fileURLWithPath: file))
        XCTAssertThrowsError(try WholeFolder(file + "/made").make { _ in }) {
            XCTAssertTrue($0 is WholeFolderError)
            XCTAssertTrue("\($0)".hasPrefix("\(file)/made: the folder can't be made ("), "\($0)")
        }
    }
}
