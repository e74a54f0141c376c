import Commands
import Foundation
import TestSupport
import XCTest

/// The launcher of an archive of `tools/package`, on folders that look like PyTorch's.
final class PackagedLauncherTests: XCTestCase {
    /// An unpacked archive whose command prints what it was started with.
    private struct Archive {
        let folder: String
        let environment: [String: String]

        init(in folder: String) throws {
            self.folder = folder
            environment = ["PATH": folder + "/bin:/usr/bin:/bin", "HOME": folder + "/home"]
            let launcher = PackagedLauncherTests.checkout + "/tools/packaged/vertebra"
            try FileManager.default.copyItem(atPath: launcher, toPath: folder + "/vertebra")
            try write("torch=2.13.0\nglibc=2.17\n", "built-for")
            try write("#!/bin/sh\necho \"$LD_LIBRARY_PATH\"\necho \"$@\"\n", "libexec/vertebra", isProgram: true)
            // A Python that says what the file beside it holds.
            try write("#!/bin/sh\ncat \"${0%/*}/torch-is-in\"\n", "bin/python3", isProgram: true)
            try write("", "bin/torch-is-in")
        }

        func write(_ text: String, _ name: String, isProgram: Bool = false) throws {
            let path = folder + "/" + name
            try FileManager.default.createDirectory(
                atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
            try Data(text.utf8).write(to: URL(fileURLWithPath: path))
            if isProgram { try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path) }
        }

        /// A folder with a libtorch of a version, as a wheel has it.
        func makeTorch(_ version: String, in name: String, file: String = "version.py") throws -> String {
            try write("", name + "/lib/libtorch_cpu.so")
            let text =
                switch file {
                case "version.py": "from typing import Optional\n__version__ = '\(version)'\ndebug = False\n"
                case "build-version": version + "\n"
                default:
                    zip(["MAJOR", "MINOR", "PATCH"], version.split(separator: ".")).map {
                        "#define TORCH_VERSION_\($0) \($1)\n"
                    }.joined()
                }
            try write(text, name + "/" + file)
            return folder + "/" + name
        }

        func run(_ arguments: [String] = [], _ more: [String: String] = [:]) throws -> CommandRun {
            let variables = environment.merging(more) { $1 }.map { "\($0)=\($1)" }
            return try CommandRun.of(
                ["-i"] + variables + [folder + "/vertebra"] + arguments,
                executable: URL(fileURLWithPath: "/usr/bin/env"))
        }
    }

    fileprivate static let checkout = Golden.folder.deletingLastPathComponent().deletingLastPathComponent().path

    private func makeArchive() throws -> Archive { try Archive(in: temporaryDirectory()) }

