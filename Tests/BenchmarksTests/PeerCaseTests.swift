import Benchmarks
import Foundation
import TestSupport
import XCTest

final class PeerCaseTests: XCTestCase {
    private let scripts =
        Golden.folder.deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("tools/peers")

    func testEveryCaseHasAnotherName() {
        let names = PeerCase.all.map(\.name)
        XCTAssertEqual(Set(names).count, names.count)
        XCTAssertGreaterThanOrEqual(names.count, 14)
        for one in PeerCase.all { XCTAssertFalse(one.peers.isEmpty, one.name) }
    }

    func testTheScriptsKnowTheCases() throws {
        for peer in PeerCase.all.flatMap(\.peers) {
            let script = scripts.appendingPathComponent(peer.script)
            let text = try String(contentsOf: script, encoding: .utf8)
            if peer.script == "compared.py" {
                XCTAssertTrue(
                    text.contains("\n    \(peer.arguments[0])") || text.contains(", \(peer.arguments[0])"),
                    peer.arguments[0])
            } else {
                XCTAssertEqual(peer.script, "ssd300.py")
                let name = peer.arguments[2].replacingOccurrences(of: ", channels_last", with: "")
                XCTAssertTrue(
                    ["training step, batch 8", "inference, batch 1", "inference, batch 8"].contains(name), name)
            }
        }
    }

    /// Every file of figures that is kept can be compared with, and its cases are still measured.
    func testTheKeptFilesAreOfTheseCases() throws {
        let folder = scripts.deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent(
            "docs/measured")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".json") }
        XCTAssertFalse(files.isEmpty)
        let known = Set(PeerCase.all.map(\.name))
        for name in files {
            let file = try PeerFile.read(folder.appendingPathComponent(name).path)
            for one in file.cases { XCTAssertTrue(known.contains(one.name), "\(name): \(one.name)") }
        }
    }
}
