import Foundation
import Media
import TestSupport
import XCTest

/// `detect` on videos, by one short training.
final class DetectCommandTests: XCTestCase {
    private static let run: Result<String, any Error> = Result {
        let folder = try TinyData.folder.get()
        let trained = try CommandRun.of(
            ["train", "tiny.yaml", "--output", "watching", "--set", "training.steps=2"], in: folder)
        guard trained.status == 0 else { throw TinyDataError(description: trained.errors) }
        return folder
    }

    /// The sample set's pictures, over and over.
    private func clip(_ path: String, frames: Int) throws {
        let images = try Self.run.get() + "/samples/coco/images"
        let pictures = try FileManager.default.contentsOfDirectory(atPath: images).sorted().map {
            try ImageFile.read("\(images)/\($0)").resized(width: 160, height: 120)
        }
        try VideoWriter.write(
            (0..<frames).map { pictures[$0 / 5 % pictures.count] }, to: path, encoding: VideoEncoding(rate: 12.5))
    }

    private func json(_ text: Data) throws -> [[String: Any]] {
        try XCTUnwrap(JSONSerialization.jsonObject(with: text) as? [[String: Any]])
    }

    private func json(file: String) throws -> [[String: Any]] {
        try json(Data(contentsOf: URL(fileURLWithPath: file)))
    }

    func testAVideoAmongImages() throws {
        let checkpoint = try Self.run.get() + "/watching"
        let folder = try temporaryDirectory()
        try clip(folder + "/clip.mp4", frames: 21)
        let image = try Self.run.get() + "/samples/coco/images/shapes_000001.jpg"
        let run = try CommandRun.of(
            [
                "detect", folder, image, "--checkpoint", checkpoint, "--threshold", "0", "--top-k", "3", "--output",
                "found",
            ],
            in: folder)
        XCTAssertEqual(run.status, 0, run.errors)
        XCTAssertTrue(run.output.contains("found/clip.mp4: 21 frames, "), run.output)
        let found = try json(file: folder + "/found/detections.json")
        XCTAssertEqual(found.count, 2)
        XCTAssertEqual(found[1]["image"] as? String, image)
        let video = found[0]
        XCTAssertEqual(video["video"] as? String, folder + "/clip.mp4")
        XCTAssertEqual(video["drawing"] as? String, "found/clip.mp4")
        XCTAssertEqual([video["width"], video["height"], video["frameCount"]] as? [Int], [160, 120, 21])
        let frames = try XCTUnwrap(video["frames"] as? [[String: Any]])
        XCTAssertEqual(frames.compactMap { $0["frame"] as? Int }, Array(0..<21))
        XCTAssertEqual(try XCTUnwrap(frames[20]["time"] as? Double), 1.6, accuracy: 1e-3)
        for frame in frames {
            let objects = try XCTUnwrap(frame["detections"] as? [[String: Any]])
            XCTAssertEqual(objects.count, 3)
            let box = try XCTUnwrap(objects[0]["box"] as? [Double])
            XCTAssertTrue(box[2] <= 160 && box[3] <= 120, "\(box) is in the video's pixels")
        }

        let drawn = try VideoReader(path: folder + "/found/clip.mp4")
        XCTAssertEqual(drawn.frameCount, 21)
        XCTAssertEqual([drawn.width, drawn.height], [640, 480], "enlarged, so that names can be read")
        XCTAssertEqual(try XCTUnwrap(drawn.frameRate), 12.5, accuracy: 0.01)
        XCTAssertEqual(
            try FileManager.default.contentsOfDirectory(atPath: folder + "/found").sorted(),
            ["clip.mp4", "detections.json", "shapes_000001.jpg"])
    }

    func testADrawnVideoLastsAsLongAndSounds() throws {
        let checkpoint = try Self.run.get() + "/watching", folder = try temporaryDirectory()
        try SoundClip.write(to: folder + "/clip.mp4", sound: "aac")
        let arguments = ["detect", "clip.mp4", "--checkpoint", checkpoint, "--output", "found", "--every", "5"]
        let original = try VideoReader(path: folder + "/clip.mp4")
        for (flags, sounds) in [([], true), (["--no-sound"], false), (["--sound"], true)] {
            let run = try CommandRun.of(arguments + flags, in: folder)
            XCTAssertEqual(run.status, 0, run.errors)
            let copy = try VideoReader(path: folder + "/found/clip.mp4")
            XCTAssertEqual(SoundClip.times(copy), SoundClip.times(original))
            let facts = try SoundClip.facts(folder + "/found/clip.mp4")
            XCTAssertEqual(facts.packets > 60, sounds)
            XCTAssertEqual([facts.aspect_width, facts.aspect_height], [4, 3])
        }
        try SoundClip.write(to: folder + "/raw.avi", container: "avi", codec: "mpeg4", sound: "pcm_s16le")
        let raw = try CommandRun.of(["detect", "raw.avi", "--checkpoint", checkpoint, "--output", "found"], in: folder)
        XCTAssertEqual(raw.status, 0, raw.errors)
        XCTAssertTrue(raw.errors.contains("raw.avi: its sound is left out (pcm_s16le: "), raw.errors)
    }

