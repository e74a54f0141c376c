import Foundation
import TestSupport
import Training
import XCTest

final class MetricsTableTests: XCTestCase {
    private func step(_ number: Int, terms: [String] = ["class", "box"]) -> TrainingEvent {
        .step(
            StepReport(
                step: number, epoch: 0, stepInEpoch: number, stepsPerEpoch: 4,
                losses: terms.map { .init(name: $0, value: 0.25) }, learningRate: 0.01, gradientNorm: .infinity,
                images: 8, seconds: 2, dataSeconds: 0.5))
    }

    private func evaluation(_ number: Int) -> TrainingEvent {
        .evaluated(EvaluationReport(step: number, epoch: 1, metrics: ["loss": 0.5], isBest: true, seconds: 1))
    }

    private func started() -> TrainingEvent {
        .started(TrainingPlan(firstStep: 0, stepsPerEpoch: 4, parameterCount: 1))
    }

    /// The rows of a table by their columns; no cell of these tests has a comma.
    private func rows(_ folder: String) throws -> [[String: String]] {
        let text = try String(contentsOfFile: folder + "/metrics.csv", encoding: .utf8)
        XCTAssertTrue(text.hasSuffix("\n"))
        let lines = text.split(separator: "\n").map { $0.split(separator: ",", omittingEmptySubsequences: false) }
        return lines.dropFirst().map { line in
            XCTAssertEqual(line.count, lines[0].count)
            return Dictionary(uniqueKeysWithValues: zip(lines[0].map(String.init), line.map(String.init)))
                .filter { !$0.value.isEmpty }
        }
    }

    private func write(_ events: [TrainingEvent], into folder: String) throws {
        let log = MetricsLog(path: folder + "/metrics.jsonl")
        let table = MetricsTable(path: folder + "/metrics.csv", records: folder + "/metrics.jsonl")
        for event in events {
            try log.handle(event)
            try table.handle(event)
        }
    }

    func testTheTableHoldsTheRecords() throws {
        let folder = try temporaryDirectory()
        try write([started(), step(1), step(2), evaluation(2), step(3)], into: folder)
        let rows = try rows(folder)
        XCTAssertEqual(rows.map { $0["kind"] }, ["step", "step", "evaluation", "step"])
        XCTAssertEqual(rows.map { $0["step"] }, ["1", "2", "2", "3"])
        XCTAssertEqual(
            rows[0],
            [
                "kind": "step", "step": "1", "epoch": "0.25", "seconds": "2.0", "loss": "0.5", "losses.box": "0.25",
                "losses.class": "0.25", "learning_rate": "0.01", "gradient_norm": "Infinity",
                "images_per_second": "4.0", "data_share": "0.25",
            ])
        XCTAssertEqual(
            rows[2],
            [
                "kind": "evaluation", "step": "2", "epoch": "1.0", "seconds": "1.0", "metrics.loss": "0.5",
                "is_best": "true",
            ])
    }

    func testAResumedRunMayHaveFurtherTerms() throws {
        let folder = try temporaryDirectory()
        try write([started(), step(1), step(2)], into: folder)
        try MetricsLog(path: folder + "/metrics.jsonl").rewind(to: 1, evaluationIsPending: false)
        try write([started(), step(2, terms: ["class", "mask"])], into: folder)
        let rows = try rows(folder)
        XCTAssertEqual(rows.map { $0["step"] }, ["1", "2"])
        XCTAssertEqual(rows.map { $0["losses.mask"] }, [nil, "0.25"])
        XCTAssertEqual(rows.map { $0["losses.box"] }, ["0.25", nil])
    }

    func testNamesWithCommasAreQuoted() throws {
        let folder = try temporaryDirectory()
        try write([started(), step(1, terms: ["a,\"b\""])], into: folder)
        let text = try String(contentsOfFile: folder + "/metrics.csv", encoding: .utf8)
        XCTAssertTrue(text.contains("loss,\"losses.a,\"\"b\"\"\",learning_rate"), text)
    }

    /// A table whose file can't be written is tried again after an evaluation, and is whole then.
    func testAFileInTheWay() throws {
        let folder = try temporaryDirectory()
        let path = folder + "/metrics.csv"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        let log = MetricsLog(path: folder + "/metrics.jsonl")
        let table = MetricsTable(path: path, records: folder + "/metrics.jsonl")
        XCTAssertThrowsError(try table.handle(started())) {
            XCTAssertTrue("\($0)".hasPrefix("\(path): can't be written (it is a folder)"), "\($0)")
        }
        for event in [step(1), step(2)] {
            try log.handle(event)
            try table.handle(event)
        }
        try FileManager.default.removeItem(atPath: path)
        try log.handle(evaluation(2))
        try table.handle(evaluation(2))
        XCTAssertEqual(try rows(folder).map { $0["step"] }, ["1", "2", "2"])
    }
}
