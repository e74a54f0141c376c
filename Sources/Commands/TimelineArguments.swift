import ArgumentParser
import Support

extension VideoSpan: ExpressibleByArgument {
    /// Reads `2s` or `2` as seconds, `64f` as frames.
    public init?(argument: String) { self.init(argument) }
}

/// How `recognize` makes a timeline of an untrimmed video.
package struct TimelineArguments: ParsableArguments {
    @Flag(
        help: """
            Tell what happens when in untrimmed videos: windows of the network's clip length move over each, probabilities are \
            smoothed over time, and segments found in them.
            """)
    package var timeline = false
    @Option(
        help: "How long a window is: seconds (2s) or frames (64f). Default: the network's clip, frames times stride.")
    package var window: VideoSpan?
    @Option(help: "From one window to the next: seconds or frames. Default: half a window.")
    package var stride: VideoSpan?
    @Option(help: "The σ in seconds of the Gaussian that smooths probabilities; 0 for none. Default: one stride.")
    package var smooth: Double?
    @Option(help: "The smoothed probability, 0…1, at which a segment begins.") package var enter = 0.5
    @Option(help: "The smoothed probability below which it ends.") package var leave = 0.3
    @Option(help: "Bridge gaps of up to so many seconds between segments of one class. Default: one stride.")
    package var bridge: Double?
    @Option(help: "Drop segments that are shorter than so many seconds. Default: half a window.")
    package var shortest: Double?
    @Option(help: "Write the segments to this file as subtitles (SubRip); for one video.") package var srt: String?
    @Option(
        help:
            "Write the video to this file (mp4, mkv or webm), with classes and a strip of the timeline; for one video.")
    package var draw: String?

    package func validate() throws {
        let given: [(String, Bool)] = [
            ("window", window != nil), ("stride", stride != nil), ("smooth", smooth != nil), ("bridge", bridge != nil),
            ("shortest", shortest != nil), ("srt", srt != nil), ("draw", draw != nil), ("enter", enter != 0.5),
            ("leave", leave != 0.3),
        ]
        if !timeline, let other = given.first(where: \.1) {
            throw ValidationError("--\(other.0) is for --timeline; give that too.")
        }
        guard (0...1).contains(enter) else { throw ValidationError("--enter is \(enter); it must be in 0…1.") }
        guard (0...enter).contains(leave) else {
            throw ValidationError("--leave is \(leave); it must be in 0…\(enter), which is --enter.")
        }
        for (name, value) in [("smooth", smooth), ("bridge", bridge), ("shortest", shortest)] {
            guard value.map({ $0 >= 0 && $0.isFinite }) ?? true else {
                throw ValidationError("--\(name) is \(value ?? 0); it must not be below 0.")
            }
        }
        if let draw, !["mp4", "m4v", "mkv", "webm"].contains(where: { draw.lowercased().hasSuffix("." + $0) }) {
            throw ValidationError("--draw is \(draw); its name must end with .mp4, .mkv or .webm.")
        }
    }

    package init() {}
}