    /// A file of two videos: objects are found in the stream that is asked for.
    func testAStreamIsChosenByItsNumber() throws {
        let checkpoint = try Self.run.get() + "/watching", folder = try temporaryDirectory()
        try assertAStreamIsChosen(
            ["detect", "two.mp4", "--checkpoint", checkpoint], in: folder, frames: 4, 7, drawnBy: clip)
    }

    /// One file that can't be read costs nothing of the others, and pictures that aren't drawings stay.
    func testABrokenFileAmongOthers() throws {
        let checkpoint = try Self.run.get() + "/watching"
        let folder = try temporaryDirectory()
        let image = try Self.run.get() + "/samples/coco/images/shapes_000001.jpg"
        let files = FileManager.default
        for name in ["a.jpg", "c.jpg"] { try files.copyItem(atPath: image, toPath: "\(folder)/\(name)") }
        let half = try XCTUnwrap(files.contents(atPath: image)).prefix(300)
        try half.write(to: URL(fileURLWithPath: folder + "/b.jpg"))
        try files.createDirectory(atPath: folder + "/found", withIntermediateDirectories: true)
        let own = Data("someone's photo".utf8)
        try own.write(to: URL(fileURLWithPath: folder + "/found/a.jpg"))
        let arguments = ["detect", "a.jpg", "b.jpg", "c.jpg", "--checkpoint", checkpoint, "--threshold", "0"]
        for _ in 0..<2 {
            let run = try CommandRun.of(arguments + ["--output", "found", "--results", "r.json"], in: folder)
            XCTAssertEqual(run.status, 1)
            XCTAssertTrue(run.errors.contains("b.jpg"), run.errors)
            XCTAssertTrue(run.errors.contains("1 of 3 files are left out"), run.errors)
            XCTAssertEqual(
                try json(file: folder + "/found/detections.json").compactMap { $0["image"] as? String },
                ["a.jpg", "c.jpg"])
            XCTAssertEqual(Set(try json(file: folder + "/r.json").compactMap { $0["image_id"] as? Int }), [1, 3])
            XCTAssertEqual(files.contents(atPath: folder + "/found/a.jpg"), own)
            XCTAssertEqual(
                try files.contentsOfDirectory(atPath: folder + "/found").sorted(),
                ["a-2.jpg", "a.jpg", "c.jpg", "detections.json"])
        }
    }

