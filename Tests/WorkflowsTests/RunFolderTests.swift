import Foundation
import TestSupport
import Workflows
import XCTest

final class RunFolderTests: XCTestCase {
    func testTheBestCheckpointOfARunComesFirst() throws {
        let folder = try temporaryDirectory()
        XCTAssertThrowsError(try RunFolder.checkpoint(at: folder)) {
            XCTAssertTrue("\($0)".contains("this folder holds no checkpoint"), "\($0)")
        }
        try Data().write(to: URL(fileURLWithPath: folder + "/last.safetensors"))
        XCTAssertEqual(try RunFolder.checkpoint(at: folder), folder + "/last.safetensors")
        try Data().write(to: URL(fileURLWithPath: folder + "/best.safetensors"))
        XCTAssertEqual(try RunFolder.checkpoint(at: folder), folder + "/best.safetensors")
        XCTAssertEqual(try RunFolder.checkpoint(at: folder + "/last.safetensors"), folder + "/last.safetensors")
    }

    func testFoldersThatCannotBeWritten() throws {
        let folder = try temporaryDirectory()
        try Data().write(to: URL(fileURLWithPath: folder + "/file"))
        XCTAssertThrowsError(try RunFolder(folder + "/file/run").prepare()) {
            XCTAssertTrue("\($0)".contains("can't be made"), "\($0)")
        }
        XCTAssertNoThrow(try RunFolder(folder + "/a/b").prepare())
        XCTAssertEqual(try FileManager.default.contentsOfDirectory(atPath: folder + "/a/b"), [])
    }
}
