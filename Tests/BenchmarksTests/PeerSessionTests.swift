import Benchmarks
import Foundation
import Support
import Tensors
import TestSupport
import XCTest

/// Sessions with programs that print a time and compute nothing.
final class PeerSessionTests: XCTestCase {
    private let processor = Processor(name: "AMD EPYC", family: 25, model: 17, instructions: "AVX-512")
    private var folder = ""

    override func setUpWithError() throws {
        folder = try temporaryDirectory()
        // Forgets the stops of earlier tests.
        StopSignal.watching {}
    }

    /// A program of the shell that appends a letter to the file `order` each time.
    private func program(_ name: String, letter: String, _ body: String) throws -> String {
        let path = folder + "/" + name
        try Data("#!/bin/sh\nprintf \(letter) >> '\(folder)/order'\n\(body)\n".utf8).write(
            to: URL(fileURLWithPath: path))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        return path
    }

    private var order: String { (try? String(contentsOfFile: folder + "/order", encoding: .utf8)) ?? "" }

    /// A run whose own side takes a time, or does something else, and the other side likewise.
    private func run(own: String, other: String, rounds: Int = 3, threads: Int = 2) throws -> PeerRun {
        PeerRun(
            command: try program("vertebra", letter: "v", own), python: try program("python", letter: "p", other),
            scripts: folder, threads: threads, rounds: rounds)
    }

    private let nms = "nms 20000 boxes in 500x500, IoU 0.5"

    private func line(_ name: String, _ time: String, program: String = "eager PyTorch, jemalloc", _ more: String = "")
        -> String
    {
        #"echo '{"case": "\#(name)", "median_ms": \#(time), "peak_MiB": 40, "program": "\#(program)", "versions": "p 1"\#(more)}'"#
    }

    private func reports(of session: PeerSession) throws -> [PeerSession.Report] {
        var all: [PeerSession.Report] = []
        try session.measure { all.append($0) }
        return all
    }

    private func comparison(_ report: PeerSession.Report?) throws -> PeerComparison {
        guard case .measured(let comparison) = report else {
            XCTFail("\(String(describing: report))")
            throw XCTSkip("there is nothing to look at")
        }
        return comparison
    }

    private func write(_ figures: [PeerFigures], _ name: String = "then.json") throws -> String {
        try PeerFile(processor: processor, threads: 2, cases: figures).write(to: folder + "/" + name)
        return folder + "/" + name
    }

    func testSidesAreMeasuredInTurnAndKept() throws {
        // The own side's line stands among others; each side writes down its arguments.
        let run = try run(
            own: "echo \"$@\" > '\(folder)/own'; echo noise; " + line("other", "1") + ";" + line(nms, "10"),
            other: "echo \"$@ $GOMP_SPINCOUNT\" > '\(folder)/other'; " + line("whatever", "25"))
        let path = folder + "/now.json"
        let all = try reports(of: PeerSession(run, processor: processor, output: path, filter: "NMS"))
        XCTAssertEqual(order, "pvvppv")
        XCTAssertEqual(all.count, 1)
        let now = try comparison(all.first).now
        XCTAssertEqual(now.name, "nms")
        XCTAssertEqual([now.ownTimes, now.peerTimes], [[10, 10, 10], [25, 25, 25]])
        XCTAssertEqual([now.ownMemory, now.peerMemory], [40, 40])
        XCTAssertEqual([now.program, now.versions], ["eager PyTorch, jemalloc", "p 1"])
        XCTAssertEqual(try comparison(all.first).verdict, .new)
        func text(_ name: String) throws -> String { try String(contentsOfFile: folder + "/" + name, encoding: .utf8) }
        XCTAssertEqual(try text("own"), "bench --json --threads 2 operations --filter \(nms)\n")
        XCTAssertEqual(try text("other"), "\(folder)/compared.py nms --threads 2 \n")
        XCTAssertEqual(try PeerFile.read(path), PeerFile(processor: processor, threads: 2, cases: [now]))
    }

    /// A case measured again takes the place of the old figures, and the others stay.
    func testOtherCasesStayInTheFile() throws {
        let path = try write([figures([2], name: "nms"), figures([3], name: "roi_align")])
        let run = try run(own: line(nms, "10"), other: line("x", "50"), rounds: 1)
        _ = try reports(of: PeerSession(run, processor: processor, output: path, filter: "nms"))
        XCTAssertEqual(try PeerFile.read(path).cases.map(\.ratio), [5, 3])
    }

    func testAFallIsSeen() throws {
        let then = figures([2.6, 2.5, 2.4], name: "nms", program: "eager PyTorch, jemalloc")
        let path = try write([then, figures([1], name: "a case of tomorrow")])
        for (time, verdict) in [("10", PeerComparison.Verdict.kept), ("12", .fell), ("8", .rose)] {
            let run = try run(own: line(nms, time), other: line("x", "25"))
            let all = try reports(of: PeerSession(run, processor: processor, against: path))
            XCTAssertEqual(all.count, 2)
            XCTAssertEqual(try comparison(all.first).then, then)
            XCTAssertEqual(try comparison(all.first).verdict, verdict, time)
            guard case .notMeasured(let name, let reason, false) = all.last else { return XCTFail("\(all)") }
            XCTAssertEqual([name, reason], ["a case of tomorrow", "this command has no such case"])
        }
    }