    /// Training, `evaluate` and `detect` on a damaged picture: refused with the key, or accepted and named at the end.
    func testADamagedPicture() throws {
        let made = try Self.run.get(), folder = try temporaryDirectory()
        try FileManager.default.copyItem(atPath: made + "/samples", toPath: folder + "/samples")
        let image = folder + "/samples/coco/images/shapes_000001.jpg"
        let bytes = try XCTUnwrap(FileManager.default.contents(atPath: image))
        try bytes.prefix(bytes.count / 2).write(to: URL(fileURLWithPath: image))
        let detect = ["detect", image, "--checkpoint", made + "/watching", "--threshold", "0", "--output", "found"]
        let refused = try CommandRun.of(detect, in: folder)
        XCTAssertEqual(refused.status, 1)
        XCTAssertTrue(refused.errors.contains("\(image) is truncated: "), refused.errors)
        XCTAssertTrue(refused.errors.contains("--damaged-images accept."), refused.errors)
        let accepted = try CommandRun.of(detect + ["--damaged-images", "accept"], in: folder)
        XCTAssertEqual(accepted.status, 0, accepted.errors)
        XCTAssertTrue(
            accepted.errors.contains("1 damaged image was accepted:\n  \(image) is truncated"), accepted.errors)
        let found = try json(file: folder + "/found/detections.json")
        XCTAssertEqual((found[0]["damage"] as? [String: String])?["kind"], "truncated")
        XCTAssertTrue(FileManager.default.fileExists(atPath: folder + "/found/shapes_000001.jpg"))

        let train = [
            "train", made + "/tiny.yaml", "--set", "data.root=samples", "--set", "training.epochs=1",
            "--set", "data.val.annotations=coco/annotations/instances_train.json",
        ]
        let stopped = try CommandRun.of(train + ["--output", "stopped"], in: folder)
        XCTAssertEqual(stopped.status, 1)
        XCTAssertTrue(stopped.errors.contains("data.damaged_images: accept in a recipe"), stopped.errors)
        let trained = try CommandRun.of(
            train + ["--output", "run", "--set", "data.damaged_images=accept"], in: folder)
        XCTAssertEqual(trained.status, 0, trained.errors)
        XCTAssertTrue(trained.errors.contains("damaged image"), trained.errors)
        XCTAssertTrue(trained.errors.contains("shapes_000001.jpg is truncated"), trained.errors)
        let evaluate = ["evaluate", "run", "--damaged-images"]
        XCTAssertEqual(try CommandRun.of(evaluate + ["refuse"], in: folder).status, 1)
        let measured = try CommandRun.of(evaluate + ["accept"], in: folder)
        XCTAssertEqual(measured.status, 0, measured.errors)
        XCTAssertTrue(measured.output.contains("1 damaged image was accepted:"), measured.output)
        XCTAssertEqual(try CommandRun.of(evaluate + ["maybe"], in: folder).status, 64)
    }

    /// Where results can't go is known before the work, and nothing of another kind gives way to them.
    func testWhereResultsCannotGo() throws {
        let checkpoint = try Self.run.get() + "/watching"
        let folder = try temporaryDirectory()
        let image = try Self.run.get() + "/samples/coco/images/shapes_000001.jpg"
        let arguments = ["detect", image, "--checkpoint", checkpoint, "--threshold", "0"]
        mkfifo(folder + "/pipe", 0o600)
        for (more, says) in [
            (["--results", "nowhere/r.json"], "there is no folder \(folder)/nowhere"),
            (["--results", "."], ".: it is a folder"),
            (["--results", "pipe"], "pipe: it is a device or a pipe, not a file"),
            (["--output", checkpoint], "\(checkpoint) holds a run"),
        ] {
            let run = try CommandRun.of(arguments + more, in: folder)
            XCTAssertNotEqual(run.status, 0)
            XCTAssertTrue(run.errors.contains(says), run.errors)
        }
        try FileManager.default.createSymbolicLink(
            atPath: folder + "/link.json", withDestinationPath: folder + "/target.json")
        for _ in 0..<2 {
            let run = try CommandRun.of(arguments + ["--results", "link.json"], in: folder)
            XCTAssertEqual(run.status, 0, run.errors)
            XCTAssertFalse(try json(file: folder + "/target.json").isEmpty)
            XCTAssertEqual(
                try FileManager.default.destinationOfSymbolicLink(atPath: folder + "/link.json"),
                folder + "/target.json")
        }
        XCTAssertEqual(
            try FileManager.default.contentsOfDirectory(atPath: folder).sorted(), ["link.json", "pipe", "target.json"])
    }

    /// The batch changes nothing; frames that are not looked at are drawn, and not in the numbers.
    func testEveryFourthFrame() throws {
        let checkpoint = try Self.run.get() + "/watching"
        let folder = try temporaryDirectory()
        try clip(folder + "/clip.mp4", frames: 21)
        func frames(_ options: [String]) throws -> [[String: Any]] {
            let run = try CommandRun.of(
                ["detect", "clip.mp4", "--checkpoint", checkpoint, "--threshold", "0", "--top-k", "1"] + options,
                in: folder)
            XCTAssertEqual(run.status, 0, run.errors)
            let found =
                try options.contains("--output")
                ? json(file: folder + "/found/detections.json")
                : json(Data(run.output.utf8))
            return try XCTUnwrap(found[0]["frames"] as? [[String: Any]])
        }
        let all = try frames(["--batch", "1"])
        let some = try frames(["--every", "4", "--batch", "3", "--output", "found"])
        let silent = try frames(["--every", "4"])
        XCTAssertEqual(some.compactMap { $0["frame"] as? Int }, [0, 4, 8, 12, 16, 20])
        XCTAssertEqual(try VideoReader(path: folder + "/found/clip.mp4").frameCount, 21)
        for (frame, other) in zip(some, silent) {
            let number = try XCTUnwrap(frame["frame"] as? Int)
            XCTAssertEqual(other["frame"] as? Int, number)
            for one in [other, all[number]] {
                XCTAssertEqual(try score(one), try score(frame), accuracy: 1e-4, "frame \(number)")
            }
        }
    }

