import DataPipeline
import Foundation
import Media
import Support
import TestSupport
import XCTest

final class ClipIndexTests: XCTestCase {
    private func frame(_ index: Int) -> ByteImage {
        ByteImage(
            width: 32, height: 32, channels: 3, pixels: [UInt8](repeating: UInt8(20 + 7 * index % 200), count: 3072))
    }

    private func write(_ path: String, frames: Int) throws {
        try VideoWriter.write((0..<frames).map(frame), to: path, encoding: VideoEncoding(rate: 12.5))
    }

    /// Videos of 3, 5 and 7 frames, a folder of 4, and a file that is no video.
    private func videos() throws -> (root: String, names: [String]) {
        let root = try temporaryDirectory()
        let files = FileManager.default
        for name in ["v", "v/frames"] {
            try files.createDirectory(atPath: "\(root)/\(name)", withIntermediateDirectories: true)
        }
        try write(root + "/v/a b.mp4", frames: 3)
        try write(root + "/v/tab\tand \\ line\n.mp4", frames: 5)
        try write(root + "/v/c.mp4", frames: 7)
        for index in 0..<4 { try ImageFile.writePNG(frame(index), to: root + "/v/frames/\(index).png") }
        try Data(repeating: 7, count: 900).write(to: URL(fileURLWithPath: root + "/v/broken.mp4"))
        return (root, ["v/c.mp4", "v/a b.mp4", "v/tab\tand \\ line\n.mp4", "v/frames", "v/broken.mp4"])
    }

    private func frames(_ index: ClipIndex) -> [String: Int] {
        index.entries.compactMapValues { if case .frames(let count, _, _) = $0.content { count } else { nil } }
    }

    private let expected = ["v/c.mp4": 7, "v/a b.mp4": 3, "v/tab\tand \\ line\n.mp4": 5, "v/frames": 4]

