import Commands
import Foundation
import Support
import TestSupport
import XCTest

/// A libtorch's version is told by whichever file its kind of folder has.
final class LibtorchFolderTests: XCTestCase {
    private func version(_ files: [String: String]) throws -> String? {
        let folder = try temporaryDirectory()
        for (name, text) in files {
            let path = "\(folder)/\(name)"
            try FileManager.default.createDirectory(
                atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
            try text.write(toFile: path, atomically: true, encoding: .utf8)
        }
        return LibtorchFolder(libraries: folder + "/lib").version
    }

    func testVersions() throws {
        let header = "#define TORCH_VERSION_MAJOR 2\n#define TORCH_VERSION_MINOR 11\n#define TORCH_VERSION_PATCH 1\n"
        XCTAssertEqual(
            try version(["version.py": "from typing import Optional\n\n__version__ = '2.13.0+cpu'\ncuda = None\n"]),
            "2.13.0")
        XCTAssertEqual(try version(["build-version": "2.12.1+cu126\n"]), "2.12.1")
        XCTAssertEqual(try version(["include/torch/headeronly/version.h": header]), "2.11.1")
        XCTAssertEqual(try version(["version.py": "__version__ = None\n", "build-version": "2.12.0\n"]), "2.12.0")
        XCTAssertNil(try version([:]))
        XCTAssertNil(
            try version(["build-version": "unknown\n", "include/torch/headeronly/version.h": "#define X 2\n"]))
    }

    /// The loader's own order: the variable before the program's run path.
    func testWhatTheLoaderFinds() throws {
        let folder = try temporaryDirectory()
        try FileManager.default.createDirectory(atPath: folder + "/lib", withIntermediateDirectories: true)
        try "".write(toFile: folder + "/lib/libtorch_cpu.so", atomically: true, encoding: .utf8)
        func words() throws -> String {
            try CommandRun.of(
                ["LD_LIBRARY_PATH=\(folder)/lib", CommandRun.executable("vertebra").path, "--version"],
                executable: URL(fileURLWithPath: "/usr/bin/env")
            ).output
        }
        XCTAssertEqual(try words(), "vertebra \(Release.version), libtorch of unknown version in \(folder)\n")
        try "9.8.7\n".write(toFile: folder + "/build-version", atomically: true, encoding: .utf8)
        XCTAssertEqual(try words(), "vertebra \(Release.version), libtorch 9.8.7\n")
    }
}
