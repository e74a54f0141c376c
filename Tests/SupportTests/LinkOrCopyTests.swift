import Foundation
import Support
import TestSupport
import XCTest

final class LinkOrCopyTests: XCTestCase {
    func testAFileGetsASecondName() throws {
        let folder = try temporaryDirectory(), files = FileManager.default
        try Data("x".utf8).write(to: URL(fileURLWithPath: folder + "/a"))
        try files.createDirectory(atPath: folder + "/inner", withIntermediateDirectories: true)
        try files.createSymbolicLink(atPath: folder + "/link", withDestinationPath: "a")
        for name in ["a", "link"] {
            let made = folder + "/inner/" + name
            XCTAssertTrue(try linkOrCopy(folder + "/" + name, to: made))
            let attributes = try files.attributesOfItem(atPath: made)
            XCTAssertEqual(attributes[.type] as? FileAttributeType, .typeRegular)
            XCTAssertEqual(
                attributes[.systemFileNumber] as? Int,
                try files.attributesOfItem(atPath: folder + "/a")[.systemFileNumber] as? Int)
        }
        XCTAssertThrowsError(try linkOrCopy(folder + "/gone", to: folder + "/b"))
        XCTAssertThrowsError(try linkOrCopy(folder + "/a", to: folder + "/no/b"))
    }
}
