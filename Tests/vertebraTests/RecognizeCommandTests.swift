import Foundation
import Media
import TestSupport
import XCTest

/// `recognize`, by one short training on the built-in set of actions.
final class RecognizeCommandTests: XCTestCase {
    private func clip(_ path: String, frames: Int) throws {
        let pictures = (0..<8).map { index in
            ByteImage(
                width: 160, height: 120, channels: 3,
                pixels: (0..<160 * 120 * 3).map { UInt8(truncatingIfNeeded: $0 / (index + 3)) })
        }
        try VideoWriter.write((0..<frames).map { pictures[$0 % 8] }, to: path, encoding: VideoEncoding(rate: 12.5))
    }

    func testCtrlCLeavesNothingHalf() throws {
        let run = try TinyClips.trained.get() + "/run", folder = try temporaryDirectory()
        try clip(folder + "/clip.mp4", frames: 900)
        let ended = try assertCtrlCLeavesNothingHalf(
            ["recognize", "clip.mp4", "--checkpoint", run, "--output", "found"], in: folder)
        XCTAssertTrue(ended.errors.contains("Stopping; once more to quit at once"), ended.errors)
    }

    private func json(_ text: Data) throws -> [[String: Any]] {
        try XCTUnwrap(JSONSerialization.jsonObject(with: text) as? [[String: Any]])
    }

    private func json(file: String) throws -> [[String: Any]] {
        try json(Data(contentsOf: URL(fileURLWithPath: file)))
    }

    /// One that can't be read costs nothing of the others: a file and a folder of frames.
    func testABrokenVideoAmongOthers() throws {
        let run = try TinyClips.trained.get() + "/run", folder = try temporaryDirectory()
        try FileManager.default.createDirectory(atPath: folder + "/v/frames", withIntermediateDirectories: true)
        try clip(folder + "/v/a.mp4", frames: 12)
        try Data("no video".utf8).write(to: URL(fileURLWithPath: folder + "/v/b.mp4"))
        try Data("hidden".utf8).write(to: URL(fileURLWithPath: folder + "/v/._a.mp4"))
        let reader = try VideoReader(path: folder + "/v/a.mp4")
        try reader.forEachFrame { index, image in
            try ImageFile.writePNG(XCTUnwrap(image), to: folder + "/v/frames/\(index + 1).png")
        }
        let drawn = try CommandRun.of(["recognize", "v", "--checkpoint", run, "--output", "found"], in: folder)
        XCTAssertEqual(drawn.status, 1)
        XCTAssertTrue(drawn.errors.hasPrefix("vertebra: v/b.mp4 is not an MP4"), drawn.errors)
        XCTAssertTrue(drawn.errors.contains("vertebra: 1 of 3 videos are left out"), drawn.errors)
        let lines = drawn.output.split(separator: "\n")
        XCTAssertEqual(lines.map { $0.prefix { $0 != ":" } }, ["found/a.mp4", "found/frames.mp4", "numbers"])
        let numbers = try json(file: folder + "/found/recognized.json")
        XCTAssertEqual(numbers.compactMap { $0["video"] as? String }, ["v/a.mp4", "v/frames"])
        XCTAssertEqual(numbers.compactMap { $0["frames"] as? Int }, [12, 12])
        func best(_ video: [String: Any]) -> [Double] {
            (video["classes"] as? [[String: Any]] ?? []).compactMap { $0["probability"] as? Double }
        }
        guard numbers.count == 2 else { return }
        XCTAssertEqual(best(numbers[0]).count, 5)
        for (a, b) in zip(best(numbers[0]), best(numbers[1])) {
            XCTAssertEqual(a, b, accuracy: 0.02, "the same frames")
        }
        for name in ["a", "frames"] {
            XCTAssertEqual(try VideoReader(path: folder + "/found/\(name).mp4").frameCount, 12)
        }
        // To standard output: a list, as if it were written at once.
        let printed = try CommandRun.of(["recognize", "v", "--checkpoint", run], in: folder)
        XCTAssertEqual(printed.status, 1)
        XCTAssertEqual(
            try json(Data(printed.output.utf8)).compactMap { $0["video"] as? String }, ["v/a.mp4", "v/frames"])
        let frames = try CommandRun.of(["recognize", "v/frames", "v/a.mp4", "--checkpoint", run], in: folder)
        XCTAssertEqual(frames.status, 0, frames.errors)
        XCTAssertEqual(try json(Data(frames.output.utf8)).count, 2)
        let none = try CommandRun.of(["recognize", "v/b.mp4", "--checkpoint", run, "--output", "none"], in: folder)
        XCTAssertEqual(none.status, 1)
        XCTAssertEqual(try FileManager.default.contentsOfDirectory(atPath: folder + "/none"), [])
    }

    /// Who stops a long run has what was done.
    func testResultsAreToldAsTheyCome() throws {
        let run = try TinyClips.trained.get() + "/run", folder = try temporaryDirectory()
        try clip(folder + "/a.mp4", frames: 8)
        try clip(folder + "/clip.mp4", frames: 900)
        let command = BackgroundCommand(
            ["recognize", "a.mp4", "clip.mp4", "--checkpoint", run, "--output", "found"], in: folder)
        try command.start()
        let deadline = Date().addingTimeInterval(120)
        while Date() < deadline, command.isRunning, !command.outputSoFar.hasPrefix("found/a.mp4: ") { usleep(5_000) }
        XCTAssertTrue(command.isRunning, "it told nothing before its end")
        command.interrupt()
        let ended = command.wait()
        XCTAssertEqual(ended.status, 1, ended.errors)
        XCTAssertEqual(
            try json(file: folder + "/found/recognized.json").compactMap { $0["video"] as? String }, ["a.mp4"])
        XCTAssertEqual(
            try FileManager.default.contentsOfDirectory(atPath: folder + "/found").sorted(),
            ["a.mp4", "recognized.json"])
    }

