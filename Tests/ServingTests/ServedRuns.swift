import Foundation
import Media
import SampleSets
import Serving
import Support
import Synchronization
import TestSupport
import Workflows
import XCTest

/// Runs of tiny networks, each trained for a step, with files to send them.
enum ServedRuns {
    /// A detector of shapes.
    static let detector = trained {
        var settings = ShapeSampleSet.Settings()
        (settings.trainImages, settings.validationImages) = (4, 4)
        try ShapeSampleSet(settings: settings).write(to: $0 + "/samples", replacing: true)
        return """
            \(tinyDetector(samples: $0 + "/samples"))
            input: {shorter_side: 64, longer_side: 128}
            training: {steps: 1, batch: 2, schedule: constant}
            evaluation: {every: 0}
            inference: {score_threshold: 0.0}
            """
    }

    /// A classifier of images of noise.
    static let images = trained { folder in
        for (part, name) in [("train", "cat"), ("train", "dog"), ("val", "cat"), ("val", "dog")] {
            let place = "\(folder)/\(part)/\(name)"
            try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
            for index in 0..<2 {
                try ImageFile.writePNG(noise(index, width: 60, height: 50), to: "\(place)/\(index).png")
            }
        }
        return """
            task: classification
            model: {backbone: '\(narrowResNet18)'}
            data: {root: \(folder), format: folder}
            input: {side: 32}
            training: {steps: 1, batch: 2, schedule: constant}
            evaluation: {every: 0}
            """
    }

    /// A classifier of clips.
    static let clips = trained { folder in
        for part in ["train", "val"] {
            for name in ["down", "up"] {
                try FileManager.default.createDirectory(atPath: folder + "/" + name, withIntermediateDirectories: true)
                try writeClip(frames: 12, to: "\(folder)/\(name)/\(part)\(name)_000000_000001.mp4")
            }
            let lines = [
                "label,youtube_id,time_start,time_end,split", "down,\(part)down,0,1,\(part)",
                "up,\(part)up,0,1,\(part)",
            ]
            try lines.joined(separator: "\n").write(toFile: "\(folder)/\(part).csv", atomically: true, encoding: .utf8)
        }
        return """
            task: classification
            model: {backbone: resnet3d26_0.25}
            data: {root: \(folder), format: kinetics, train: train.csv, val: val.csv, videos: ., val_videos: .}
            input: {side: 32, frames: 4, stride: 2, test_clips: 2, test_crops: 1}
            training: {steps: 1, batch: 2, schedule: constant}
            evaluation: {every: 0}
            """
    }

    /// The path of a picture for the detector.
    static func picture() throws -> String {
        let folder = (try detector.get() as NSString).deletingLastPathComponent + "/samples/coco/images"
        return try folder + "/" + XCTUnwrap(FileManager.default.contentsOfDirectory(atPath: folder).sorted().first)
    }

    static func noise(_ seed: Int, width: Int, height: Int) -> ByteImage {
        var random = SeededRandom(seed: UInt64(seed), epoch: 0, index: 0)
        let pixels = (0..<width * height * 3).map { _ in UInt8(random.integer(below: 256)) }
        return ByteImage(width: width, height: height, channels: 3, pixels: pixels)
    }

    static func writeClip(frames: Int, to path: String) throws {
        try VideoWriter.write(
            (0..<frames).map { frame in
                ByteImage(
                    width: 64, height: 48, channels: 3,
                    pixels: (0..<64 * 48 * 3).map { UInt8(truncatingIfNeeded: $0 / (frame % 7 + 3)) })
            }, to: path, encoding: VideoEncoding(rate: 12.5))
    }

    private static func trained(_ recipe: (String) throws -> String) -> Result<String, any Error> {
        Result {
            let folder = try processTemporaryPath()
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let file = try RecipeFile(text: recipe(folder), path: "test.yaml")
            let training = try VisionTask.open(file, output: folder + "/run")
            _ = try training.train(resume: false, seconds: nil, resumeCommand: nil, showsProgress: false)
            return folder + "/run"
        }
    }
}

extension XCTestCase {
    /// Serves a run on a free port while `body` runs.
    func serving<R>(
        _ run: Result<String, any Error>, limits: ServerLimits = ServerLimits(),
        log: @escaping @Sendable (RequestRecord) -> Void = { _ in }, _ body: (Server) throws -> R
    ) throws -> R {
        let server = try Server(ServedModel(SavedModel(run.get())), port: 0, limits: limits, log: log)
        defer { server.stop() }
        return try body(server)
    }

    func bytes(_ path: String) throws -> [UInt8] { try Array(Data(contentsOf: URL(fileURLWithPath: path))) }

    func noise(_ seed: Int = 1, width: Int = 60, height: Int = 50) throws -> [UInt8] {
        let path = try temporaryDirectory() + "/noise.png"
        try ImageFile.writePNG(ServedRuns.noise(seed, width: width, height: height), to: path)
        return try bytes(path)
    }

    /// A clip that keeps the network busy for some time.
    func longClip() throws -> [UInt8] {
        let path = try temporaryDirectory() + "/long.mp4"
        try ServedRuns.writeClip(frames: 250, to: path)
        return try bytes(path)
    }

    func post(_ client: LoopbackClient, _ body: [UInt8], _ target: String = "/detect?threshold=0.9") {
        client.send(
            Array("POST \(target) HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(body.count)\r\n\r\n".utf8) + body)
    }

    /// How many requests and bytes the server says that it holds.
    func held(_ server: Server) throws -> [Int] {
        let health = try XCTUnwrap(LoopbackClient(port: server.port).request("GET", "/health"))
        let json = try XCTUnwrap(JSONSerialization.jsonObject(with: Data(health.body)) as? [String: Any])
        return try [XCTUnwrap(json["requests"] as? Int), XCTUnwrap(json["bytes"] as? Int)]
    }
}

/// Requests as the log has them.
final class RequestLog: Sendable {
    private let records = Mutex<[RequestRecord]>([])
    var all: [RequestRecord] { records.withLock { $0 } }
    func add(_ record: RequestRecord) { records.withLock { $0.append(record) } }
    /// Waits until there is a record that `isWanted`.
    func wait(_ isWanted: (RequestRecord) -> Bool) -> Bool {
        for _ in 0..<2000 {
            if all.contains(where: isWanted) { return true }
            usleep(5000)
        }
        return false
    }
}
