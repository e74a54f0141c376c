import Foundation
import TestSupport
import XCTest

/// `vertebra bench --peers` with programs that print a time and compute nothing.
final class PeerOptionsTests: XCTestCase {
    private var folder = ""

    override func setUpWithError() throws { folder = try temporaryDirectory() }

    private func program(_ name: String, milliseconds: Int) throws -> String {
        try program(
            name,
            #"echo '{"case": "nms 20000 boxes in 500x500, IoU 0.5", "median_ms": \#(milliseconds), "program": "eager PyTorch, jemalloc"}'"#
        )
    }

    /// A program of the shell that says it is Python.
    private func program(_ name: String, _ body: String) throws -> String {
        let path = folder + "/" + name
        try Data("#!/bin/sh\n[ \"$1\" != --version ] || exec echo Python 3.12.0\n\(body)\n".utf8).write(
            to: URL(fileURLWithPath: path))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        return path
    }

    private func bench(_ arguments: [String], milliseconds: Int = 10) throws -> CommandRun {
        try CommandRun.of(
            [
                "bench", "--peers", program("python", milliseconds: 30), "--vertebra",
                program("own", milliseconds: milliseconds), "--rounds", "2", "--filter", "nms",
            ] + arguments)
    }

    func testMeasuredKeptComparedAndFallen() throws {
        let file = folder + "/figures.json"
        let first = try bench(["--output", file])
        XCTAssertEqual(first.status, 0, first.errors)
        XCTAssertEqual(
            first.output,
            "nms: Vertebra 10 ms; eager PyTorch, jemalloc 30 ms; ratio 3.00 (3.00 to 3.00); not in the file\n")
        XCTAssertTrue(first.errors.hasSuffix(", 2 threads, 2 rounds\n"), first.errors)

        let same = try bench(["--against", file])
        XCTAssertEqual(same.status, 0, same.errors)
        XCTAssertTrue(same.output.hasSuffix("; then 3.00, may differ by 0.09: kept\n"), same.output)

        let slow = try bench(["--against", file, "--json"], milliseconds: 12)
        XCTAssertEqual(slow.status, 1, slow.errors)
        XCTAssertTrue(slow.output.contains("\"verdict\":\"fell\""), slow.output)
        XCTAssertTrue(slow.errors.hasSuffix("\nvertebra: fell by more than the spread: nms\n"), slow.errors)
    }

    func testAFileOfAnotherCPUIsRefused() throws {
        let file = folder + "/figures.json"
        XCTAssertEqual(try bench(["--output", file]).status, 0)
        let text = try String(contentsOfFile: file, encoding: .utf8)
        let other = text.replacingOccurrences(of: #""instructions":""#, with: #""instructions":"twice "#)
        XCTAssertNotEqual(other, text)
        try Data(other.utf8).write(to: URL(fileURLWithPath: file))
        let run = try bench(["--against", file])
        XCTAssertEqual(run.status, 1, run.output)
        XCTAssertEqual(run.output, "")
        XCTAssertTrue(run.errors.contains("a figure of one kind of CPU is no bar for another"), run.errors)
    }

    func testWrongCallsSayWhatToDo() throws {
        let python = try program("python", "exit 1")
        for (arguments, status, words) in [
            (["--against", "x.json"], 64, "--against goes with --peers: name a Python that has the other programs."),
            (["--peers", "no-such-python"], 64, "--peers: there is no program no-such-python."),
            (["--peers", "sh", "--filter", "nms"], 64, "/sh is not Python 3; its --version must print so."),
            (["operations", "--peers", "sh"], 64, "leave out operations, or choose with --filter."),
            (["--peers", python, "--filter", "frobnicate"], 2, "no case contains 'frobnicate'; the cases are: nms; "),
            (["--peers", python, "--against", "/nowhere.json"], 1, "/nowhere.json: "),
            (["--peers", python, "--filter", "nms"], 1, "vertebra: nothing could be measured"),
        ] {
            let run = try CommandRun.of(["bench"] + arguments)
            XCTAssertEqual(run.status, Int32(status), "\(arguments): \(run.errors)")
            XCTAssertTrue(run.errors.contains(words), "\(arguments): \(run.errors)")
        }
    }
}