    private func bytes(_ path: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path)) }

    /// Leaves the time of modification as it is, or sets another one.
    private func overwrite(_ path: String, with data: Data, later seconds: Double = 0) throws {
        let time = try XCTUnwrap(modified(path))
        try data.write(to: URL(fileURLWithPath: path))
        var times = [timespec](repeating: time, count: 2)
        times[1].tv_sec += Int(seconds)
        XCTAssertEqual(utimensat(AT_FDCWD, path, times, 0), 0)
    }

    private func modified(_ path: String) -> timespec? {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mtim : nil
    }

    func testCountsAreTheReadersAndWhatCannotBeReadIsNamed() throws {
        let (root, names) = try videos()
        var index = ClipIndex(root: root), calls: [[Int]] = []
        let update = index.update(videos: names + ["v/gone.mp4"], threads: 2) {
            false
        } progress: {
            calls.append([$0, $1])
        }
        XCTAssertEqual([update.opened, update.known, update.left, update.dropped], [6, 0, 0, 0])
        XCTAssertEqual(frames(index), expected)
        for name in names where name.hasSuffix(".mp4") && !name.contains("broken") {
            let reader = try VideoReader(path: root + "/" + name)
            let seconds = try XCTUnwrap(reader.duration)
            XCTAssertEqual(
                index.entries[name]?.content, .frames(reader.frameCount, rate: Double(reader.frameCount) / seconds),
                name)
        }
        XCTAssertEqual(index.entries["v/frames"]?.content, .frames(4, rate: nil))
        for (name, reason) in [("v/broken.mp4", "it is not an MP4"), ("v/gone.mp4", "it can't be read: No such file")] {
            guard case .unreadable(let found)? = index.entries[name]?.content else {
                XCTFail("\(name) is not known to be unreadable")
                continue
            }
            XCTAssertTrue(found.hasPrefix(reason), found)
            XCTAssertFalse(found.contains(root), "the index can be moved with the data: \(found)")
        }
        XCTAssertEqual(calls.last, [6, 6])
        XCTAssertEqual(index.notes, [])
    }

    /// What is in the files is replaced under the same sizes and times: who opened them would see it.
    func testASecondUpdateOpensNothing() throws {
        let (root, names) = try videos()
        var index = ClipIndex(root: root)
        _ = index.update(videos: names, threads: 2)
        let before = try bytes(index.file)
        for name in names where name != "v/frames" {
            let path = root + "/" + name
            try overwrite(path, with: Data(repeating: 0, count: bytes(path).count))
        }
        var again = ClipIndex(root: root)
        let update = again.update(videos: names, threads: 2)
        XCTAssertEqual([update.opened, update.known, update.left, update.dropped], [0, 5, 0, 0])
        XCTAssertEqual(again.entries, index.entries)
        XCTAssertEqual(try bytes(index.file), before)
    }

    func testWhatHasChangedIsOpenedAgain() throws {
        let (root, names) = try videos()
        var index = ClipIndex(root: root)
        _ = index.update(videos: names, threads: 2)
        // Equal size at another time, another size at the same time, one frame more, the first frame replaced, a video mended.
        try overwrite(root + "/v/c.mp4", with: Data(repeating: 0, count: bytes(root + "/v/c.mp4").count), later: 1)
        let other = try temporaryDirectory() + "/other.mp4"
        try write(other, frames: 6)
        try overwrite(root + "/v/a b.mp4", with: bytes(other))
        try overwrite(root + "/v/broken.mp4", with: bytes(other))
        try ImageFile.writePNG(frame(9), to: root + "/v/frames/9.png")
        var again = ClipIndex(root: root)
        XCTAssertEqual(again.update(videos: names, threads: 2).opened, 4)
        XCTAssertEqual(
            frames(again), ["v/a b.mp4": 6, "v/broken.mp4": 6, "v/tab\tand \\ line\n.mp4": 5, "v/frames": 5])
        try overwrite(root + "/v/frames/0.png", with: Data("no picture".utf8))
        var third = ClipIndex(root: root)
        XCTAssertEqual(third.update(videos: names, threads: 1).opened, 1)
        guard case .unreadable(let reason)? = third.entries["v/frames"]?.content else { return XCTFail("it was read") }
        XCTAssertTrue(reason.hasPrefix("0.png: it is not a JPEG or PNG image"), reason)
    }

    func testAnotherSeriesOfFramesIsLookedAtAgain() throws {
        let root = try temporaryDirectory()
        try FileManager.default.createDirectory(atPath: root + "/v", withIntermediateDirectories: true)
        for name in ["x_1", "x_2", "x_5", "y_1", "y_2"] {
            try ImageFile.writePNG(frame(1), to: root + "/v/\(name).png")
        }
        func content(_ prefix: String?) -> ClipIndexEntry.Content? {
            var index = ClipIndex(root: root, framePrefix: prefix)
            _ = index.update(videos: ["v"], threads: 1)
            return index.entries["v"]?.content
        }
        guard case .unreadable(let reason)? = content(nil) else { return XCTFail("it was read") }
        XCTAssertTrue(reason.hasSuffix("its pictures begin with \"x_\" (3), \"y_\" (2)"), reason)
        XCTAssertEqual(content("x_"), .frames(3, rate: nil, lacking: 2))
        XCTAssertEqual(content("x_"), .frames(3, rate: nil, lacking: 2), "from the file")
        XCTAssertEqual(content("y_"), .frames(2, rate: nil))
        XCTAssertNotEqual(content(nil), .frames(2, rate: nil))
    }

    /// Another part's videos stay, unless they are gone.
    func testEntriesOfRemovedVideosAreDropped() throws {
        let (root, names) = try videos()
        var index = ClipIndex(root: root)
        _ = index.update(videos: names, threads: 1)
        try FileManager.default.removeItem(atPath: root + "/v/c.mp4")
        var part = ClipIndex(root: root)
        let update = part.update(videos: ["v/a b.mp4"], threads: 1)
        XCTAssertEqual([update.opened, update.known, update.left, update.dropped], [0, 1, 0, 1])
        XCTAssertEqual(ClipIndex(root: root).entries.keys.sorted(), names.filter { $0 != "v/c.mp4" }.sorted())
    }

    func testThreadsMakeNoDifference() throws {
        var (root, names) = try videos()
        // Long ones among short ones, so that threads overtake each other.
        try write(root + "/v/long.mp4", frames: 400)
        for number in 0..<30 {
            let name = "v/\(number).mp4", original = number % 3 == 0 ? "long" : "c"
            try FileManager.default.copyItem(atPath: "\(root)/v/\(original).mp4", toPath: "\(root)/\(name)")
            names.append(name)
        }
        let made = try [1, 3].map { threads in
            var index = ClipIndex(root: root, file: root + "/made/by\(threads).tsv")
            _ = index.update(videos: threads == 1 ? names : names.reversed(), threads: threads)
            return try bytes(index.file)
        }
        XCTAssertEqual(made[0], made[1])
        XCTAssertEqual(String(decoding: made[0], as: UTF8.self).split(separator: "\n").count, 37)
    }

    func testWhatWasDoneBeforeAStopIsKept() throws {
        let (root, names) = try videos()
        var index = ClipIndex(root: root), done = 0
        let stopped = index.update(videos: names, threads: 1) {
            done >= 2
        } progress: { count, _ in
            done = count
        }
        XCTAssertGreaterThanOrEqual(stopped.opened, 2)
        XCTAssertEqual(stopped.opened + stopped.left, 5)
        XCTAssertEqual(ClipIndex(root: root).entries.count, stopped.opened)
        var again = ClipIndex(root: root)
        let rest = again.update(videos: names, threads: 1)
        XCTAssertEqual([rest.opened, rest.known], [stopped.left, stopped.opened])
        XCTAssertEqual(frames(again), expected)
    }

    /// Bytes changed, cut off, doubled: each is noticed and mended.
    func testDamagedIndexesAreMadeAnew() throws {
        let (root, names) = try videos()
        var index = ClipIndex(root: root)
        _ = index.update(videos: names, threads: 1)
        let sound = try [UInt8](bytes(index.file))
        let title = "vertebra frames index ".utf8.count
        var random = SeededRandom(seed: 5, epoch: 0, index: 0)
        for number in 0..<400 {
            var damaged = sound
            switch number % 4 {
            case 0: damaged[random.integer(in: title...sound.count - 1)] ^= UInt8(1 << random.integer(below: 8))
            case 1: damaged.removeLast(random.integer(in: 1...sound.count - title))
            case 2:
                let place = random.integer(in: title...sound.count - 2)
                damaged.insert(damaged[place + 1] ^ UInt8(random.integer(in: 1...255)), at: place)
            default:
                let place = random.integer(in: title...sound.count - 41)
                damaged.removeSubrange(place..<place + random.integer(in: 1...40))
            }
            guard damaged != sound else { continue }
            try Data(damaged).write(to: URL(fileURLWithPath: index.file))
            var read = ClipIndex(root: root)
            XCTAssertEqual(read.entries, [:], "mutation \(number) was not noticed")
            XCTAssertTrue(read.notes.first?.contains(index.file) ?? false, "\(read.notes)")
            XCTAssertTrue(read.isKept)
            guard number % 20 < 4 else { continue }
            _ = read.update(videos: names, threads: 1)
            XCTAssertEqual(frames(read), expected)
            XCTAssertEqual(try [UInt8](bytes(index.file)), sound, "mutation \(number) was not mended")
        }
    }

    /// Lines that make no sense under a checksum that fits.
    func testForgedLinesAreRefused() throws {
        let (root, names) = try videos()
        var index = ClipIndex(root: root)
        _ = index.update(videos: names, threads: 1)
        let text = try String(decoding: bytes(index.file), as: UTF8.self)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropFirst().map(String.init)
        XCTAssertEqual(ClipIndexText.sealed(lines.joined(separator: "\n")), text)
        let forgeries = [
            "v/d.mp4\t-7\t25.0\t10\t10\t\t\t\t\t\t", "v/d.mp4\t7\tnan\t10\t10\t\t\t\t\t\t",
            "v/d.mp4\t7\t25\t10\t10\t\t\t\t\t",
            "v/d.mp4\t7\t25\t\t10\t\t\t\t\t\t", "v/d.mp4\t7\t25\t10\t10\tx\t\t\t\t\t",
            "v/d.mp4\t7\t25\t10\t10\t\t\t\tbroken\t\t",
            "v/d\\x.mp4\t7\t25\t10\t10\t\t\t\t\t\t", "\t7\t25\t10\t10\t\t\t\t\t\t", "",
            "v/d.mp4\t99999999999999999999\t\t1\t1\t\t\t\t\t\t", "v/d.mp4\t7\t25\t10\t10\t\t\t\t\t-1\t",
            "v/d.mp4\t7\t25\t10\t10\t\t\t\t\tsome\t",
            // Orders that make no sense, or are of another number of frames.
            "v/d.mp4\t7\t25\t10\t10\t\t\t\t\t\tA7", "v/d.mp4\t7\t25\t10\t10\t\t\t\t\t\t0123456789abcdefA6",
            lines[1],
        ]
        for line in forgeries {
            let forged = ClipIndexText.sealed((lines.dropLast() + [line, ""]).joined(separator: "\n"))
            try Data(forged.utf8).write(to: URL(fileURLWithPath: index.file))
            let read = ClipIndex(root: root)
            XCTAssertEqual(read.entries, [:], line)
            XCTAssertTrue(read.notes.first?.contains("makes no sense") ?? false, "\(line): \(read.notes)")
        }
    }

    func testWhatIsNoIndexIsLeftAlone() throws {
        let (root, names) = try videos()
        let list = Data("v/c.mp4 0\n".utf8)
        try list.write(to: URL(fileURLWithPath: root + "/list.txt"))
        for file in [root + "/list.txt", root + "/v"] {
            var index = ClipIndex(root: root, file: file)
            XCTAssertTrue(index.notes.first?.hasPrefix("\(file) ") ?? false, "\(index.notes)")
            _ = index.update(videos: names, threads: 1)
            XCTAssertEqual(frames(index), expected)
            XCTAssertEqual(index.notes.count, 1)
        }
        XCTAssertEqual(try bytes(root + "/list.txt"), list)
        // A place that can't be written.
        var index = ClipIndex(root: root, file: root + "/list.txt/index.tsv")
        _ = index.update(videos: names, threads: 1)
        XCTAssertEqual(frames(index), expected)
        XCTAssertEqual(index.notes.count, 1)
        XCTAssertTrue(index.notes.first?.contains("can't be written") ?? false, "\(index.notes)")
        XCTAssertFalse(index.isKept)
    }
}
