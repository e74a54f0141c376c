import Foundation
import TestSupport
import Training
import XCTest

final class MetricsLogTests: XCTestCase {
    private func step(_ number: Int) -> TrainingEvent {
        .step(
            StepReport(
                step: number, epoch: (number - 1) / 4, stepInEpoch: (number - 1) % 4 + 1, stepsPerEpoch: 4,
                losses: [.init(name: "class", value: 1.5), .init(name: "box", value: 0.25)], learningRate: 0.01,
                gradientNorm: 3, images: 8, seconds: 2, dataSeconds: 0.5))
    }

    private func evaluation(_ number: Int) -> TrainingEvent {
        .evaluated(EvaluationReport(step: number, epoch: 1, metrics: ["AP": .nan], isBest: false, seconds: 1))
    }

    func testARecordHoldsWhatTheStepReported() throws {
        let path = try temporaryDirectory() + "/metrics.jsonl"
        try MetricsLog(path: path).handle(step(2))
        let record = try XCTUnwrap(try MetricsLog.records(path).first)
        XCTAssertEqual(record.epoch, 0.5)
        XCTAssertEqual(record.loss, 1.75)
        XCTAssertEqual(record.losses, ["class": 1.5, "box": 0.25])
        XCTAssertEqual(record.imagesPerSecond, 4)
        XCTAssertEqual(record.dataShare, 0.25)
        let text = try String(contentsOfFile: path, encoding: .utf8)
        XCTAssertTrue(text.contains("\"learning_rate\":0.01"), text)
        XCTAssertEqual(text.filter { $0 == "\n" }.count, 1)
    }

    func testRecordsCanBeThinned() throws {
        let path = try temporaryDirectory() + "/metrics.jsonl"
        let log = MetricsLog(path: path, recordEvery: 3)
        for number in 1...8 { try log.handle(step(number)) }
        XCTAssertEqual(try MetricsLog.records(path).map(\.step), [3, 4, 6, 8])
    }

    func testRewindingDropsWhatComesAgain() throws {
        let path = try temporaryDirectory() + "/metrics.jsonl"
        let log = MetricsLog(path: path)
        for number in 1...6 { try log.handle(step(number)) }
        try log.handle(evaluation(6))
        try log.handle(step(7))
        func kinds() throws -> [String] {
            try MetricsLog.records(path).map { "\($0.kind.rawValue.first ?? " ")\($0.step)" }
        }
        try MetricsLog(path: path).rewind(to: 6, evaluationIsPending: false)
        XCTAssertEqual(try kinds(), ["s1", "s2", "s3", "s4", "s5", "s6", "e6"])
        try MetricsLog(path: path).rewind(to: 6, evaluationIsPending: true)
        XCTAssertEqual(try kinds(), ["s1", "s2", "s3", "s4", "s5", "s6"])
        try MetricsLog(path: path).rewind(to: 2, evaluationIsPending: false)
        XCTAssertEqual(try kinds(), ["s1", "s2"])
    }

    func testAFileThatCantBeWrittenIsNamed() {
        XCTAssertThrowsError(try MetricsLog(path: "/no/such/folder/metrics.jsonl").handle(step(1))) {
            XCTAssertTrue("\($0)".hasPrefix("/no/such/folder/metrics.jsonl: can't be written"), "\($0)")
        }
    }
}
