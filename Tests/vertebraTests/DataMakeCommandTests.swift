import Foundation
import TestSupport
import XCTest

final class DataMakeCommandTests: XCTestCase {
    func testAFolderThatIsThereIsLeftAloneUnlessToldOtherwise() throws {
        let folder = try TinyData.folder.get()
        for kind in [[], ["shapes"], ["actions"]] {
            let run = try CommandRun.of(["data", "make"] + kind + [folder + "/samples", "--train", "1", "--val", "1"])
            XCTAssertEqual(run.status, 1)
            XCTAssertTrue(run.errors.contains("exists already"), run.errors)
        }
    }

    func testActionsAreMadeInBothForms() throws {
        let folder = try temporaryDirectory()
        let run = try CommandRun.of(["data", "make", "actions", "clips", "--train", "1", "--val", "1"], in: folder)
        XCTAssertEqual(run.status, 0, run.errors)
        XCTAssertTrue(run.output.contains("9 training and 9 validation clips"), run.output)
        for path in ["kinetics/annotations/val.csv", "something/labels/labels.json", "something/videos/18.webm"] {
            XCTAssertTrue(FileManager.default.fileExists(atPath: "\(folder)/clips/\(path)"), path)
        }
    }

    func testNoClipsAreAMistake() throws {
        let run = try CommandRun.of(["data", "make", "actions", "clips", "--val", "0"])
        XCTAssertEqual(run.status, 64)
        XCTAssertTrue(run.errors.contains("above 0"), run.errors)
    }
}
