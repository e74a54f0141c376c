import Foundation
import Support
import TestSupport
import XCTest

final class FolderLockTests: XCTestCase {
    func testASecondOneIsToldOfTheFirst() throws {
        let folder = try temporaryDirectory()
        XCTAssertNoThrow(try FolderLock.requireFree(folder), "nobody was here yet")
        XCTAssertEqual(try FileManager.default.contentsOfDirectory(atPath: folder), [])
        var first: FolderLock? = try FolderLock(folder)
        XCTAssertNil(first?.absence)
        for attempt in [{ _ = try FolderLock(folder) }, { try FolderLock.requireFree(folder) }] {
            XCTAssertThrowsError(try attempt()) {
                let holder = ($0 as? FolderLock.Taken)?.holder ?? "\($0)"
                XCTAssertTrue(holder.hasPrefix("process \(getpid()) on "), holder)
            }
        }
        withExtendedLifetime(first) {}
        first = nil
        XCTAssertNoThrow(try FolderLock.requireFree(folder))
        _ = try FolderLock(folder)
        XCTAssertNoThrow(try FolderLock.requireFree(folder + "/none"))
    }

    func testAFileSystemWithoutLocksIsSaidInWords() throws {
        let lock = try FolderLock(temporaryDirectory()) { _, _ in
            errno = ENOLCK
            return -1
        }
        XCTAssertEqual(lock.absence, "No locks available")
    }

    func testAFolderThatCannotBeWrittenInIsNamed() throws {
        let folder = try temporaryDirectory() + "/none"
        XCTAssertThrowsError(try FolderLock(folder)) {
            XCTAssertTrue("\($0)".hasPrefix(folder + "/run.lock: it can't be written"), "\($0)")
        }
    }
}
