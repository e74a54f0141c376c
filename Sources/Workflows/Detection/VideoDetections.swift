import Foundation
import Media

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

    /// An object that was followed over frames.
    public struct Track: Encodable, Sendable {
        /// The object's number, from 1, as the frames' detections have it.
        public let id: Int
        /// The name of its class.
        public let name: String
        /// The first frame with it.
        public let firstFrame: Int
        /// The last frame with it.
        public internal(set) var lastFrame: Int
        /// When its first frame is shown, in seconds after the video's; nil if the file doesn't say.
        public let firstTime: Double?
        /// When its last frame is shown, in seconds after the video's first; nil if the file doesn't say.
        public internal(set) var lastTime: Double?
        /// In how many of the frames that were looked at it was found.
        public internal(set) var frames: Int
        /// The highest score that it had, 0…1.
        public internal(set) var score: Float
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
    /// The frames that were looked at, in the order of the video; none if they were handed over one by one.
    public internal(set) var frames: [Frame] = []
    /// The objects that were followed, by id; nil unless that was asked for.
    public internal(set) var tracks: [Track]?
    /// What of the file could not be decoded; nil for a sound one.
    public internal(set) var damage: VideoDamage?
    /// Path of the video with the boxes drawn in; nil if none was asked for.
    public internal(set) var drawing: String?
    /// Why the drawn video has no sound, or not all of it, though the video has; nil otherwise.
    public internal(set) var soundLeftOut: String?
    /// Seconds that decoding, detecting and drawing took together.
    public internal(set) var seconds = 0.0
    /// In how many frames each class was found, and how many were looked at.
    private var counts: [String: Int] = [:]
    private var lookedAt = 0

    enum CodingKeys: String, CodingKey {
        case video, width, height, frameCount, frameRate, frames, tracks, damage, drawing, soundLeftOut
    }

    init(_ reader: VideoReader, path: String) {
        video = path
        width = reader.width
        height = reader.height
        frameCount = reader.frameCount
        frameRate = reader.frameRate
    }

    /// These detections with another name of the file.
    package func named(_ name: String) -> VideoDetections {
        var copy = self
        copy.video = name
        return copy
    }

    /// Counts what was found in a frame, for ``summary``.
    mutating func count(_ frame: Frame) {
        lookedAt += 1
        for name in Set(frame.detections.map(\.name)) { counts[name, default: 0] += 1 }
    }

    /// One line for a person: the speed, the number of frames in which each class was found, and how many objects were
    /// followed.
    public var summary: String {
        let names = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.key) in \($0.value)" }
        let rate = seconds > 0 ? String(format: "%.1f", Double(frameCount) / seconds) : "–"
        let looked = lookedAt == frameCount ? "" : ", \(lookedAt) of them looked at"
        let followed = tracks.map { "; \($0.count) followed" } ?? ""
        return "\(frameCount) frames\(looked), \(rate) a second: "
            + (names.isEmpty ? "nothing" : names.joined(separator: ", ")) + followed
    }
}
