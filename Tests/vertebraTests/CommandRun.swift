import Foundation
import Glibc
import TestSupport
import XCTest

/// What came of running the command once.
struct CommandRun {
    var status: Int32
    var output: String
    var errors: String

    /// A command as it was built beside the tests.
    static func executable(_ name: String) -> URL {
        URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appendingPathComponent(name)
    }

    /// Runs `vertebra`, or another command, with these arguments to its end.
    static func of(
        _ arguments: [String], in folder: String? = nil, command: String = "vertebra", executable: URL? = nil
    ) throws -> CommandRun {
        let process = BackgroundCommand(arguments, in: folder, command: command, executable: executable)
        try process.start()
        return process.wait()
    }
}

/// The command while it runs; its output goes to files, so that no pipe can fill up.
final class BackgroundCommand {
    private let process = Process()
    private let output: URL
    private let errors: URL

    init(_ arguments: [String], in folder: String? = nil, command: String = "vertebra", executable: URL? = nil) {
        let stem = FileManager.default.temporaryDirectory.appendingPathComponent("vertebra-\(UUID().uuidString)")
        output = stem.appendingPathExtension("out")
        errors = stem.appendingPathExtension("err")
        process.executableURL = executable ?? CommandRun.executable(command)
        process.arguments = arguments
        if let folder { process.currentDirectoryURL = URL(fileURLWithPath: folder) }
    }

    func start() throws {
        for file in [output, errors] { _ = FileManager.default.createFile(atPath: file.path, contents: nil) }
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = try FileHandle(forWritingTo: errors)
        // Tests that nohup began ignore SIGHUP, and so would what they begin.
        let hangUp = Glibc.signal(SIGHUP, SIG_DFL)
        defer { _ = Glibc.signal(SIGHUP, hangUp) }
        try process.run()
    }

    var isRunning: Bool { process.isRunning }

    /// Waits until it has written something to a file, or has ended.
    func wait(for path: String) {
        let deadline = Date() + 120
        while Date() < deadline, isRunning, (FileManager.default.contents(atPath: path) ?? Data()).isEmpty {
            usleep(10_000)
        }
    }

    /// The bytes of addresses that it has at this moment; 0 once it has ended.
    var addressSpace: Int {
        let words = FileManager.default.contents(atPath: "/proc/\(process.processIdentifier)/statm") ?? Data()
        return
            (words.split(separator: UInt8(ascii: " ")).first.flatMap { Int(String(decoding: $0, as: UTF8.self)) } ?? 0)
            * sysconf(Int32(_SC_PAGESIZE))
    }

    /// The most bytes of memory that it had so far; 0 once it has ended.
    private var peakMemory: Int {
        let status = (try? String(contentsOfFile: "/proc/\(process.processIdentifier)/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") } ?? ""
        return (line.split { !$0.isNumber }.first.flatMap { Int($0) } ?? 0) * 1024
    }

    /// Runs to the end, and returns with it the most bytes of memory that it had, as far as that is seen in time.
    func waitMeasuringMemory() -> (run: CommandRun, peak: Int) {
        var peak = 0
        while isRunning {
            peak = max(peak, peakMemory)
            usleep(2_000)
        }
        return (wait(), peak)
    }

    /// What it has printed so far.
    var outputSoFar: String { (try? String(contentsOf: output, encoding: .utf8)) ?? "" }

    func interrupt() { signal(SIGINT) }

    func signal(_ number: Int32) { kill(process.processIdentifier, number) }

    func wait() -> CommandRun {
        process.waitUntilExit()
        defer { for file in [output, errors] { try? FileManager.default.removeItem(at: file) } }
        func text(_ file: URL) -> String { (try? String(contentsOf: file, encoding: .utf8)) ?? "" }
        return CommandRun(status: process.terminationStatus, output: text(output), errors: text(errors))
    }
}

/// Sends Ctrl-C to a command while it writes a video to `found` of its folder: it ends with 1, in words, and nothing is left.
func assertCtrlCLeavesNothingHalf(
    _ arguments: [String], in folder: String, file: StaticString = #filePath, line: UInt = #line
) throws -> CommandRun {
    let command = BackgroundCommand(arguments, in: folder)
    try command.start()
    func left() -> [String] { (try? FileManager.default.contentsOfDirectory(atPath: folder + "/found")) ?? [] }
    let deadline = Date().addingTimeInterval(120)
    while Date() < deadline, command.isRunning, !left().contains(where: { $0.hasSuffix(".partial") }) { usleep(5_000) }
    command.interrupt()
    let run = command.wait()
    XCTAssertEqual(run.status, 1, run.errors, file: file, line: line)
    for words in ["vertebra: stopped before frame ", " of clip.mp4; nothing unfinished was written"] {
        XCTAssertTrue(run.errors.contains(words), run.errors, file: file, line: line)
    }
    XCTAssertEqual(left(), [], file: file, line: line)
    return run
}

/// A tiny sample set and a tiny recipe on it, made once for all tests of the command.
enum TinyData {
    static let folder: Result<String, any Error> = Result {
        let folder = try processTemporaryPath()
        let made = try CommandRun.of(["data", "make", folder + "/samples", "--train", "8", "--val", "4", "--replace"])
        guard made.status == 0 else { throw TinyDataError(description: made.errors) }
        try Data(recipe.utf8).write(to: URL(fileURLWithPath: folder + "/tiny.yaml"))
        return folder
    }

    static var recipe: String {
        """
        \(tinyDetector(samples: "samples"))
        input:
          shorter_side: 64
          longer_side: 128
        training:
          epochs: 2
          batch: 4
          learning_rate: 0.01
          schedule: constant
          warmup_steps: 3
          clip_norm: 10
        """
    }
}

/// A tiny set of clips, eighteen in nine classes, and a tiny recipe on it.
enum TinyClips {
    /// A folder with clips and recipe, and with a run of one step in `run`, which tests only read.
    static let trained: Result<String, any Error> = Result {
        let folder = try processTemporaryPath()
        try write(to: folder)
        let trained = try CommandRun.of(["train", "clips.yaml", "--output", "run"], in: folder)
        guard trained.status == 0 else { throw TinyDataError(description: trained.errors) }
        return folder
    }

    /// Writes the clips to `clips` of a folder, in place of older ones, and the recipe to `clips.yaml`.
    static func write(to folder: String) throws {
        let made = try CommandRun.of(
            ["data", "make", "actions", folder + "/clips", "--train", "1", "--val", "1", "--replace"])
        guard made.status == 0 else { throw TinyDataError(description: made.errors) }
        try Data(recipe.utf8).write(to: URL(fileURLWithPath: folder + "/clips.yaml"))
    }

    private static let recipe = """
        task: classification
        model: {backbone: resnet3d26_0.25}
        data:
          root: clips/kinetics
          format: kinetics
          train: annotations/train.csv
          val: annotations/val.csv
          videos: train
          val_videos: val
        input: {side: 32, frames: 4, stride: 2, test_clips: 2, test_crops: 1}
        training: {epochs: 1, steps: 1, batch: 2, schedule: constant}
        """
}

struct TinyDataError: Error, CustomStringConvertible {
    let description: String
}
