import Foundation
import TestSupport
import Workflows
import XCTest

final class NamedDataTests: XCTestCase {
    private func made(_ folder: String, folders: [String] = [], files: [String] = []) throws {
        for name in folders {
            try FileManager.default.createDirectory(atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
        }
        for name in files { try Data("{}".utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name)")) }
    }

    private func message(_ data: NamedData, _ task: VisionTask = .detection, isPublished: Bool = true) -> String {
        do {
            return "\(try data.settings(for: task, isPublished: isPublished))"
        } catch { return "\(error)" }
    }

    func testCOCO() throws {
        let folder = try temporaryDirectory()
        try made(
            folder, folders: ["annotations", "val2017", "other"],
            files: ["annotations/instances_val2017.json", "a.json"])
        let json = folder + "/annotations/instances_val2017.json"
        func expected(_ images: String, _ annotations: String) -> [String] {
            let part = "{annotations: \"\(annotations)\", images: \"\(images)\"}"
            return ["data.root=.", "data.format=coco", "data.train=\(part)", "data.val=\(part)"]
        }
        for isPublished in [true, false] {
            XCTAssertEqual(
                try NamedData(path: folder + "/a.json", images: folder + "/other").settings(
                    for: .detection, isPublished: isPublished), expected(folder + "/other", folder + "/a.json"))
            // The folder of the pictures in COCO's own layout.
            XCTAssertEqual(
                try NamedData(path: json).settings(for: .detection, isPublished: isPublished),
                expected(folder + "/val2017", json))
        }
        XCTAssertEqual(
            try NamedData(path: folder).settings(for: .detection, isPublished: true),
            expected(folder + "/val2017", json))
        XCTAssertEqual(
            try NamedData(path: folder).settings(for: .detection, isPublished: false), ["data.root=\(folder)"])
        XCTAssertTrue(message(.init(path: folder + "/a.json")).contains("needs --images, the folder of its pictures"))
        XCTAssertTrue(
            message(.init(path: folder + "/a.json", images: folder + "/none")).contains("there is no such folder"))
        XCTAssertTrue(message(.init(path: folder + "/none")).contains("there is no such file or folder"))
        XCTAssertTrue(message(.init(path: folder, images: folder)).contains("goes with an instances JSON"))
        XCTAssertTrue(message(.init(path: folder + "/other")).contains("holds neither COCO's"))
        XCTAssertTrue(message(.init(path: folder + "/a.json"), .classification).contains("is a file; name a folder"))
    }

    func testVOC() throws {
        let folder = try temporaryDirectory()
        try made(folder, folders: ["ImageSets/Main"], files: ["ImageSets/Main/val.txt", "ImageSets/Main/train.txt"])
        XCTAssertEqual(
            try NamedData(path: folder).settings(for: .detection, isPublished: true),
            ["data.root=\"\(folder)\"", "data.format=voc", "data.train={split: val}", "data.val={split: val}"])
    }

    func testFoldersOfClasses() throws {
        let folder = try temporaryDirectory()
        try made(folder, folders: ["val/cat", "flat/cat"])
        func settings(_ path: String) throws -> [String] {
            try NamedData(path: path).settings(for: .classification, isPublished: true)
        }
        XCTAssertEqual(try settings(folder), ["data.root=\(folder)", "data.val=val"])
        XCTAssertEqual(try settings(folder + "/flat"), ["data.root=\(folder)/flat", "data.val=."])
    }
}
