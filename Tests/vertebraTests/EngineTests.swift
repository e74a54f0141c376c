import ArgumentParser
import Commands
import Foundation
import Support
import Tensors
import TestSupport
import VertebraEngine
import XCTest

/// The program `vertebra`, which loads little, and the engine that it becomes.
final class EngineTests: XCTestCase {
    /// The names of the libraries that the loader would load for a program.
    private func libraries(of program: String) throws -> [String] {
        let run = try CommandRun.of(
            ["LD_TRACE_LOADED_OBJECTS=1", CommandRun.executable(program).path],
            executable: URL(fileURLWithPath: "/usr/bin/env"))
        XCTAssertEqual(run.status, 0, run.errors)
        return run.output.split(separator: "\n").compactMap {
            $0.split(whereSeparator: \.isWhitespace).first.map(String.init)
        }
    }

    func testOnlyTheEngineLoadsLibtorch() throws {
        let (small, whole) = try (libraries(of: "vertebra"), libraries(of: "vertebra-engine"))
        for name in ["libtorch_cpu.so", "libc10.so", "libgomp.so", "libavcodec.so", "libcairo.so", "libjpeg.so"] {
            XCTAssertFalse(small.contains { $0.hasPrefix(name) }, name)
            XCTAssertTrue(whole.contains { $0.hasPrefix(name) }, name)
        }
        XCTAssertTrue(small.contains { $0.hasPrefix("libsimdjson.so") }, "\(small)")
    }

    /// All commands that do their work, with the words that lead to them.
    private func commands(
        _ parent: any ParsableCommand.Type = Vertebra.self, _ words: [String] = []
    ) -> [(words: [String], type: any ParsableCommand.Type)] {
        parent.configuration.subcommands.flatMap { type in
            let words = words + [type.configuration.commandName ?? ""]
            return type.configuration.subcommands.isEmpty ? [(words, type)] : commands(type, words)
        }
    }

    func testTheEngineHasTheWorkOfEveryCommandThatNeedsIt() {
        let commands = commands()
        XCTAssertEqual(commands.count, 28)
        for (words, type) in commands {
            XCTAssertTrue(type is any EngineWork.Type || !(type is any EngineCommand.Type), "\(words)")
        }
        let small = commands.filter { !($0.type is any EngineCommand.Type) }.map { $0.words.joined(separator: " ") }
        // `describe` needs the engine for files alone.
        XCTAssertEqual(small, ["models", "score coco", "score voc", "score errors", "score compare"])
    }

    /// Help and wrong calls need no engine: where it is missing, they are as they are beside it.
    func testHelpNeedsNoEngine() throws {
        let alone = try copiedProgram()
        let calls = commands().map(\.words) + [[], ["data"], ["data", "make"], ["score"]]
        for call in calls.flatMap({ [$0 + ["--help"], ["help"] + $0, $0 + ["--nonsense"]] }) {
            let (small, whole) = try (
                CommandRun.of(call, executable: alone), CommandRun.of(call, command: "vertebra-engine")
            )
            XCTAssertEqual(small.status, call.last == "--nonsense" ? 64 : 0, "\(call): \(small.errors)")
            XCTAssertEqual(small.status, whole.status, "\(call)")
            XCTAssertEqual(small.output, whole.output, "\(call)")
            XCTAssertEqual(small.errors, whole.errors, "\(call)")
        }
    }

    /// A copy of the program in a new folder, beside an engine of these lines of the shell, or none.
    private func copiedProgram(engine script: String? = nil) throws -> URL {
        let folder = try temporaryDirectory()
        let program = URL(fileURLWithPath: folder + "/vertebra")
        try FileManager.default.copyItem(at: CommandRun.executable("vertebra"), to: program)
        if let script {
            let engine = folder + "/vertebra-engine"
            try ("#!/bin/sh\n" + script + "\n").write(toFile: engine, atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: engine)
        }
        return program
    }

    func testAMissingEngineIsNamed() throws {
        let program = try copiedProgram()
        let engine = program.resolvingSymlinksInPath().deletingLastPathComponent().path + "/vertebra-engine"
        let run = try CommandRun.of(["train", "a.yaml"], executable: program)
        XCTAssertEqual(run.status, 1)
        XCTAssertEqual(
            run.errors,
            "vertebra: \(engine): there is no such file. It belongs beside vertebra: build both with "
                + "`swift build -c release --product vertebra`, or copy both\n")
        XCTAssertEqual(run.output, "")
        try "".write(toFile: engine, atomically: true, encoding: .utf8)
        let closed = try CommandRun.of(["train", "a.yaml"], executable: program)
        XCTAssertEqual(closed.status, 1)
        XCTAssertTrue(closed.errors.contains("vertebra-engine: can't be started (Permission denied)"), closed.errors)
    }

