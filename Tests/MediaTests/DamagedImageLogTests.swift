import Media
import Support
import XCTest

final class DamagedImageLogTests: XCTestCase {
    private func warning(_ name: String, _ kind: MediaWarning.Kind = .damaged, cause: String = "bad code") throws
        -> MediaWarning
    {
        let text = #"{"kind": "\#(kind.rawValue)", "name": "\#(name)", "cause": "\#(cause)"}"#
        return try JSONDecoder().decode(MediaWarning.self, from: Data(text.utf8))
    }

    func testEachFileCountsOnceInTheOrderOfNames() throws {
        let log = DamagedImageLog()
        for name in ["b.jpg", "a.jpg", "b.jpg", "c.jpg"] { log.add(try warning(name)) }
        log.add(try warning("whole.jpg", .irregular))
        log.add(try warning("a.jpg", .truncated, cause: "another"))
        XCTAssertEqual(log.images.map(\.name), ["a.jpg", "b.jpg", "c.jpg"])
        XCTAssertEqual(log.images.map(\.cause), ["bad code", "bad code", "bad code"])
    }

    func testManyThreadsTell() throws {
        let log = DamagedImageLog()
        let warnings = try (0..<100).map { try warning("\(1000 + $0).jpg") }
        _ = parallelMap(count: 1000, threads: 4) { log.add(warnings[$0 % 100]) }
        XCTAssertEqual(log.images, warnings)
    }

    func testTheSummaryCountsAllAndNamesTheFirst() throws {
        XCTAssertNil([MediaWarning]().damageSummary)
        XCTAssertEqual(
            [try warning("a.jpg")].damageSummary,
            """
            1 damaged image was accepted:
              a.jpg is damaged; the picture was accepted as it came out: bad code
            """)
        let summary = try XCTUnwrap(try (1...40).map { try warning("\(100 + $0).jpg") }.damageSummary)
        XCTAssertTrue(summary.hasPrefix("40 damaged images were accepted:\n  101.jpg is"), summary)
        XCTAssertTrue(
            summary.hasSuffix("105.jpg is damaged; the picture was accepted as it came out: bad code\n  … and 35 more"))
    }

    func testADecoderTellsIt() throws {
        let log = DamagedImageLog()
        let bytes = try ImageFile.encodeJPEG(Fixture.picture(width: 40, height: 24))
        _ = try ImageFile.decode(bytes, name: "whole.jpg", options: DecodeOptions(.accept, telling: log))
        _ = try ImageFile.decode(
            Array(bytes.dropLast(60)), name: "cut.jpg", options: DecodeOptions(.accept, telling: log))
        XCTAssertEqual(log.images.map(\.name), ["cut.jpg"])
        XCTAssertEqual(log.images.first?.kind, .truncated)
        XCTAssertThrowsError(
            try ImageFile.decode(Array(bytes.dropLast(60)), options: DecodeOptions(.refuse, telling: log)))
    }
}
