import Annotations
import DataPipeline
import Detectors
import Foundation
import Media
import Support
import Tensors
import Tracking
import Training

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
    /// Finds objects in the frames of a video, in one pass that holds few frames at a time. Frames that can't be decoded are
    /// left out and counted in `damage`.
    ///
    /// - Parameters:
    ///   - path: The video's file.
    ///   - threshold: The lowest score that is kept, 0…1. Of objects that are followed, this is the score of which a track
    ///     begins; lower ones are kept where they continue one.
    ///   - stream: The number of the file's stream to read; nil for the one that FFmpeg prefers.
    ///   - limits: How large the video may be.
    ///   - passes: Which frames are looked at, and how many together.
    ///   - tracking: How objects are followed over frames; nil leaves each frame alone.
    ///   - drawing: Path of a video to write, MP4 unless its name ends with `mkv` or `webm`, with boxes on every frame, which
    ///     lasts as long as the original. A skipped frame shows the boxes of the last frame that was looked at. The file
    ///     appears once it is complete.
    ///   - keepsSound: Whether the drawn video has the video's sound, where it can.
    ///   - progress: called with the number of frames done.
    ///   - each: called with the detections of each frame that was looked at, in order. They are then not in the result, so
    ///     that memory does not grow with the video.
    /// - Throws: `MediaError` naming the file; `Stopped` once the user asks to stop; what `each` throws.
    public func detectVideo(
        _ path: String, threshold: Float, stream: Int? = nil, limits: VideoLimits = VideoLimits(),
        passes: VideoPasses = VideoPasses(), tracking: TrackerOptions? = nil, drawing: String? = nil,
        keepsSound: Bool = true, progress: (_ done: Int, _ total: Int) -> Void = { _, _ in },
        each: ((VideoDetections.Frame) throws -> Void)? = nil
    ) throws -> VideoDetections {
        let began = ContinuousClock.now
        let options = VideoOptions(threads: Threads.count, damage: .keepDecodable, stream: stream, limits: limits)
        let reader = try VideoReader(path: path, options: options)
        var result = VideoDetections(reader, path: path)
        var damage = VideoDamage()
        damage.isTruncated = reader.isTruncated
        var drawn = drawing.map { DrawnVideo(path: $0, original: reader, keepsSound: keepsSound) }
        var follower = tracking.map { FollowedObjects($0, every: passes.every, frameRate: reader.frameRate) }
        var waiting: [(index: Int, image: ByteImage)] = []
        var shown: [ImageDetections.Object] = []
        let lowest = min(threshold, tracking?.lowScore ?? threshold)

        func flush(upTo end: Int) throws {
            let looked = waiting.filter { $0.index % passes.every == 0 }
            var found = objects(in: looked.map(\.image), threshold: lowest)[...]
            for (index, image) in waiting {
                if index % passes.every == 0, var objects = found.popFirst() {
                    let time = reader.time(ofFrame: index)
                    follower?.follow(&objects, frame: index, time: time)
                    shown = objects.filter { $0.score >= threshold || $0.track != nil }
                    let frame = VideoDetections.Frame(frame: index, time: time, detections: shown)
                    result.count(frame)
                    if let each { try each(frame) } else { result.frames.append(frame) }
                }
                try drawn?.append(image, frame: index, objects: shown)
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
            let frames = try reader.frames(at: [index])
            guard frames.missing.isEmpty else {
                damage.add(index)
                continue
            }
            waiting.append((index, frames.image(0)))
            if isLookedAt { looks += 1 }
        }
        try flush(upTo: reader.frameCount)
        result.damage = damage.isNone ? nil : damage
        result.tracks = follower?.tracks
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
