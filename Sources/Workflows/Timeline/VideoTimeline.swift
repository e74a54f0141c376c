import Foundation
import Media
import Support

/// What happens in an untrimmed video, and when.
public struct VideoTimeline: Encodable, Sendable {
    /// A class with its probability.
    public struct Class: Encodable, Sendable {
        /// The class's name.
        public let name: String
        /// Probability in this window alone, 0…1.
        public let probability: Float
        /// Probability smoothed over time, 0…1.
        public let smoothed: Float
    }

    /// What a classifier says of one window.
    public struct Window: Encodable, Sendable {
        /// When it begins, in seconds after the first frame.
        public let start: Double
        /// When it ends, in seconds after the first frame.
        public let end: Double
        /// The likeliest classes by the smoothed probability, best first.
        public let classes: [Class]
    }

    /// A time in which one class goes on.
    public struct Segment: Encodable, Hashable, Sendable {
        /// When it begins, in seconds after the first frame.
        public let start: Double
        /// When it ends, in seconds after the first frame.
        public let end: Double
        /// The class's name.
        public let name: String
        /// The class's number, from 0.
        public let label: Int
        /// The mean of the smoothed probability over that time, 0…1.
        public let probability: Double
        /// The highest smoothed probability, 0…1.
        public let peak: Double
    }

    /// How windows became segments.
    public struct Method: Encodable, Hashable, Sendable {
        /// Seconds of a window; on average where it was given in frames.
        public let window: Double
        /// Seconds from one window to the next; on average where they were given in frames.
        public let stride: Double
        /// Frames of a window that the network got.
        public let frames: Int
        /// Standard deviation in seconds of the Gaussian that smoothed the probabilities; 0 for none.
        public let smoothing: Double
        /// The smoothed probability at which a segment begins.
        public let enter: Double
        /// The smoothed probability below which a segment ends.
        public let leave: Double
        /// Seconds of the longest gap between segments of one class that was bridged.
        public let bridge: Double
        /// Seconds below which a segment was dropped.
        public let shortest: Double
    }

    /// The file, or the folder of frames.
    public let video: String
    /// Number of frames of the video.
    public let frames: Int
    /// Frames a second; nil where the file doesn't say.
    public let rate: Double?
    /// Seconds from the start of the first frame to the end of the last; 25 frames a second where the file doesn't say.
    public let duration: Double
    /// How the segments were found.
    public let method: Method
    /// All windows, in order; none if they were handed over one by one.
    public internal(set) var windows: [Window] = []
    /// The segments, in order; they don't overlap.
    public internal(set) var segments: [Segment] = []
    /// What of the file could not be decoded; nil for a sound one.
    public internal(set) var damage: VideoDamage?
    /// Path of the subtitles; nil until they are written.
    public internal(set) var subtitles: String?
    /// Path of the video with the timeline drawn in; nil until it is written.
    public internal(set) var drawn: String?
    /// Why the drawn video has no sound, or not all of it, though the video has; nil otherwise.
    public internal(set) var soundLeftOut: String?
    /// What is drawn, one for each window: the seconds until which it is shown, and the likeliest classes.
    var shown: [(end: Double, classes: [(label: Int, probability: Float)])] = []
    var classNames: [String] = []
    /// The stream of the file that was asked for.
    var stream: Int?
    var framePrefix: String?
    var frameOptions = DecodeOptions()

    enum CodingKeys: String, CodingKey {
        case video, frames, rate, duration, method, windows, segments, damage, subtitles, drawn, soundLeftOut
    }

    /// The segments in one line for a person.
    public var summary: String {
        func time(_ seconds: Double) -> String {
            let tenths = Int((seconds * 10).rounded())
            return String(format: "%d:%02d.%d", tenths / 600, tenths / 10 % 60, tenths % 10)
        }
        let shown = segments.prefix(8).map {
            String(format: "%@–%@ %@ %.0f%%", time($0.start), time($0.end), $0.name, $0.probability * 100)
        }
        let more = segments.count > 8 ? ", and \(segments.count - 8) more" : ""
        return shown.isEmpty ? "nothing is sure" : shown.joined(separator: ", ") + more
    }

    /// The segments as SubRip's subtitles.
    public var subRip: String {
        SubRip.text(
            segments.map {
                .init(start: $0.start, end: $0.end, text: String(format: "%@ %.0f%%", $0.name, $0.probability * 100))
            })
    }

    /// Writes ``subRip`` to a file and remembers its name.
    ///
    /// - Throws: `WholeFileError`.
    public mutating func writeSubtitles(to path: String) throws {
        try WholeFile.write(subRip, to: path)
        subtitles = path
    }
}
