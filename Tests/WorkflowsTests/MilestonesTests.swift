import NN
import Workflows
import XCTest

final class MilestonesTests: XCTestCase {
    private func training(_ settings: String...) throws -> TrainingSection {
        struct Outer: Decodable { let training: TrainingSection }
        return try RecipeFile(text: "training: {epochs: 12}", path: "r.yaml", settings: settings).decode(Outer.self)
            .training
    }

    private func message(_ setting: String) -> String {
        do {
            _ = try training(setting)
            return "no error"
        } catch {
            return "\(error)"
        }
    }

    /// The steps at which the factor of the rate changes, of 12 epochs of 100 steps.
    private func changes(_ training: TrainingSection) -> [Int] {
        let schedule = training.learningRateSchedule(totalSteps: 1200, stepsPerEpoch: 100)
        return (1..<1200).filter { schedule.factor(step: $0) != schedule.factor(step: $0 - 1) }
    }

    func testTheThreeWaysOfSayingTheSame() throws {
        for milestones in ["{epochs: [8, 11]}", "{steps: [800, 1100]}", "[0.666667, 0.916667]"] {
            XCTAssertEqual(changes(try training("training.milestones=\(milestones)")), [800, 1100], milestones)
        }
        XCTAssertEqual(changes(try training("training.milestones={epochs: [2.5]}")), [250])
    }

    func testAWarmUpInEpochs() throws {
        let warm = try training("training.warmup_epochs=0.5", "training.milestones=[]")
            .learningRateSchedule(totalSteps: 1200, stepsPerEpoch: 100)
        XCTAssertEqual(warm.factor(step: 0), 1.0 / 50, accuracy: 1e-12)
        XCTAssertLessThan(warm.factor(step: 49), 1)
        XCTAssertEqual(warm.factor(step: 50), 1)
        XCTAssertThrowsError(try training("training.warmup_epochs=1", "training.warmup_steps=10")) {
            XCTAssertTrue("\($0)".contains("says the same as warmup_steps"), "\($0)")
        }
    }

    func testWhatIsRefused() {
        let reasons = [
            "[0.9, 0.5]": "shares of the training in 0…1, ascending. Epochs are {epochs: [85, 107]}",
            "[8, 11]": "must be shares",
            "{epochs: [11, 8]}": "milestones.epochs must be above 0, up to 1000000, ascending",
            "{steps: [0, 8]}": "milestones.steps must be above 0, ascending",
            "{epochs: [8], steps: [8]}": "or steps must be given",
            "{}": "or steps must be given",
            "{epoch: [8]}": "did you mean training.milestones.epochs?",
        ]
        for (text, reason) in reasons {
            let message = message("training.milestones=\(text)")
            XCTAssertTrue(message.contains(reason), "\(text): \(message)")
        }
    }
}
