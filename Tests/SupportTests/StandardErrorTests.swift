import Foundation
import Support
import TestSupport
import XCTest

final class StandardErrorTests: XCTestCase {
    /// Calls `body` while standard error is the file of another descriptor.
    private func withStandardError(_ descriptor: Int32, _ body: () -> Void) {
        let saved = dup(STDERR_FILENO)
        dup2(descriptor, STDERR_FILENO)
        body()
        dup2(saved, STDERR_FILENO)
        close(saved)
    }

    /// `FileHandle.write` ends the process with signal 4 in the first case.
    func testAFullDiskIsPassedOverAndAFileIsWritten() throws {
        let full = open("/dev/full", O_WRONLY)
        try XCTSkipIf(full < 0, "there is no /dev/full")
        withStandardError(full) { writeToStandardError("lost\n") }
        close(full)
        let path = try temporaryDirectory() + "/errors.txt"
        let file = open(path, O_WRONLY | O_CREAT, 0o600)
        withStandardError(file) { writeToStandardError("né\n") }
        close(file)
        XCTAssertEqual(try String(contentsOfFile: path, encoding: .utf8), "né\n")
    }
}
