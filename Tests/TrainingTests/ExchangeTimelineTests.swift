import Foundation
import Tensors
import TestSupport
import Training
import XCTest

final class ExchangeTimelineTests: XCTestCase {
    private struct Event: Decodable {
        var name: String
        var ph: String
        var ts, dur, pid, tid: Int
    }

    /// Two steps: buckets one behind the other; and one within another, with a gap. The last one always leaves when the backward
    /// pass has computed all.
    func testEventsAndSummary() throws {
        let path = try temporaryDirectory() + "/timeline.json"
        let timeline = try ExchangeTimeline(path: path)
        XCTAssertNil(timeline.summary)
        // 0.1 to 0.3 and 0.4 to 0.6: 400 ms, of which 200 lie before 0.4.
        try timeline.add(
            .init(
                seconds: 0.6,
                transfers: [
                    .init(start: 0.1, end: 0.3, bytes: 1_000_000), .init(start: 0.4, end: 0.6, bytes: 26_200_000),
                ]))
        // 0.1 to 0.5, with 0.2 to 0.3 within it, and 0.6 to 0.8: 600 ms, 400 before 0.6.
        try timeline.add(
            .init(
                seconds: 0.8,
                transfers: [
                    .init(start: 0.1, end: 0.5, bytes: 1), .init(start: 0.2, end: 0.3, bytes: 1),
                    .init(start: 0.6, end: 0.8, bytes: 1),
                ]))
        XCTAssertEqual(
            timeline.summary,
            "gradients travelled for 500 ms of a step, 300 ms of them beside the backward pass (\(path))")
        let text = try String(contentsOfFile: path, encoding: .utf8)
        XCTAssertTrue(text.hasSuffix("},\n"))
        let events = try JSONDecoder().decode([Event].self, from: Data((text.dropLast(2) + "]").utf8))
        XCTAssertEqual(
            events.map(\.name),
            [
                "backward pass", "waiting for gradients", "bucket 1, 1.0 MB", "bucket 2, 26.2 MB", "backward pass",
                "waiting for gradients", "bucket 1, 0.0 MB", "bucket 2, 0.0 MB", "bucket 3, 0.0 MB",
            ])
        XCTAssertEqual(events.map(\.tid), [0, 0, 1, 2, 0, 0, 1, 2, 3])
        XCTAssertEqual(events[1].ts - events[0].ts, 400_000, accuracy: 2)
        XCTAssertEqual(events[3].ts - events[0].ts, 400_000, accuracy: 2)
        for (event, length) in zip(events, [400_000, 200_000, 200_000, 200_000]) {
            XCTAssertEqual(event.dur, length, accuracy: 2, event.name)
        }
        XCTAssertEqual(Set(events.map(\.ph)), ["X"])
    }

    func testAFileThatCannotBeWritten() throws {
        let path = try temporaryDirectory() + "/missing/timeline.json"
        XCTAssertThrowsError(try ExchangeTimeline(path: path)) {
            XCTAssertTrue("\($0)".hasPrefix("\(path): it can't be written: No such file or directory."), "\($0)")
        }
    }
}
