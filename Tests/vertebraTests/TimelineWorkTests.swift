import Foundation
import Media
import TestSupport
import XCTest

/// `recognize --timeline`, by one short training on the built-in set of actions.
final class TimelineWorkTests: XCTestCase {
    private func clip(_ path: String, frames: Int) throws {
        let pictures = (0..<8).map { index in
            ByteImage(
                width: 160, height: 120, channels: 3,
                pixels: (0..<160 * 120 * 3).map { UInt8(truncatingIfNeeded: $0 / (index + 3)) })
        }
        try VideoWriter.write((0..<frames).map { pictures[$0 / 30 % 8] }, to: path, encoding: VideoEncoding(rate: 12.5))
    }

    private func json(_ data: Data) throws -> [String: Any] {
        let list = try XCTUnwrap(JSONSerialization.jsonObject(with: data) as? [[String: Any]])
        return try XCTUnwrap(list.first)
    }

    /// Windows from end to end, segments that follow from them, subtitles of these, and a video with the original's times
    /// and sound.
    func testATimelineInAllItsForms() throws {
        let run = try TinyClips.trained.get() + "/run", folder = try temporaryDirectory()
        try SoundClip.write(to: folder + "/clip.mp4", sound: "aac")
        let options = [
            "--timeline", "--enter", "0", "--leave", "0", "--top", "3", "--window", "0.5s", "--stride", "0.25",
        ]
        let command = ["recognize", "clip.mp4", "--checkpoint", run] + options
        let printed = try CommandRun.of(command + ["--srt", "a.srt", "--draw", "a.mkv"], in: folder)
        XCTAssertEqual(printed.status, 0, printed.errors)
        XCTAssertEqual(printed.errors, "")
        let found = try json(Data(printed.output.utf8))
        let original = try VideoReader(path: folder + "/clip.mp4"), length = try XCTUnwrap(original.duration)
        XCTAssertEqual(found["duration"] as? Double ?? 0, length, accuracy: 0.001)
        let method = try XCTUnwrap(found["method"] as? [String: Any])
        XCTAssertEqual(
            ["window", "stride", "smoothing", "bridge", "shortest"].map { method[$0] as? Double },
            [0.5, 0.25, 0.25, 0.25, 0.25])
        let windows = try XCTUnwrap(found["windows"] as? [[String: Any]])
        XCTAssertEqual(windows.count, 7)
        for (index, window) in windows.enumerated() {
            XCTAssertEqual(window["start"] as? Double ?? -1, min(0.25 * Double(index), length - 0.5), accuracy: 0.001)
            XCTAssertEqual(window["end"] as? Double ?? -1, min(0.25 * Double(index) + 0.5, length), accuracy: 0.001)
            let classes = try XCTUnwrap(window["classes"] as? [[String: Any]])
            let smoothed = classes.compactMap { $0["smoothed"] as? Double }
            XCTAssertEqual(smoothed.count, 3)
            XCTAssertEqual(smoothed, smoothed.sorted(by: >))
        }
        let segments = try XCTUnwrap(found["segments"] as? [[String: Any]])
        XCTAssertFalse(segments.isEmpty)
        XCTAssertEqual(segments.first?["start"] as? Double, 0)
        XCTAssertEqual(segments.last?["end"] as? Double ?? 0, length, accuracy: 0.001)

        let cues = try String(contentsOfFile: folder + "/a.srt", encoding: .utf8)
        XCTAssertEqual(cues.components(separatedBy: " --> ").count - 1, segments.count)
        XCTAssertTrue(cues.hasPrefix("1\n00:00:00,000 --> 00:00:"), cues)
        let name = try XCTUnwrap(segments.first?["name"] as? String)
        XCTAssertTrue(cues.contains("\n\(name) "), cues)

        let drawn = try VideoReader(path: folder + "/a.mkv")
        XCTAssertEqual(drawn.container, "matroska")
        XCTAssertEqual(drawn.frameCount, original.frameCount)
        for index in 0..<drawn.frameCount {
            let (a, b) = (drawn.time(ofFrame: index) ?? -1, original.time(ofFrame: index) ?? -2)
            XCTAssertEqual(a, b, accuracy: 0.0015, "frame \(index)")
        }
        let (before, after) = (try SoundClip.facts(folder + "/clip.mp4"), try SoundClip.facts(folder + "/a.mkv"))
        XCTAssertEqual([after.packets], [before.packets])
        XCTAssertEqual(after.hash, before.hash)
        // The strip lies on the lower edge, and its white mark moves from one end to the other; segments have one colour each.
        let first = try drawn.image(at: 0), last = try drawn.image(at: drawn.frameCount - 1)
        func whiteness(_ image: ByteImage, _ x: Int) -> UInt8 {
            let start = ((image.height - 8) * image.width + x) * 3
            return image.pixels[start..<start + 3].min() ?? 0
        }
        let end = Int(Double(last.width) * 1.92 / 1.96)
        XCTAssertGreaterThan(whiteness(first, 0), 150)
        XCTAssertGreaterThan(whiteness(last, end), 150)
        XCTAssertLessThan(whiteness(last, 0), 130)
        XCTAssertLessThan(whiteness(first, end), 130)

        let written = try CommandRun.of(command + ["--output", "found", "--no-sound"], in: folder)
        XCTAssertEqual(written.status, 0, written.errors)
        XCTAssertTrue(written.output.hasPrefix("found/clip.mp4: 0:00.0–0:0"), written.output)
        XCTAssertEqual(
            try FileManager.default.contentsOfDirectory(atPath: folder + "/found").sorted(),
            ["clip.mp4", "clip.srt", "timeline.json"])
        let file = try json(Data(contentsOf: URL(fileURLWithPath: folder + "/found/timeline.json")))
        XCTAssertEqual((file["windows"] as? [[String: Any]])?.count, 7)
        XCTAssertEqual(file["subtitles"] as? String, "found/clip.srt")
        XCTAssertEqual(try SoundClip.facts(folder + "/found/clip.mp4").packets, 0)
    }