    /// The file's program is measured, or said to be missing; another one that is there takes its place in no comparison.
    func testThePackageThatIsMissingIsNamed() throws {
        let other = "case \"$*\" in *OpenVINO*) echo '{\"missing\": \"openvino\"}'; exit 3;; esac; " + line("x", "25")
        let run = try run(own: line("resnet50 inference float32", "10"), other: other, rounds: 1)
        let name = "resnet50 inference, batch 1, float32"
        let first = try reports(of: PeerSession(run, processor: processor, filter: name))
        XCTAssertEqual(try comparison(first.first).now.ratio, 2.5)
        XCTAssertEqual(order, "ppv")
        let path = try write([figures([2], name: name, program: "OpenVINO")])
        let all = try reports(of: PeerSession(run, processor: processor, against: path))
        guard case .notMeasured(name, let reason, false) = all.first else { return XCTFail("\(all)") }
        XCTAssertEqual(
            reason,
            "\(folder)/python lacks openvino, which `\(folder)/python -m pip install -r \(folder)/requirements.txt` installs"
        )
    }

    func testAFailureOfEitherSideIsOne() throws {
        let good = (own: line(nms, "10"), other: line("x", "25"))
        for (own, other, words) in [
            ("echo no memory >&2; exit 1", good.other, "ended with 1: no memory"),
            (good.own, "echo Traceback >&2; echo 'ImportError: torch' >&2; exit 1", "ended with 1: ImportError: torch"),
            (good.own, "kill -9 $$", "ended with 9: it gave no reason"),
            (line("else", "10"), good.other, "printed 0 lines of the case '\(nms)', not one"),
            (good.own, "true", "printed 0 lines of a case, not one"),
            (line(nms, "0"), good.other, "median_ms must be above 0"),
            (
                line(nms, "10", ", \"AP\": 0.5"), line("x", "25", ", \"AP\": 0.4"),
                "the two sides' scores are not the same: [0.4, 0.5]"
            ),
        ] {
            let run = try run(own: own, other: other, rounds: 1)
            let all = try reports(of: PeerSession(run, processor: processor, filter: "nms"))
            guard case .notMeasured("nms", let reason, true) = all.first else {
                XCTFail("\(words): \(all)")
                continue
            }
            XCTAssertTrue(reason.contains(words), "\(words): \(reason)")
        }
        let run = PeerRun(command: folder, python: "/nowhere/python", scripts: folder, threads: 2, rounds: 1)
        guard
            case .notMeasured(_, let reason, true)? = try reports(
                of: PeerSession(run, processor: processor, filter: "nms")
            ).first
        else { return XCTFail("is measured") }
        XCTAssertTrue(reason.hasPrefix("/nowhere/python can't be started: "), reason)
    }

    func testWhatCannotBeComparedIsRefusedBeforeAnyMeasurement() throws {
        let path = try write([figures([2], name: "nms")])
        let run = try run(own: line(nms, "10"), other: line("x", "25"))
        let other = Processor(name: "Xeon", family: 6, model: 207, instructions: "AMX")
        for against in [path, nil] {
            let output = against == nil ? path : nil
            XCTAssertThrowsError(try PeerSession(run, processor: other, against: against, output: output)) {
                XCTAssertTrue("\($0)".contains("a figure of one kind of CPU is no bar for another"), "\($0)")
            }
            let one = PeerRun(command: run.command, python: run.python, scripts: folder, threads: 1, rounds: 1)
            XCTAssertThrowsError(try PeerSession(one, processor: processor, against: against, output: output)) {
                XCTAssertEqual(
                    "\($0)", "\(path) has figures with 2 threads; --threads 1 measures something else")
            }
        }
        XCTAssertThrowsError(try PeerSession(run, processor: processor, against: path, filter: "roi")) {
            XCTAssertEqual("\($0)", "no case contains 'roi'; the cases are: nms")
        }
        XCTAssertEqual(order, "")
    }

    func testBothSidesScoreTheSameFiles() throws {
        let own = "for word in \"$@\"; do case $word in */gt.json) cp $word '\(folder)/own.json';; esac; done; "
        let other = "for last; do :; done; cp $last/gt.json '\(folder)/other.json'; "
        let run = try run(
            own: own + line("vertebra", "10", ", \"AP\": 0.25"),
            other: other + line("x", "25", program: "hotcoco", ", \"AP\": 0.2500000001"), rounds: 2)
        let all = try reports(of: PeerSession(run, processor: processor, filter: "coco evaluation"))
        XCTAssertEqual(try comparison(all.first).now.ratio, 2.5)
        let files = try ["own", "other"].map { try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\($0).json")) }
        XCTAssertEqual(files[0], files[1])
        let truth = try XCTUnwrap(JSONSerialization.jsonObject(with: files[0]) as? [String: Any])
        XCTAssertEqual((truth["images"] as? [Any])?.count, 5000)
    }
}