    private func score(_ frame: [String: Any]) throws -> Double {
        let objects = try XCTUnwrap(frame["detections"] as? [[String: Any]])
        return try XCTUnwrap(objects.first?["score"] as? Double)
    }

    func testABrokenVideoIsNamed() throws {
        let checkpoint = try Self.run.get() + "/watching"
        let folder = try temporaryDirectory()
        try Data("no video".utf8).write(to: URL(fileURLWithPath: folder + "/text.mp4"))
        for (file, message) in [
            ("text.mp4", "vertebra: text.mp4 is not an MP4, Matroska, WebM, AVI, MPEG, FLV or GIF video: "),
            ("none.mp4", "vertebra: none.mp4: there is no such video"),
        ] {
            let run = try CommandRun.of(
                ["detect", file, "--checkpoint", checkpoint, "--output", "found"], in: folder)
            XCTAssertEqual(run.status, 1, file)
            XCTAssertTrue(run.errors.hasPrefix(message), run.errors)
            let left = (try? FileManager.default.contentsOfDirectory(atPath: folder + "/found")) ?? []
            XCTAssertEqual(left, [], file)
        }
    }

    /// What can be decoded of a damaged video is kept, and the damage is told: with 1, or with 0 where it is accepted.
    func testADamagedVideo() throws {
        let checkpoint = try Self.run.get() + "/watching"
        let folder = try temporaryDirectory()
        try clip(folder + "/clip.mp4", frames: 120)
        var bytes = try Data(contentsOf: URL(fileURLWithPath: folder + "/clip.mp4"))
        // The pictures come after the head; some in the middle are overwritten.
        let start = try XCTUnwrap(bytes.range(of: Data("mdat".utf8))).upperBound
        let middle = start + (bytes.count - start) / 3
        bytes.replaceSubrange(middle..<(middle + 400), with: Data(repeating: 0xFF, count: 400))
        try bytes.write(to: URL(fileURLWithPath: folder + "/broken.mp4"))
        for (options, status) in [([], Int32(1)), (["--damaged-images", "accept"], 0)] {
            let run = try CommandRun.of(
                ["detect", "broken.mp4", "--checkpoint", checkpoint, "--output", "found"] + options, in: folder)
            XCTAssertEqual(run.status, status, run.errors)
            XCTAssertTrue(run.errors.contains("vertebra: broken.mp4 is corrupt at frame "), run.errors)
            XCTAssertTrue(run.errors.contains("; what was found in the others is kept."), run.errors)
            let found = try json(file: folder + "/found/detections.json")
            let damage = try XCTUnwrap(found[0]["damage"] as? [String: Any])
            let lacking = try XCTUnwrap(damage["frames"] as? Int)
            XCTAssertTrue((1..<110).contains(lacking), "\(lacking)")
            let frames = try XCTUnwrap(found[0]["frames"] as? [[String: Any]]).compactMap { $0["frame"] as? Int }
            let ranges = try XCTUnwrap(damage["ranges"] as? [[Int]]).map { $0[0]...$0[1] }
            // What is damaged beyond being told apart is no frame.
            let count = try XCTUnwrap(found[0]["frameCount"] as? Int)
            XCTAssertTrue((100...120).contains(count), "\(count)")
            XCTAssertEqual(frames, (0..<count).filter { frame in !ranges.contains { $0.contains(frame) } })
            let drawn = try VideoReader(path: folder + "/found/broken.mp4")
            XCTAssertEqual(drawn.frameCount, count - lacking)
            XCTAssertEqual(try XCTUnwrap(drawn.duration), 9.6, accuracy: 0.01, "it lasts as long")
            XCTAssertEqual(try XCTUnwrap(drawn.time(ofFrame: drawn.frameCount - 1)), 119 / 12.5, accuracy: 0.001)
        }
    }