    func testArgumentsArriveToTheByte() throws {
        let program = try copiedProgram(engine: "printf '%s|' \"$@\"; exit 7")
        // A Latin-1 name, an empty one, spaces, quotes and a line feed.
        let call =
            #"exec "$0" train "$(printf 'caf\351.yaml')" --output '' --set 'a= "b" $c' --set "$(printf 'x\ny')" "#
        let run = BackgroundCommand(
            ["-c", call + " | od -An -v -tx1", program.path], executable: URL(fileURLWithPath: "/bin/sh"))
        try run.start()
        let found = run.wait().output.split(whereSeparator: \.isWhitespace).compactMap { UInt8($0, radix: 16) }
        let latin: [UInt8] = Array("train|caf".utf8) + [0xE9]
        XCTAssertEqual(found, latin + Array(".yaml|--output||--set|a= \"b\" $c|--set|x\ny|".utf8))
    }

    func testExitCodeSignalAndProcessAreTheEngines() throws {
        let code = try CommandRun.of(["train", "a.yaml"], executable: copiedProgram(engine: "exit 7"))
        XCTAssertEqual(code.status, 7)
        let killed = try CommandRun.of(
            ["-c", "\"$0\" train a.yaml; echo $?", copiedProgram(engine: "kill -TERM $$").path],
            executable: URL(fileURLWithPath: "/bin/bash"))
        XCTAssertEqual(killed.output, "143\n")
        let process = try CommandRun.of(
            ["-c", "echo $$; exec \"$0\" train a.yaml", copiedProgram(engine: "echo $$").path],
            executable: URL(fileURLWithPath: "/bin/sh"))
        let numbers = process.output.split(separator: "\n")
        XCTAssertEqual(numbers.count, 2)
        XCTAssertEqual(numbers.first, numbers.last)
    }

    func testADefaultOfTheEnvironmentDoesNotReplaceWhatIsSet() {
        setenv("VERTEBRA_TEST_SET", "theirs", 1)
        Engine.setDefaults([
            .init("VERTEBRA_TEST_SET", "ours"), .init("VERTEBRA_TEST_UNSET", "ours", others: ["VERTEBRA_TEST_NEITHER"]),
            .init("VERTEBRA_TEST_SAID", "ours", others: ["VERTEBRA_TEST_SET"]),
        ])
        defer { for name in ["VERTEBRA_TEST_SET", "VERTEBRA_TEST_UNSET"] { unsetenv(name) } }
        XCTAssertNil(getenv("VERTEBRA_TEST_SAID"), "the user has said it in another way")
        XCTAssertEqual(getenv("VERTEBRA_TEST_SET").map { String(cString: $0) }, "theirs")
        XCTAssertEqual(getenv("VERTEBRA_TEST_UNSET").map { String(cString: $0) }, "ours")
    }

    /// libgomp prints what it was loaded with where it is asked to.
    func testThreadsThatWaitGiveTheProcessorUp() throws {
        func spinCount(_ variables: [String]) throws -> String? {
            let run = try CommandRun.of(
                ["-u", "OMP_WAIT_POLICY", "-u", "GOMP_SPINCOUNT", "OMP_DISPLAY_ENV=verbose"] + variables
                    + [CommandRun.executable("vertebra").path, "recipe", "--reference"],
                executable: URL(fileURLWithPath: "/usr/bin/env"))
            return run.errors.split(separator: "\n").first { $0.contains("GOMP_SPINCOUNT") }.map(String.init)
        }
        XCTAssertTrue(try XCTUnwrap(spinCount([])).contains("'10000'"))
        XCTAssertTrue(try XCTUnwrap(spinCount(["GOMP_SPINCOUNT=77"])).contains("'77'"))
        XCTAssertTrue(try XCTUnwrap(spinCount(["OMP_WAIT_POLICY=passive"])).contains("'0'"))
    }

    func testAnUnknownLevelOfInstructionsIsRefused() throws {
        let run = try CommandRun.of(
            ["VERTEBRA_ISA=avx3", CommandRun.executable("vertebra").path, "recipe", "--reference"],
            executable: URL(fileURLWithPath: "/usr/bin/env"))
        XCTAssertEqual(run.status, 2)
        XCTAssertEqual(
            run.errors, "vertebra: VERTEBRA_ISA is avx3; it can be one of baseline, avx2, avx512, avx512_bf16, amx\n")
    }

    /// The loader tells what it calls as a process ends.
    func testTheEngineEndsWithoutTearingDown() throws {
        let run = try CommandRun.of(
            ["LD_DEBUG=files", CommandRun.executable("vertebra").path, "recipe", "--reference"],
            executable: URL(fileURLWithPath: "/usr/bin/env"))
        XCTAssertEqual(run.status, 0)
        XCTAssertTrue(run.output.hasSuffix("\n"), "the output was cut short: …\(run.output.suffix(80))")
        XCTAssertTrue(run.errors.contains("calling init:"))
        XCTAssertFalse(run.errors.contains("calling fini:"))
    }

    func testVersion() throws {
        let (small, whole) = try (
            CommandRun.of(["--version"]), CommandRun.of(["--version"], command: "vertebra-engine")
        )
        XCTAssertEqual(small.status, 0, small.errors)
        XCTAssertEqual(small.output, "vertebra \(Release.version), libtorch \(Libtorch.builtVersion)\n")
        XCTAssertEqual(small.output, whole.output)
    }
}