    func testADrawnVideoLastsAsLongAndSounds() throws {
        let run = try TinyClips.trained.get() + "/run", folder = try temporaryDirectory()
        try SoundClip.write(to: folder + "/clip.mp4", sound: "aac")
        try SoundClip.write(to: folder + "/raw.avi", container: "avi", codec: "mpeg4", sound: "pcm_s16le")
        let arguments = ["recognize", "clip.mp4", "raw.avi", "--checkpoint", run, "--output", "found"]
        let drawn = try CommandRun.of(arguments, in: folder)
        XCTAssertEqual(drawn.status, 0, drawn.errors)
        let original = try VideoReader(path: folder + "/clip.mp4")
        let copy = try VideoReader(path: folder + "/found/clip.mp4")
        XCTAssertEqual(SoundClip.times(copy), SoundClip.times(original))
        XCTAssertEqual(try XCTUnwrap(copy.duration), try XCTUnwrap(original.duration), accuracy: 1e-3)
        let facts = try SoundClip.facts(folder + "/found/clip.mp4")
        XCTAssertGreaterThan(facts.packets, 60)
        XCTAssertEqual([facts.aspect_width, facts.aspect_height], [4, 3])
        XCTAssertTrue(
            drawn.errors.contains("vertebra: raw.avi: its sound is left out (pcm_s16le: the container"), drawn.errors)
        XCTAssertEqual(
            try json(file: folder + "/found/recognized.json").compactMap { $0["soundLeftOut"] as? String },
            ["pcm_s16le: the container of the copy does not take it"])
        let silent = try CommandRun.of(arguments + ["--no-sound"], in: folder)
        XCTAssertEqual(silent.status, 0, silent.errors)
        XCTAssertEqual(silent.errors, "")
        XCTAssertEqual(try SoundClip.facts(folder + "/found/clip.mp4").packets, 0)
    }

    /// A damaged frame of a folder is refused with the key, or accepted and named at the end; the drawn video has it too.
    func testADamagedFrameOfAFolder() throws {
        let run = try TinyClips.trained.get() + "/run", folder = try temporaryDirectory()
        try FileManager.default.createDirectory(atPath: folder + "/v", withIntermediateDirectories: true)
        for number in 1...6 {
            let pixels = (0..<96 * 64 * 3).map { UInt8(truncatingIfNeeded: $0 * number / 7) }
            try ImageFile.writeJPEG(
                ByteImage(width: 96, height: 64, channels: 3, pixels: pixels), to: "\(folder)/v/\(number).jpg")
        }
        let cut = folder + "/v/3.jpg", bytes = try XCTUnwrap(FileManager.default.contents(atPath: cut))
        try bytes.prefix(bytes.count / 2).write(to: URL(fileURLWithPath: cut))
        let recognize = ["recognize", "v", "--checkpoint", run, "--output", "found"]
        let refused = try CommandRun.of(recognize, in: folder)
        XCTAssertEqual(refused.status, 1)
        XCTAssertTrue(refused.errors.hasPrefix("vertebra: v/3.jpg is truncated: "), refused.errors)
        XCTAssertTrue(refused.errors.contains("--damaged-images accept."), refused.errors)
        let accepted = try CommandRun.of(recognize + ["--damaged-images", "accept"], in: folder)
        XCTAssertEqual(accepted.status, 0, accepted.errors)
        XCTAssertTrue(
            accepted.errors.contains("1 damaged image was accepted:\n  v/3.jpg is truncated"), accepted.errors)
        XCTAssertEqual(try VideoReader(path: folder + "/found/v.mp4").frameCount, 6)
    }

    /// A file of two videos: the stream that is asked for is recognised and drawn.
    func testAStreamIsChosenByItsNumber() throws {
        let run = try TinyClips.trained.get() + "/run", folder = try temporaryDirectory()
        try assertAStreamIsChosen(
            ["recognize", "two.mp4", "--checkpoint", run], in: folder, frames: 12, 20, drawnBy: clip)
        for (stream, frames) in [(0, 12), (1, 20)] {
            let numbers = try json(file: "\(folder)/\(stream)/recognized.json")
            XCTAssertEqual(numbers.compactMap { $0["frames"] as? Int }, [frames])
        }
    }

    func testPrecision() throws {
        let folder = try TinyClips.trained.get(), video = try temporaryDirectory() + "/a.mp4"
        try clip(video, frames: 20)
        let probabilities = try ["float32", "float16"].map { precision -> [Double] in
            let run = try CommandRun.of(
                ["recognize", video, "--checkpoint", "run", "--precision", precision], in: folder)
            XCTAssertEqual(run.status, 0, run.errors)
            let json = try JSONSerialization.jsonObject(with: Data(run.output.utf8))
            let first = try XCTUnwrap((json as? [[String: Any]])?.first)
            return (first["classes"] as? [[String: Any]] ?? []).compactMap { $0["probability"] as? Double }
        }
        XCTAssertFalse(probabilities[0].isEmpty)
        for (a, b) in zip(probabilities[0], probabilities[1]) { XCTAssertEqual(a, b, accuracy: 0.02) }
    }
}
