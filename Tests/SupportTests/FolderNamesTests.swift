import Foundation
import Support
import TestSupport
import XCTest

final class FolderNamesTests: XCTestCase {
    func testANameThatIsNotUTF8IsFound() throws {
        let folder = try temporaryDirectory()
        XCTAssertNil(FolderNames.firstUnreadable(in: folder + "/none"))
        for name in ["ok.jpg", "caf\u{E9}.jpg"] {
            XCTAssertTrue(FileManager.default.createFile(atPath: folder + "/" + name, contents: nil))
        }
        XCTAssertNil(FolderNames.firstUnreadable(in: folder))
        for name in [".x\u{FF}", "caf\u{E9}.jpg", "cag\u{E9}"] {
            let bytes =
                (folder + "/").utf8CString.dropLast() + name.unicodeScalars.map { CChar(truncatingIfNeeded: $0.value) }
            let descriptor = (bytes + [0]).withUnsafeBufferPointer { open($0.baseAddress!, O_CREAT | O_WRONLY, 0o600) }
            try XCTSkipIf(descriptor < 0, "this file system has no such names")
            close(descriptor)
        }
        XCTAssertEqual(FolderNames.firstUnreadable(in: folder), "caf\\xE9.jpg")
    }

    func testAFolderIsListed() throws {
        let folder = try temporaryDirectory()
        XCTAssertNil(FolderNames.list(folder + "/none"))
        XCTAssertEqual(FolderNames.list(folder)?.names, [])
        let names = ["a.jpg", ".hidden", "caf\u{E9}.jpg", "b b", String(repeating: "x", count: 255)]
        for name in names {
            XCTAssertTrue(FileManager.default.createFile(atPath: folder + "/" + name, contents: nil))
        }
        let (found, unreadable) = try XCTUnwrap(FolderNames.list(folder))
        XCTAssertEqual(Set(found), Set(names))
        XCTAssertNil(unreadable)
    }
}
