import Workflows
import XCTest

final class TrainingSectionTests: XCTestCase {
    private func file(_ text: String, _ settings: String...) throws -> RecipeFile {
        try RecipeFile(text: text, path: "test.yaml", settings: settings)
    }

    func testThreadsAreReadOfAnyRecipe() throws {
        XCTAssertNil(try file("task: detection").threads())
        XCTAssertNil(try file("training: {epochs: 3}").threads())
        XCTAssertEqual(try file("training: {threads: 3}").threads(), 3)
        XCTAssertEqual(try file("task: classification", "training.threads=5").threads(), 5)
        XCTAssertThrowsError(try file("task: detection\ntraining: {threads: many}").threads()) {
            XCTAssertTrue("\($0)".contains("test.yaml:2"), "\($0)")
        }
    }
}
