import Foundation
import Support
import TestSupport
import XCTest

final class WholeFileTests: XCTestCase {
    private func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    private func names(_ folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    }

    private func mode(_ path: String) -> mode_t {
        var status = stat()
        XCTAssertEqual(stat(path, &status), 0, path)
        return status.st_mode & 0o7777
    }

    private func error(_ body: () throws -> Void) -> WholeFileError? {
        do {
            try body()
            XCTFail("nothing was thrown")
            return nil
        } catch {
            return error as? WholeFileError
        }
    }

    /// A limit on the size of files makes writes fail as a full disk does.
    private func withFileSizeLimit(_ bytes: UInt, _ body: () throws -> Void) rethrows {
        var previous = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &previous)
        let handler = signal(SIGXFSZ, SIG_IGN)
        var limited = rlimit(rlim_cur: bytes, rlim_max: previous.rlim_max)
        setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limited)
        defer {
            setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &previous)
            signal(SIGXFSZ, handler)
        }
        try body()
    }

    func testAFileIsReplacedAtTheEndAndNotBefore() throws {
        let folder = try temporaryDirectory(), path = folder + "/a"
        try WholeFile.write("old", to: path)
        let file = try WholeFile(path: path)
        try file.write(Array("ne".utf8))
        try file.write(Array("w".utf8))
        XCTAssertEqual(try text(path), "old")
        XCTAssertEqual(try names(folder).count, 2)
        try file.commit()
        file.abandon()
        XCTAssertEqual(try text(path), "new")
        XCTAssertEqual(try names(folder), ["a"])
    }

    func testWhatIsNotCommittedLeavesNothing() throws {
        let folder = try temporaryDirectory(), path = folder + "/a"
        try WholeFile.write("old", to: path)
        do {
            let file = try WholeFile(path: path)
            try file.write([1, 2])
        }
        let file = try WholeFile(path: path)
        file.abandon()
        XCTAssertEqual(try text(path), "old")
        XCTAssertEqual(try names(folder), ["a"])
    }

    func testAFullDiskLeavesTheOldFileAlone() throws {
        let folder = try temporaryDirectory(), path = folder + "/a"
        try WholeFile.write("old", to: path)
        withFileSizeLimit(4096) {
            let failure = error { try WholeFile.write([UInt8](repeating: 7, count: 5000), to: path) }
            XCTAssertEqual(failure, WholeFileError(path: path, attempt: .write, code: EFBIG))
            XCTAssertEqual(failure?.description, "\(path): it can't be written: File too large. Check the space left.")
        }
        XCTAssertEqual(try text(path), "old")
        XCTAssertEqual(try names(folder), ["a"])
    }

    func testLinksAreWrittenThrough() throws {
        let folder = try temporaryDirectory(), files = FileManager.default
        try files.createDirectory(atPath: folder + "/deep", withIntermediateDirectories: true)
        try files.createSymbolicLink(atPath: folder + "/first", withDestinationPath: "deep/second")
        try files.createSymbolicLink(atPath: folder + "/deep/second", withDestinationPath: "../target")
        // The last of them leads to a file that is still to be made.
        for words in ["new", "newer"] {
            try WholeFile.write(words, to: folder + "/first")
            XCTAssertEqual(try text(folder + "/target"), words)
        }
        XCTAssertEqual(try files.destinationOfSymbolicLink(atPath: folder + "/first"), "deep/second")
        XCTAssertEqual(try names(folder), ["deep", "first", "target"])
        XCTAssertEqual(try names(folder + "/deep"), ["second"])

        try files.createSymbolicLink(atPath: folder + "/round", withDestinationPath: "round")
        XCTAssertEqual(error { try WholeFile.write("x", to: folder + "/round") }?.code, ELOOP)
    }

    func testAFolderADeviceAndAPipeAreRefused() throws {
        let folder = try temporaryDirectory(), pipe = folder + "/pipe"
        XCTAssertEqual(mkfifo(pipe, 0o600), 0)
        XCTAssertEqual(error { try WholeFile.write("x", to: folder) }?.attempt, .replaceFolder)
        for path in [pipe, "/dev/null"] {
            XCTAssertEqual(
                error { try WholeFile.write("x", to: path) }?.description,
                "\(path): it is a device or a pipe, not a file. Name a file.")
        }
        XCTAssertEqual(try names(folder), ["pipe"])
    }

    func testPermissions() throws {
        let path = try temporaryDirectory() + "/a"
        let mask = umask(0o027)
        defer { umask(mask) }
        try WholeFile.write("x", to: path)
        XCTAssertEqual(mode(path), 0o640)
        XCTAssertEqual(chmod(path, 0o604), 0)
        try WholeFile.write("y", to: path)
        XCTAssertEqual(mode(path), 0o604)
    }

    func testAFolderThatIsMissingOrClosed() throws {
        let folder = try temporaryDirectory()
        let missing = error { try WholeFile.write("x", to: folder + "/none/a") }
        XCTAssertEqual(missing?.code, ENOENT)
        XCTAssertEqual(missing?.reason, "No such file or directory")
        XCTAssertEqual(
            error { try WholeFile.requireWritable(folder + "/none/a") }?.description,
            "\(folder)/none/a: there is no folder \(folder)/none. Make it, or name another file.")
        XCTAssertNoThrow(try WholeFile.requireWritable(folder + "/a"))
        XCTAssertEqual(try names(folder), [])
        // Nobody, not even root, makes files there.
        XCTAssertEqual(error { try WholeFile.write("x", to: "/proc/self/a") }?.attempt, .open)
    }

    func testTwoWritersAtOnceLeaveOneOfTheirFilesWhole() throws {
        let folder = try temporaryDirectory(), path = folder + "/a"
        _ = try parallelMap(count: 40, threads: 4) { number in
            let file = try WholeFile(path: path, syncs: false)
            for _ in 0..<50 { try file.write([UInt8](repeating: UInt8(number), count: 100)) }
            try file.commit()
        }
        let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        XCTAssertEqual(bytes.count, 5000)
        XCTAssertEqual(Set(bytes).count, 1)
        XCTAssertEqual(try names(folder), ["a"])
    }

    func testNamesUpToTheLongestAndLeftovers() throws {
        let folder = try temporaryDirectory()
        let long = String(repeating: "é", count: 127)
        try WholeFile.write("x", to: folder + "/" + long)
        XCTAssertEqual(try names(folder), [long])

        let file = try WholeFile(path: folder + "/a.b")
        let leftover = (file.temporaryPath as NSString).lastPathComponent
        XCTAssertTrue(WholeFile.isLeftover(leftover, of: "a.b"), leftover)
        for name in ["a.b", "a.b.partial", "a.b.x.partial", "a.b.1-.partial", "a.b.1-2-3.partial", "1.a.b.1-2.partial"]
        {
            XCTAssertFalse(WholeFile.isLeftover(name, of: "a.b"), name)
        }
    }

    func testANewNameOfAFileReplacesAnother() throws {
        let folder = try temporaryDirectory()
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for (name, text) in [("a", "first"), ("b", "second")] {
            try WholeFile.write(text, to: folder + "/" + name)
        }
        try WholeFile.link(folder + "/b", as: folder + "/a")
        XCTAssertEqual(try String(contentsOfFile: folder + "/a", encoding: .utf8), "second")
        // Once more, where both are one file already.
        try WholeFile.link(folder + "/b", as: folder + "/a")
        XCTAssertEqual(try FileManager.default.contentsOfDirectory(atPath: folder).sorted(), ["a", "b"])
        XCTAssertThrowsError(try WholeFile.link(folder + "/none", as: folder + "/a"))
        XCTAssertEqual(try String(contentsOfFile: folder + "/a", encoding: .utf8), "second")
        XCTAssertEqual(try FileManager.default.contentsOfDirectory(atPath: folder).sorted(), ["a", "b"])
    }
}
