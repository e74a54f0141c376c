import Foundation
import Media
import TestSupport
import Workflows
import XCTest

final class ClipSurveyTests: XCTestCase {
    /// An absolute path in a recipe is taken as it is, wherever the data's root is.
    func testAbsolutePathsOfARecipe() throws {
        let root = try temporaryDirectory(), elsewhere = try temporaryDirectory()
        for clip in ["one", "two"] {
            try FileManager.default.createDirectory(
                atPath: elsewhere + "/clips/" + clip, withIntermediateDirectories: true)
            for frame in 0..<3 {
                let image = ByteImage(width: 8, height: 8, filledWith: UInt8(frame))
                try ImageFile.writeJPEG(image, to: "\(elsewhere)/clips/\(clip)/\(frame).jpg")
            }
        }
        func write(_ text: String, _ name: String) throws {
            try Data(text.utf8).write(to: URL(fileURLWithPath: elsewhere + "/" + name))
        }
        try write("one 3 0\n", "train.txt")
        try write("two 3 1\n", "val.txt")
        try write("x\r\ny\r\n", "classes.txt")
        func survey(_ settings: [String] = []) throws -> ClipSurvey {
            let text = """
                task: classification
                model: {backbone: resnet3d26_0.25}
                data: {root: \(root), format: kinetics, train: \(elsewhere)/train.txt, val: \(elsewhere)/val.txt,
                  videos: \(elsewhere)/clips, classes: \(elsewhere)/classes.txt}
                input: {side: 32, frames: 2}
                """
            return try ClipSurvey(of: RecipeFile(text: text, path: "test.yaml", settings: settings))
        }
        let found = try survey()
        XCTAssertEqual(found.inventories.map(\.readable), [1, 1])
        XCTAssertEqual(found.inventories.map(\.frames), [3, 3])
        XCTAssertEqual(found.inventories.map(\.source), [elsewhere + "/train.txt", elsewhere + "/val.txt"])
        XCTAssertEqual(found.opened, 2)
        XCTAssertEqual(try survey().opened, 0, "the index knows them")
        // The file of names says what it is, with the recipe's line.
        try Data([0xFF, 0xFE, 0x78, 0]).write(to: URL(fileURLWithPath: elsewhere + "/classes.txt"))
        XCTAssertThrowsError(try survey()) {
            XCTAssertTrue(
                "\($0)".contains("test.yaml:4: data.classes: \(elsewhere)/classes.txt: it is UTF-16"), "\($0)")
        }
    }
}