    /// The network's clip is 4 frames, 2 apart: 8 frames of 12.5 a second, half of them on each time.
    func testTheUsualWindowIsTheNetworksClip() throws {
        let run = try TinyClips.trained.get() + "/run", folder = try temporaryDirectory()
        try clip(folder + "/clip.mp4", frames: 40)
        let found = try json(
            Data(
                try CommandRun.of(
                    ["recognize", "clip.mp4", "--checkpoint", run, "--timeline", "--top", "9"], in: folder
                ).output.utf8)
        )
        let windows = try XCTUnwrap(found["windows"] as? [[String: Any]])
        XCTAssertEqual(windows.count, 9)
        XCTAssertEqual(windows[1]["start"] as? Double ?? 0, 0.32, accuracy: 1e-4)
        XCTAssertEqual(windows[1]["end"] as? Double ?? 0, 0.96, accuracy: 1e-4)
        XCTAssertEqual(windows.last?["end"] as? Double ?? 0, 3.2, accuracy: 1e-4)
        // A window is what `recognize` makes of the frames alone.
        try VideoReader(path: folder + "/clip.mp4").forEachFrame(in: 0..<8) { index, image in
            let frames = folder + "/frames"
            try FileManager.default.createDirectory(atPath: frames, withIntermediateDirectories: true)
            try ImageFile.writePNG(XCTUnwrap(image), to: frames + "/\(index).png")
        }
        let alone = try json(
            Data(try CommandRun.of(["recognize", "frames", "--checkpoint", run, "--top", "9"], in: folder).output.utf8))
        func probabilities(_ classes: Any?) -> [String: Double] {
            let list = classes as? [[String: Any]] ?? []
            return Dictionary(
                uniqueKeysWithValues: list.compactMap { entry in
                    (entry["name"] as? String).flatMap { name in (entry["probability"] as? Double).map { (name, $0) } }
                })
        }
        let one = probabilities(alone["classes"]), other = probabilities(windows[0]["classes"])
        let shared = one.keys.filter { other[$0] != nil }
        XCTAssertEqual(shared.count, 9)
        for name in shared { XCTAssertEqual(one[name] ?? 0, other[name] ?? 1, accuracy: 1e-3, name) }
    }

