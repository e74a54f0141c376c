import DataPipeline
import Detectors
import Foundation
import Media
import Support
import Tensors
import Training

/// What a detector found in one video file.
public struct VideoDetections: Encodable, Sendable {
    /// The detections of one frame.
    public struct Frame: Encodable, Sendable {
        /// The frame's number, from 0.
        public let frame: Int
        /// Seconds after the first frame; nil if the file doesn't say.
        public let time: Double?
        /// The objects that were found, best first, with boxes in XYXY pixels of the video.
        public let detections: [ImageDetections.Object]
    }

    /// The file.
    public internal(set) var video: String
    /// Width in pixels.
    public let width: Int
    /// Height in pixels.
    public let height: Int
    /// Number of frames of the video.
    public let frameCount: Int
    /// Frames a second on average; nil if the file doesn't say.
    public let frameRate: Double?
    /// The frames that were looked at, in the order of the video.
    public internal(set) var frames: [Frame] = []
    /// Path of the video with the boxes drawn in; nil if none was asked for.
    public internal(set) var drawing: String?
    /// Why the drawn video has no sound, though the video has; nil otherwise.
    public internal(set) var soundLeftOut: String?
    /// Seconds that decoding, detecting and drawing took together.
    public internal(set) var seconds = 0.0

    enum CodingKeys: String, CodingKey {
        case video, width, height, frameCount, frameRate, frames, drawing, soundLeftOut
    }

    /// These detections with another name of the file.
    package func named(_ name: String) -> VideoDetections {
        var copy = self
        copy.video = name
        return copy
    }
}

/// Which frames of a video are looked at, and how many at a time.
public struct VideoPasses: Hashable, Sendable {
    /// The step between frames that are looked at: 2 looks at every other frame, beginning with the first.
    public var every: Int
    /// Number of frames that the detector gets at a time.
    public var batch: Int

    /// Looks at one of `every` frames, `batch` of these at a time; both at least 1.
    public init(every: Int = 1, batch: Int = 8) {
        precondition(every > 0 && batch > 0, "VideoPasses: every \(every) frames, \(batch) at a time")
        self.every = every
        self.batch = batch
    }
}

extension Stopped {
    /// The error for work on a video that the user stopped.
    ///
    /// - Parameter frame: The first frame that was not done; nil if frames are not looked at one after the other.
    init(amid video: String, beforeFrame frame: Int? = nil) {
        self.init(
            (frame.map { "before frame \($0) of " } ?? "amid ") + video + "; nothing unfinished was written")
    }
}

extension ImageDetection {
    /// Finds objects in the frames of a video.
    ///
    /// - Parameters:
    ///   - path: The video's file.
    ///   - threshold: The lowest score that is kept, 0…1.
    ///   - stream: The number of the file's stream to read; nil for the one that FFmpeg prefers.
    ///   - limits: How large the video may be.
    ///   - passes: Which frames are looked at, and how many together.
    ///   - drawing: Path of an MP4 to write, with boxes on every frame, which lasts as long as the video. A skipped frame
    ///     shows the boxes of the last frame that was looked at. The file appears once it is complete.
    ///   - keepsSound: Whether the MP4 has the video's sound, where it can.
    ///   - progress: called with the number of frames done.
    /// - Throws: `MediaError` naming the file and the frame; `Stopped` once the user asks to stop.
    public func detectVideo(
        _ path: String, threshold: Float, stream: Int? = nil, limits: VideoLimits = VideoLimits(),
        passes: VideoPasses = VideoPasses(),
        drawing: String? = nil,
        keepsSound: Bool = true, progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) throws -> VideoDetections {
        let began = ContinuousClock.now
        let reader = try VideoReader(
            path: path, options: VideoOptions(threads: Threads.count, stream: stream, limits: limits))
        var result = VideoDetections(
            video: path, width: reader.width, height: reader.height, frameCount: reader.frameCount,
            frameRate: reader.frameRate)
        var drawn = drawing.map { DrawnVideo(path: $0, original: reader, keepsSound: keepsSound) }
        var waiting: [(index: Int, image: ByteImage)] = []

        func flush(upTo end: Int) throws {
            let looked = waiting.filter { $0.index % passes.every == 0 }
            let found = objects(in: looked.map(\.image), threshold: threshold)
            for (frame, objects) in zip(looked, found) {
                result.frames.append(
                    .init(frame: frame.index, time: reader.time(ofFrame: frame.index), detections: objects))
            }
            var next = result.frames.count - looked.count
            for frame in waiting {
                if next < result.frames.count, result.frames[next].frame == frame.index { next += 1 }
                try drawn?.append(frame.image, objects: next > 0 ? result.frames[next - 1].detections : [])
            }
            waiting = []
            progress(end, reader.frameCount)
        }

        var looks = 0
        for index in 0..<reader.frameCount where drawn != nil || index % passes.every == 0 {
            if StopSignal.isRequested { throw Stopped(amid: path, beforeFrame: index) }
            let isLookedAt = index % passes.every == 0
            let isFull = waiting.count * reader.width * reader.height * 3 >= Self.waitingBytes
            if isLookedAt && looks == passes.batch || isFull {
                try flush(upTo: index)
                looks = 0
            }
            waiting.append((index, try reader.image(at: index)))
            if isLookedAt { looks += 1 }
        }
        try flush(upTo: reader.frameCount)
        result.drawing = try drawn?.finish()
        result.soundLeftOut = drawn?.soundLeftOut
        result.seconds = (ContinuousClock.now - began) / .seconds(1)
        return result
    }

    /// Bytes, roughly, that frames waiting for the others of their batch may take.
    private static var waitingBytes: Int { 256 << 20 }

    /// The objects in frames of one size.
    private func objects(in images: [ByteImage], threshold: Float) -> [[ImageDetections.Object]] {
        guard let original = images.first?.size else { return [] }
        let seen = model.recipe.input.evaluationSize(of: original)
        let scaled = images.map { $0.resized(to: seen) }
        return objects(in: scaled, originalSizes: images.map(\.size), threshold: threshold)
    }
}

extension VideoDetections {
    /// One line for a person: the speed, and the number of frames in which each class was found.
    public var summary: String {
        var counts: [String: Int] = [:]
        for frame in frames {
            for name in Set(frame.detections.map(\.name)) { counts[name, default: 0] += 1 }
        }
        let names = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.key) in \($0.value)" }
        let rate = seconds > 0 ? String(format: "%.1f", Double(frameCount) / seconds) : "–"
        let looked = frames.count == frameCount ? "" : ", \(frames.count) of them looked at"
        return "\(frameCount) frames\(looked), \(rate) a second: "
            + (names.isEmpty ? "nothing" : names.joined(separator: ", "))
    }
}
