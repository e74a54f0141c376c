import Foundation
import TestSupport
import Training
import XCTest

final class EventFileTests: XCTestCase {
    func testAFileBeginsWithItsVersion() throws {
        let folder = try temporaryDirectory()
        let file = try EventFile(in: folder, time: 1_700_000_000.5)
        XCTAssertTrue(file.path.hasPrefix(folder + "/events.out.tfevents.1700000000."), file.path)
        XCTAssertTrue(file.path.contains(".\(ProcessInfo.processInfo.processIdentifier).0"), file.path)
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: file.path)))
        // The length of the record, its checksum, and the time's field.
        XCTAssertEqual(bytes.prefix(13), [24, 0, 0, 0, 0, 0, 0, 0, 0xA3, 0x7F, 0x4B, 0x22, 9])
        XCTAssertEqual(bytes.count, 8 + 4 + 24 + 4)
        let event = try XCTUnwrap(EventReader.events(file.path).first)
        XCTAssertEqual(event.version, "brain.Event:2")
        XCTAssertEqual(event.time, 1_700_000_000.5)
    }

    func testTwoFilesOfOneSecondHaveTwoNames() throws {
        let folder = try temporaryDirectory()
        let first = try EventFile(in: folder, time: 5), second = try EventFile(in: folder, time: 5)
        XCTAssertNotEqual(first.path, second.path)
        XCTAssertEqual(try EventReader.files(in: folder), [first.path, second.path])
    }

    func testEveryKindOfValueIsReadBack() throws {
        let file = try EventFile(in: temporaryDirectory(), time: 1)
        try file.append(
            [
                SummaryValue("loss", .scalar(1.5)), SummaryValue("loss/box", .scalar(.nan)),
                SummaryValue("large", .scalar(1e300)),
            ], step: 300, time: 2.25)
        try file.append(
            [
                SummaryValue("picture", .image(encoded: [1, 2, 200], width: 640, height: 480)),
                SummaryValue("recipe", .text("task: detection\nmodel: ☃\n")),
                SummaryValue(
                    "curve", .precisionRecall(.init(right: [3, 1, 0], wrong: [1, 1, 0], missed: [1, 3, 4]))),
            ], step: 301, time: 3)
        let events = try EventReader.events(file.path)
        XCTAssertEqual(events.count, 3)
        XCTAssertEqual(events[1].step, 300)
        XCTAssertEqual(events[1].time, 2.25)
        XCTAssertEqual(events[1].values.map(\.tag), ["loss", "loss/box", "large"])
        XCTAssertEqual(events[1].values[0].scalar, 1.5)
        XCTAssertTrue(try XCTUnwrap(events[1].values[1].scalar).isNaN)
        XCTAssertEqual(events[1].values[2].scalar, .infinity)

        let image = try XCTUnwrap(events[2].values[0].image)
        XCTAssertEqual([image.width, image.height, image.channels], [640, 480, 3])
        XCTAssertEqual(image.bytes, [1, 2, 200])
        let text = events[2].values[1]
        XCTAssertEqual(text.plugin, "text")
        XCTAssertEqual(text.shape, [1])
        XCTAssertEqual(text.texts, ["    task: detection\n    model: ☃\n    "])
        let curve = events[2].values[2]
        XCTAssertEqual(curve.plugin, "pr_curves")
        XCTAssertEqual(curve.pluginContent?.integer(2), 3)
        XCTAssertEqual(curve.shape, [6, 3])
        // Right, wrong, true negatives, missed, precision, recall.
        XCTAssertEqual(curve.floats, [3, 1, 0, 1, 1, 0, 0, 0, 0, 1, 3, 4, 0.75, 0.5, 0, 0.75, 0.25, 0])
    }

    func testAChangedByteIsFound() throws {
        let file = try EventFile(in: temporaryDirectory(), time: 1)
        try file.append([SummaryValue("loss", .scalar(1))], step: 1, time: 2)
        let whole = [UInt8](try Data(contentsOf: URL(fileURLWithPath: file.path)))
        for place in whole.indices {
            var bytes = whole
            bytes[place] ^= 0x10
            try Data(bytes).write(to: URL(fileURLWithPath: file.path))
            XCTAssertThrowsError(try EventReader.events(file.path), "byte \(place)")
        }
    }

    func testAFolderThatIsNotThereIsNamed() {
        XCTAssertThrowsError(try EventFile(in: "/no/such/folder", time: 1)) {
            XCTAssertTrue("\($0)".hasPrefix("/no/such/folder/events.out.tfevents.1."), "\($0)")
            XCTAssertTrue("\($0)".contains("No such file or directory"), "\($0)")
        }
    }

    func testAFullDiskIsSaid() throws {
        let full = open("/dev/full", O_WRONLY)
        try XCTSkipIf(full < 0, "there is no /dev/full")
        let file = EventFile(path: "events", descriptor: full)
        XCTAssertThrowsError(try file.append([SummaryValue("loss", .scalar(1))], step: 1, time: 2)) {
            XCTAssertTrue("\($0)".hasPrefix("events: can't be written (No space left on device)"), "\($0)")
        }
    }

    /// A file that may hold only so many bytes keeps its whole records.
    func testHalfARecordIsTakenBack() throws {
        let file = try EventFile(in: temporaryDirectory(), time: 1)
        try file.append([SummaryValue("loss", .scalar(1))], step: 1, time: 2)
        let whole = try Data(contentsOf: URL(fileURLWithPath: file.path)).count
        var old = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &old)
        let action = signal(SIGXFSZ, SIG_IGN)
        defer {
            setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &old)
            signal(SIGXFSZ, action)
        }
        var limit = rlimit(rlim_cur: rlim_t(whole + 30), rlim_max: old.rlim_max)
        XCTAssertEqual(setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit), 0)
        let picture = SummaryValue("picture", .image(encoded: [UInt8](repeating: 1, count: 90), width: 1, height: 1))
        XCTAssertThrowsError(try file.append([picture], step: 2, time: 3))
        XCTAssertEqual(try EventReader.events(file.path).count, 2)
    }
}
