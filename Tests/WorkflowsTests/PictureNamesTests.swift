import Foundation
import TestSupport
import Workflows
import XCTest

final class PictureNamesTests: XCTestCase {
    func testEveryImageGetsAFileOfItsOwn() {
        var names = PictureNames(folder: "out", images: [], reserved: ["overview.jpg"])
        XCTAssertEqual(
            ["a/x.png", "b/x.jpg", "x-2.jpg", "overview.png", "a/x.png"].map { names.path(for: $0) },
            ["out/x.jpg", "out/x-2.jpg", "out/x-2-2.jpg", "out/overview-2.jpg", "out/x-3.jpg"])
    }

    func testAnImageIsNeverDrawnOver() throws {
        let folder = try temporaryDirectory()
        let link = try temporaryDirectory() + "/link"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: folder)
        var names = PictureNames(folder: link, images: [folder + "/./a.jpg", folder + "/b.png"])
        XCTAssertEqual(names.path(for: folder + "/./a.jpg"), link + "/a-2.jpg")
        XCTAssertEqual(names.path(for: folder + "/b.png"), link + "/b.jpg")
        let relative = FileManager.default.currentDirectoryPath
        var here = PictureNames(folder: relative, images: ["c.jpg"])
        XCTAssertEqual(here.path(for: "c.jpg"), relative + "/c-2.jpg")
        var short = PictureNames(folder: "out", images: ["c", "d"])
        XCTAssertEqual(short.path(for: "c"), "out/c.jpg")
    }
}