    /// Each followed object has a number in the frames and a line of its own.
    func testObjectsAreFollowed() throws {
        let checkpoint = try Self.run.get() + "/watching", folder = try temporaryDirectory()
        try clip(folder + "/clip.mp4", frames: 10)
        let detect = ["detect", "clip.mp4", "--checkpoint", checkpoint, "--threshold", "0", "--top-k", "2"]
        let run = try CommandRun.of(detect + ["--track", "--track-hits", "2", "--output", "found"], in: folder)
        XCTAssertEqual(run.status, 0, run.errors)
        XCTAssertTrue(run.output.contains(" followed\n"), run.output)
        let found = try json(file: folder + "/found/detections.json")
        let tracks = try XCTUnwrap(found[0]["tracks"] as? [[String: Any]])
        XCTAssertFalse(tracks.isEmpty)
        XCTAssertEqual(tracks.compactMap { $0["id"] as? Int }, Array(1...tracks.count))
        var seen: [Int: Int] = [:]
        for frame in try XCTUnwrap(found[0]["frames"] as? [[String: Any]]) {
            let ids = try XCTUnwrap(frame["detections"] as? [[String: Any]]).compactMap { $0["track"] as? Int }
            XCTAssertEqual(Set(ids).count, ids.count, "each once")
            for id in ids { seen[id, default: 0] += 1 }
        }
        XCTAssertEqual(tracks.compactMap { $0["frames"] as? Int }, (1...tracks.count).map { seen[$0, default: 0] })
        let alone = try CommandRun.of(detect, in: folder)
        XCTAssertNil(try json(Data(alone.output.utf8))[0]["tracks"])
        XCTAssertFalse(alone.output.contains("\"track\""), alone.output)
    }

    /// Matroska takes the sound that MP4 does not.
    func testADrawnVideoInMatroska() throws {
        let checkpoint = try Self.run.get() + "/watching", folder = try temporaryDirectory()
        try SoundClip.write(to: folder + "/raw.avi", container: "avi", codec: "mpeg4", sound: "pcm_s16le")
        let run = try CommandRun.of(
            ["detect", "raw.avi", "--checkpoint", checkpoint, "--output", "found", "--container", "mkv"], in: folder)
        XCTAssertEqual(run.status, 0, run.errors)
        XCTAssertEqual(run.errors, "")
        let (before, after) = (try SoundClip.facts(folder + "/raw.avi"), try SoundClip.facts(folder + "/found/raw.mkv"))
        XCTAssertEqual([after.packets], [before.packets])
        XCTAssertEqual(after.hash, before.hash)
    }

    /// A video eight times as long takes little more memory.
    func testMemoryIsFlatInTheLengthOfTheVideo() throws {
        let checkpoint = try Self.run.get() + "/watching", folder = try temporaryDirectory()
        let peaks = try [60, 480].map { frames in
            try clip(folder + "/clip.mp4", frames: frames)
            let command = BackgroundCommand(
                [
                    "detect", "clip.mp4", "--checkpoint", checkpoint, "--output", "found", "--threshold", "0",
                    "--track",
                    "--every", "4",
                ], in: folder)
            try command.start()
            let (run, peak) = command.waitMeasuringMemory()
            XCTAssertEqual(run.status, 0, run.errors)
            XCTAssertGreaterThan(peak, 50 << 20)
            return peak
        }
        // A drawn frame has 0.9 MB: one that stayed of each would be 390 MB more.
        XCTAssertLessThan(peaks[1] - peaks[0], 48 << 20, "\(peaks)")
    }

    func testCtrlCLeavesNothingHalf() throws {
        let checkpoint = try Self.run.get() + "/watching"
        let folder = try temporaryDirectory()
        try clip(folder + "/clip.mp4", frames: 600)
        _ = try assertCtrlCLeavesNothingHalf(
            ["detect", "clip.mp4", "--checkpoint", checkpoint, "--output", "found"], in: folder)
    }

    func testWrongCalls() throws {
        for options in [
            ["--every", "0"], ["--batch", "0"], ["--track-hits", "0"], ["--track-keep=-1"], ["--track-overlap", "0"],
            ["--track-low", "2"], ["--container", "avi"],
        ] {
            XCTAssertEqual(try CommandRun.of(["detect", "x.mp4", "--checkpoint", "c"] + options).status, 64)
        }
        let folder = try temporaryDirectory()
        try clip(folder + "/clip.mp4", frames: 2)
        let run = try CommandRun.of(
            ["detect", "clip.mp4", "--checkpoint", "c", "--results", "r.json"], in: folder)
        XCTAssertEqual(run.status, 64)
        XCTAssertTrue(run.errors.contains("--results is for images, and clip.mp4 is a video"), run.errors)
    }
}