    override func setUpWithError() throws {
        for root in ["/usr/local/lib", "/usr/lib", "/opt/conda/lib"] {
            for python in (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
            where python.hasPrefix("python3") {
                for packages in ["site-packages", "dist-packages"] {
                    let path = "\(root)/\(python)/\(packages)/torch"
                    if FileManager.default.fileExists(atPath: path) { throw XCTSkip("this machine has \(path)") }
                }
            }
        }
    }

    func testWithoutTorchItSaysWhatToInstall() throws {
        let run = try makeArchive().run(["models"])
        XCTAssertEqual(run.status, 1)
        XCTAssertEqual(run.output, "")
        XCTAssertTrue(run.errors.hasPrefix("vertebra: found no PyTorch. This archive computes with"), run.errors)
        for words in [
            "PyTorch 2.13.\n", "python3 -m pip install torch==2.13.0", "LIBTORCH=/path/to/site-packages/torch",
        ] {
            XCTAssertTrue(run.errors.contains(words), run.errors)
        }
    }

    func testAnotherVersionIsNamedWithItsPlace() throws {
        let archive = try makeArchive()
        let old = try archive.makeTorch("2.9.1+cu128", in: "old/torch")
        try archive.write(old + "\n", "bin/torch-is-in")
        let found = try archive.run()
        XCTAssertEqual(found.status, 1)
        XCTAssertTrue(
            found.errors.hasPrefix("vertebra: found PyTorch 2.9.1 in \(old); this archive was built for 2.13"),
            found.errors)
        let named = try archive.run([], ["LIBTORCH": old])
        XCTAssertEqual(named.status, 1)
        XCTAssertTrue(
            named.errors.hasPrefix("vertebra: LIBTORCH is \(old), which is version 2.9.1; this archive"), named.errors)
        let empty = try archive.run([], ["LIBTORCH": archive.folder])
        XCTAssertTrue(
            empty.errors.hasPrefix("vertebra: LIBTORCH is \(archive.folder), where there is no lib/libtorch_cpu.so"),
            empty.errors)
    }

    /// The first that fits is taken, its libraries before all others; arguments arrive as they are.
    func testTheRightOneIsFound() throws {
        let archive = try makeArchive()
        let old = try archive.makeTorch("2.12.0", in: "old/torch")
        let right = try archive.makeTorch("2.13.1+cpu", in: "env/lib/python3.12/site-packages/torch")
        try archive.write("", "env/lib/python3.12/site-packages/nvidia/cudnn/lib/libcudnn.so.9")
        try archive.write(old + "\n", "bin/torch-is-in")
        let run = try archive.run(
            ["train", "a recipe.yaml"],
            ["VIRTUAL_ENV": archive.folder + "/env", "LD_LIBRARY_PATH": "/some/where"])
        XCTAssertEqual(run.status, 0, run.errors)
        XCTAssertEqual(
            run.output,
            "\(right)/lib:\(right)/../nvidia/cudnn/lib:\(archive.folder)/lib:/some/where\ntrain a recipe.yaml\n")

        try archive.write(right + "\n", "bin/torch-is-in")
        XCTAssertEqual(try archive.run().status, 0)
        for file in ["build-version", "include/torch/headeronly/version.h"] {
            let libtorch = try archive.makeTorch("2.13.0", in: "lib-\(file.count)", file: file)
            let run = try archive.run([], ["LIBTORCH": libtorch])
            XCTAssertEqual(run.status, 0, run.errors)
            XCTAssertTrue(run.output.hasPrefix(libtorch + "/lib:"), run.output)
        }
    }

    /// The engine starts with the environment that the command would give it, and never with less of the user's own.
    func testTheEngineGetsItsEnvironment() throws {
        let archive = try makeArchive()
        let torch = try archive.makeTorch("2.13.0", in: "torch")
        try archive.write("#!/bin/sh\nexec /usr/bin/env\n", "libexec/vertebra", isProgram: true)
        func environment(_ more: [String: String]) throws -> Set<Substring> {
            let run = try archive.run([], more.merging(["LIBTORCH": torch]) { $1 })
            XCTAssertEqual(run.status, 0, run.errors)
            return Set(run.output.split(separator: "\n"))
        }
        XCTAssertFalse(Engine.environmentDefaults.isEmpty)
        for known in Engine.environmentDefaults {
            func isSet(_ environment: Set<Substring>) -> Bool {
                environment.contains { $0.hasPrefix(known.variable + "=") }
            }
            XCTAssertTrue(try environment([:]).contains("\(known.variable)=\(known.value)"))
            XCTAssertTrue(try environment([known.variable: "7"]).contains("\(known.variable)=7"))
            for other in known.others { XCTAssertFalse(isSet(try environment([other: "x"])), other) }
        }
    }

    func testAnOlderSystemIsToldSo() throws {
        let archive = try makeArchive()
        let torch = try archive.makeTorch("2.13.0", in: "torch")
        try archive.write("torch=2.13.0\nglibc=9.1\n", "built-for")
        let run = try archive.run([], ["LIBTORCH": torch])
        XCTAssertEqual(run.status, 1)
        XCTAssertTrue(run.errors.contains(", and this archive needs 9.1 or newer"), run.errors)
    }
}
