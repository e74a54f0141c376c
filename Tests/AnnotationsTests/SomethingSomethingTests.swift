import Annotations
import Foundation
import TestSupport
import XCTest

final class SomethingSomethingTests: XCTestCase {
    private func write(_ files: [String: String]) throws -> String {
        let path = try temporaryDirectory()
        try FileManager.default.createDirectory(atPath: path + "/v", withIntermediateDirectories: true)
        for (name, text) in files { try Data(text.utf8).write(to: URL(fileURLWithPath: path + "/" + name)) }
        return path
    }

    private let labels = """
        {"Pulling something from right to left": "1", "Holding something": "2",
         "Pulling something from left to right": "0"}
        """

    func testRecords() throws {
        let path = try write([
            "labels.json": labels,
            "train.json": """
            [{"id": "7", "label": "holding a cup", "template": "Holding [something]", "placeholders": ["a cup"]},
             {"id": "12", "label": "…", "template": "Pulling [something] from left to right"},
             {"id": "13", "template": "Holding [something]"}]
            """, "v/7.webm": "", "v/12.mp4": "",
        ])
        let read = try SomethingSomething.read(
            path + "/train.json", labels: path + "/labels.json", videos: path + "/v")
        XCTAssertEqual(
            read.classNames,
            ["Pulling something from left to right", "Pulling something from right to left", "Holding something"])
        XCTAssertEqual(read.clips, [ClipRecord(path: "7.webm", label: 2), ClipRecord(path: "12.mp4", label: 0)])
        XCTAssertEqual(read.missing, ["13"])
        XCTAssertEqual(read.mirroredLabels, [1, 0, 2])
    }

    func testFoldersOfFramesAreVideos() throws {
        let path = try write([
            "labels.json": labels,
            "train.json": """
            [{"id": "7", "template": "Holding [something]"}, {"id": "12", "template": "Holding [something]"},
             {"id": "13", "template": "Holding [something]"}]
            """, "v/13.webm": "",
        ])
        for name in ["7/000001.jpg", "13/000001.jpg"] {
            let file = path + "/v/" + name
            try FileManager.default.createDirectory(
                atPath: (file as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
            try Data().write(to: URL(fileURLWithPath: file))
        }
        try FileManager.default.createDirectory(atPath: path + "/v/12", withIntermediateDirectories: true)
        let read = try SomethingSomething.read(
            path + "/train.json", labels: path + "/labels.json", videos: path + "/v")
        XCTAssertEqual(read.clips.map(\.path), ["7", "13.webm"])
        XCTAssertEqual(read.missing, ["12"])
    }

    func testAClassWithoutAMirrorImageForbidsMirroring() {
        let names = ["Turning left", "Leftovers on a plate"]
        XCTAssertNil(ClipAnnotations(source: "", classNames: names, clips: []).mirroredLabels)
        XCTAssertEqual(
            ClipAnnotations(source: "", classNames: ["Leftovers on a plate"], clips: []).mirroredLabels, [0])
    }

    func testAFileInUTF16IsNamed() throws {
        let path = try write(["labels.json": labels])
        try Data(utf16WithMark("[]")).write(to: URL(fileURLWithPath: path + "/train.json"))
        XCTAssertThrowsError(
            try SomethingSomething.read(path + "/train.json", labels: path + "/labels.json", videos: path + "/v")
        ) { XCTAssertTrue("\($0)".contains("train.json: it is UTF-16 text"), "\($0)") }
    }

    func testMistakesNameTheirRecord() throws {
        let path = try write([
            "labels.json": labels, "gap.json": #"{"a": "0", "b": "2"}"#, "list.json": "[1]",
            "unknown.json": #"[{"id": "1", "template": "Holding [something]"}, {"id": "2", "template": "Flying"}]"#,
            "twice.json":
                #"[{"id": "1", "template": "Holding [something]"}, {"id": "1", "template": "Holding [something]"}]"#,
            "test.json": #"[{"id": "9"}]"#,
        ])
        func place(_ name: String, labels: String = "labels.json") -> String? {
            do {
                _ = try SomethingSomething.read(path + "/" + name, labels: path + "/" + labels, videos: path + "/v")
            } catch let error as AnnotationError {
                return error.place
            } catch { XCTFail("\(error)") }
            return nil
        }
        XCTAssertEqual(place("unknown.json"), "record 2 (id 2)")
        XCTAssertEqual(place("twice.json"), "record 2 (id 1)")
        XCTAssertEqual(place("test.json"), "record 1 (id 9)")
        XCTAssertEqual(place("list.json"), "")
        XCTAssertEqual(place("missing.json"), "")
        XCTAssertEqual(place("unknown.json", labels: "gap.json"), "b")
        XCTAssertEqual(place("unknown.json", labels: "missing.json"), "")
    }
}