    func testADamagedVideo() throws {
        let run = try TinyClips.trained.get() + "/run", folder = try temporaryDirectory()
        try clip(folder + "/clip.mp4", frames: 120)
        var bytes = try Data(contentsOf: URL(fileURLWithPath: folder + "/clip.mp4"))
        let start = try XCTUnwrap(bytes.range(of: Data("mdat".utf8))).upperBound
        let middle = start + (bytes.count - start) / 2
        bytes.replaceSubrange(middle..<(middle + 400), with: Data(repeating: 0xFF, count: 400))
        try bytes.write(to: URL(fileURLWithPath: folder + "/broken.mp4"))
        let told = try CommandRun.of(
            ["recognize", "broken.mp4", "--checkpoint", run, "--timeline", "--draw", "a.mp4"], in: folder)
        XCTAssertEqual(told.status, 1)
        XCTAssertTrue(told.errors.contains("vertebra: broken.mp4 is corrupt at frame "), told.errors)
        let found = try json(Data(told.output.utf8))
        XCTAssertEqual((found["windows"] as? [Any])?.count, 29)
        XCTAssertNotNil(found["damage"])
        XCTAssertEqual(try XCTUnwrap(VideoReader(path: folder + "/a.mp4").duration), 9.6, accuracy: 0.01)
    }

    func testCtrlCLeavesNothingHalf() throws {
        let run = try TinyClips.trained.get() + "/run", folder = try temporaryDirectory()
        try clip(folder + "/clip.mp4", frames: 900)
        _ = try assertCtrlCLeavesNothingHalf(
            ["recognize", "clip.mp4", "--checkpoint", run, "--timeline", "--output", "found"], in: folder)
    }

    func testMemoryIsFlatInTheLengthOfTheVideo() throws {
        let run = try TinyClips.trained.get() + "/run", folder = try temporaryDirectory()
        let peaks = try [100, 800].map { frames in
            try clip(folder + "/clip.mp4", frames: frames)
            let command = BackgroundCommand(
                ["recognize", "clip.mp4", "--checkpoint", run, "--timeline", "--draw", "a.mp4"], in: folder)
            try command.start()
            let (ended, peak) = command.waitMeasuringMemory()
            XCTAssertEqual(ended.status, 0, ended.errors)
            XCTAssertGreaterThan(peak, 50 << 20)
            return peak
        }
        // A drawn frame has 0.23 MB: one that stayed of each would be 160 MB more.
        XCTAssertLessThan(peaks[1] - peaks[0], 40 << 20, "\(peaks)")
    }

    func testWrongCalls() throws {
        for options in [
            ["--window", "0"], ["--window", "3m"], ["--timeline", "--leave", "0.6"], ["--timeline", "--enter", "2"],
            ["--timeline", "--smooth=-1"], ["--timeline", "--draw", "a.avi"], ["--srt", "a.srt"],
        ] {
            XCTAssertEqual(
                try CommandRun.of(["recognize", "x.mp4", "--checkpoint", "c"] + options).status, 64, "\(options)")
        }
        let run = try TinyClips.trained.get() + "/run", folder = try temporaryDirectory()
        for name in ["a", "b"] { try clip("\(folder)/\(name).mp4", frames: 8) }
        let two = try CommandRun.of(
            ["recognize", "a.mp4", "b.mp4", "--checkpoint", run, "--timeline", "--srt", "a.srt"], in: folder)
        XCTAssertEqual(two.status, 64)
        XCTAssertTrue(two.errors.contains("--srt is for one video, and there are 2"), two.errors)
        let itself = try CommandRun.of(
            ["recognize", "a.mp4", "--checkpoint", run, "--timeline", "--draw", "a.mp4"], in: folder)
        XCTAssertEqual(itself.status, 64)
        XCTAssertTrue(itself.errors.contains("which is the video itself"), itself.errors)
        let nowhere = try CommandRun.of(
            ["recognize", "a.mp4", "--checkpoint", run, "--timeline", "--draw", "none/a.mp4"], in: folder)
        XCTAssertEqual(nowhere.status, 1)
        XCTAssertTrue(nowhere.errors.contains("none"), nowhere.errors)
    }
}
