import NN
import Training
import Workflows
import XCTest

final class LoggingSectionTests: XCTestCase {
    private func file(_ settings: String...) throws -> RecipeFile {
        try RecipeFile(
            text: "task: detection\nmodel: {backbone: resnet18}\ndata: {format: voc, train: {split: train}}",
            path: "r.yaml", settings: settings)
    }

    func testTheFilesOfEventsCanBeLeftOut() throws {
        XCTAssertTrue(try file().decode(DetectionRecipe.self).logging.tensorboard)
        XCTAssertFalse(try file("logging.tensorboard=false").decode(DetectionRecipe.self).logging.tensorboard)
        XCTAssertThrowsError(try file("logging.tensorboard=3").decode(DetectionRecipe.self)) {
            XCTAssertTrue("\($0)".contains("logging.tensorboard"), "\($0)")
        }
        XCTAssertThrowsError(try file("logging.tensor_board=true").decode(DetectionRecipe.self)) {
            XCTAssertTrue("\($0)".contains("did you mean logging.tensorboard?"), "\($0)")
        }
    }

    /// No step depends on what is written beside it.
    func testARunGoesOnWithOtherLogs() throws {
        let info = CheckpointInfo(
            classNames: ["a"], recipe: try file().text, step: 3, epoch: 0, batchInEpoch: 3, batchesPerEpoch: 9,
            accumulation: 1, seed: 0, optimizer: "SGD", learningRate: 0.02, schedule: .constant)
        let changes = try RecipeChanges(
            since: info, to: file("logging.tensorboard=false"), learningRate: 0.02,
            options: TrainingOptions(epochs: 12))
        XCTAssertEqual(changes.decisive, [])
        XCTAssertEqual(changes.harmless.map(\.key), ["logging.tensorboard"])
    }
}
