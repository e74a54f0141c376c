import Foundation
import NN
import XCTest

final class LearningRateScheduleTests: XCTestCase {
    private func assertTable(
        _ schedule: LearningRateSchedule, _ table: KeyValuePairs<Int, Double>, file: StaticString = #filePath,
        line: UInt = #line
    ) {
        for (step, factor) in table {
            XCTAssertEqual(
                schedule.factor(step: step), factor, accuracy: 1e-12, "step \(step)", file: file, line: line)
        }
    }

    func testTables() {
        assertTable(.constant, [0: 1, 1000: 1])
        assertTable(
            .multiStep(milestones: [16, 22], gamma: 0.1), [0: 1, 15: 1, 16: 0.1, 21: 0.1, 22: 0.01, 99: 0.01])
        assertTable(
            .cosine(total: 8), [0: 1, 2: (1 + 0.5.squareRoot()) / 2, 4: 0.5, 8: 0, 9: 0])
        assertTable(.cosine(total: 4, floor: 0.2), [0: 1, 2: 0.6, 4: 0.2])
    }

    func testAnExponentialRamp() {
        assertTable(.exponential(steps: 4, from: 0.01, to: 100), [0: 0.01, 1: 0.1, 2: 1, 3: 10, 4: 100, 9: 100])
    }

    func testWarmUpEndsWhereTheOtherScheduleIs() {
        assertTable(
            .linearWarmup(steps: 4, startFactor: 0.2, then: .multiStep(milestones: [2, 6], gamma: 0.5)),
            [0: 0.2, 1: 0.4, 2: 0.3, 3: 0.4, 4: 0.5, 5: 0.5, 6: 0.25])
        assertTable(.linearWarmup(steps: 0, then: .constant), [0: 1])
    }

    func testASchedulesTextGivesItBack() throws {
        let schedule = LearningRateSchedule.linearWarmup(steps: 5, startFactor: 0.1, then: .cosine(total: 90))
        let data = try JSONEncoder().encode(schedule)
        XCTAssertEqual(try JSONDecoder().decode(LearningRateSchedule.self, from: data), schedule)
    }
}
