import Benchmarks
import Foundation
import Tensors
import TestSupport
import XCTest

final class PeerFileTests: XCTestCase {
    private let processor = Processor(name: "AMD EPYC", family: 25, model: 17, instructions: "AVX-512")

    /// The message of the error that reading a file of this text throws.
    private func message(_ text: String) throws -> String {
        let path = try temporaryDirectory() + "/figures.json"
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        do {
            _ = try PeerFile.read(path)
            XCTFail("is read: \(text)")
            return ""
        } catch {
            XCTAssertTrue("\(error)".hasPrefix(path + ": "), "\(error)")
            XCTAssertTrue(
                "\(error)".hasSuffix(". Measure it anew: tools/bench --peers PYTHON --output FILE."), "\(error)")
            return "\(error)"
        }
    }

    private func whole(_ cases: String, format: Int = 1, threads: Int = 2) -> String {
        """
        {"format": \(format), "processor": {"name": "AMD EPYC", "instructions": "AVX2"}, "threads": \(threads),
        "cases": [\(cases)]}
        """
    }

    private func one(_ name: String, own: String = "[1, 2]", other: String = "[2, 4]") -> String {
        """
        {"case": "\(name)", "date": "2026-01-31", "libtorch": "2.13.0", "program": "p", "versions": "p 1",
        "vertebra_ms": \(own), "peer_ms": \(other), "ratio": 9}
        """
    }

    func testWhatIsWrittenIsRead() throws {
        var file = PeerFile(processor: processor, threads: 2)
        file.put(figures([1.5, 1.6], name: "a/b"))
        file.put(figures([3], name: "second"))
        file.put(figures([2, 2.5], name: "a/b"))
        let path = try temporaryDirectory() + "/figures.json"
        try file.write(to: path)
        XCTAssertEqual(try PeerFile.read(path), file)
        XCTAssertEqual(file.cases.map(\.name), ["a/b", "second"])
        XCTAssertEqual(file["a/b"]?.ratio, 2.25)
        XCTAssertNil(file["third"])
        let text = try String(contentsOfFile: path, encoding: .utf8)
        XCTAssertEqual(text.split(separator: "\n").count { $0.contains("\"case\"") }, 2, text)
        XCTAssertTrue(text.contains("\"ratio\":2.25,\"spread\":0.5"), text)
    }

    /// A ratio that someone wrote by hand changes nothing.
    func testTheRatioFollowsFromTheTimes() throws {
        let path = try temporaryDirectory() + "/figures.json"
        try Data(whole(one("nms")).utf8).write(to: URL(fileURLWithPath: path))
        let file = try PeerFile.read(path)
        XCTAssertEqual(file["nms"]?.ratio, 2)
        XCTAssertNil(file["nms"]?.ownMemory)
        XCTAssertNil(file.processor.family)
    }

    func testABrokenFileIsNamedWithWhatToDo() throws {
        for (text, words) in [
            ("{", "figures.json: "),
            (whole(one("nms"), format: 2), "its format is 2, and this command reads 1"),
            (whole(one("nms"), threads: 0), "its threads are 0, and must be 1 or more"),
            (whole(""), "it has no cases"),
            (whole(one("nms") + "," + one("nms")), "it has the case 'nms' twice"),
            (whole(#"{"case": "nms"}"#), "there is no 'date'"),
            (whole(one("nms", own: "[]", other: "[]")), "the case 'nms' has 0 and 0 times"),
            (whole(one("nms", own: "[1]")), "the case 'nms' has 1 and 2 times"),
            (whole(one("nms", own: "[1, 0]")), "the case 'nms' has a time that is not above 0"),
            (whole(one("nms", own: "[1, \"a\"]")), "it is not of the type Double"),
        ] {
            let message = try message(text)
            XCTAssertTrue(message.contains(words), "\(words): \(message)")
        }
        XCTAssertThrowsError(try PeerFile.read("/nowhere/figures.json")) {
            XCTAssertTrue("\($0)".hasPrefix("/nowhere/figures.json: "), "\($0)")
        }
    }

    func testAnotherKindOfCPUIsRefused() throws {
        let file = PeerFile(processor: processor, threads: 2)
        XCTAssertNoThrow(try file.requireProcessor(processor, path: "x.json"))
        let older = Processor(name: "AMD EPYC", family: 25, model: 1, instructions: "AVX2")
        XCTAssertThrowsError(try file.requireProcessor(older, path: "x.json")) {
            XCTAssertEqual(
                "\($0)",
                "x.json: it was measured on AMD EPYC (family 25, model 17, AVX-512), and this is AMD EPYC (family 25, model 1, "
                    + "AVX2): a figure of one kind of CPU is no bar for another. Compare with a file of this kind, or make one "
                    + "with --output.")
        }
    }
}
