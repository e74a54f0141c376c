import Benchmarks
import Foundation
import Tensors
import TestSupport
import XCTest

final class BenchmarkTests: XCTestCase {
    private final class Results {
        var all: [BenchmarkResult] = []
    }

    private let threads = Threads.count

    /// A benchmark sets the number of threads for the whole process.
    override func tearDown() { Threads.count = threads }

    private func benchmark(filter: String? = nil) -> (Benchmark, Results) {
        let results = Results()
        return (Benchmark(threads: 1, filter: filter) { results.all.append($0) }, results)
    }

    func testACaseRunsAsOftenAsItSays() throws {
        let (benchmark, results) = benchmark()
        var runs = 0
        benchmark.measure("sleep", batch: 3, warmUp: 2, runs: 5, perRun: 2, details: { ["seen": Double(runs)] }) {
            runs += 1
            usleep(2_000 * UInt32(runs))
        }
        XCTAssertEqual(runs, 7)
        let result = results.all[0]
        XCTAssertEqual(result.name, "sleep")
        XCTAssertEqual([result.threads, result.batch, result.runs], [1, 3, 5])
        XCTAssertEqual(result.details, ["seen": 7])
        // The first two runs aren't counted, and each time is divided by the two things of a run.
        let times = try XCTUnwrap(result.times)
        XCTAssertGreaterThanOrEqual(times.min, 3)
        XCTAssertLessThan(times.min, 5.9)
        XCTAssertGreaterThanOrEqual(times.median, 5)
        XCTAssertGreaterThanOrEqual(times.max, 7)
        XCTAssertNil(result.peakDeviceMemory)
    }

    func testTheFilterLeavesOthersOut() {
        let (benchmark, results) = benchmark(filter: "RoI")
        benchmark.measure("nms") { XCTFail("is left out") }
        benchmark.measure("roi_align", warmUp: 0, runs: 1) {}
        XCTAssertEqual(results.all.map(\.name), ["roi_align"])
    }

    func testCasesInTurnHaveRatiosToTheFirst() {
        let (benchmark, results) = benchmark()
        var order = ""
        benchmark.measureInTurn(
            [
                (
                    "a",
                    {
                        order += "a"; usleep(2_000)
                    }
                ),
                (
                    "b",
                    {
                        order += "b"; usleep(8_000)
                    }
                ),
            ], batch: 1, warmUp: 1, runs: 3)
        XCTAssertEqual(order, "abababab")
        XCTAssertEqual(results.all.map(\.runs), [3, 3])
        XCTAssertEqual(results.all[0].details["ratio_to_first"], 1)
        XCTAssertGreaterThan(results.all[1].details["ratio_to_first"] ?? 0, 1.5)
    }

    func testALineIsJSONWhateverTheName() throws {
        let (benchmark, results) = benchmark()
        benchmark.measure("3x3 \"quoted\" a/b", batch: 8, runs: 3, details: { ["ratio": 0.5, "lost": .nan] }) {
            usleep(1_000)
        }
        let result = results.all[0]
        let line = try XCTUnwrap(JSONSerialization.jsonObject(with: Data(result.line.utf8)) as? [String: Any])
        XCTAssertEqual(line["case"] as? String, "3x3 \"quoted\" a/b")
        let median = try XCTUnwrap(result.times).median
        XCTAssertEqual(try XCTUnwrap(line["median_ms"] as? Double), median, accuracy: 1e-4)
        XCTAssertEqual(line["peak_MiB"] as? Int, result.peakMemory)
        XCTAssertEqual(line["ratio"] as? Double, 0.5)
        XCTAssertTrue(line["lost"] is NSNull, result.line)
        XCTAssertTrue(
            result.text.hasPrefix("3x3 \"quoted\" a/b: \(String(format: "%.3f", median)) ms ("), result.text)
        XCTAssertTrue(result.text.contains(", 3 runs, 1 threads, peak "), result.text)
    }

    /// A number above its limit fails a case, and so does one that is missing or no number.
    func testLimitsAreKeptOrNamed() throws {
        func result(_ details: [String: Double]) -> BenchmarkResult {
            BenchmarkResult(
                name: "compared", threads: 1, batch: 1, runs: 0, times: nil, peakMemory: nil, peakDeviceMemory: nil,
                details: details, limits: ["loss": 0.001, "boxes": 0])
        }
        let good = result(["loss": 0.001, "boxes": 0, "count": 7])
        XCTAssertEqual(good.exceeded, [])
        XCTAssertEqual(good.text, "compared: passed, boxes 0 of 0, count 7, loss 0.001 of 0.001")
        let line = try XCTUnwrap(JSONSerialization.jsonObject(with: Data(good.line.utf8)) as? [String: Any])
        XCTAssertEqual(line["passed"] as? Bool, true)
        XCTAssertEqual(line["limits"] as? [String: Double], ["loss": 0.001, "boxes": 0])
        XCTAssertNil(line["median_ms"])
        let bad = result(["loss": 0.002, "boxes": .nan])
        XCTAssertEqual(bad.exceeded, ["boxes", "loss"])
        XCTAssertTrue(bad.line.contains("\"passed\": false"), bad.line)
        XCTAssertEqual(bad.text, "compared: FAILED, boxes nan above 0, loss 0.002 above 0.001")
        XCTAssertEqual(result([:]).exceeded, ["boxes", "loss"])
    }
}
