import Media

/// The frames of a video that could not be decoded as they were encoded.
public struct VideoDamage: Encodable, Hashable, Sendable {
    /// How many there are.
    public private(set) var frames = 0
    /// The first and the last number of each run of them, in order.
    public private(set) var ranges: [[Int]] = []
    /// Whether the file ends early, so that frames are lacking at its end as well.
    public var isTruncated = false

    /// No damage.
    package init() {}

    /// Whether nothing is wrong.
    package var isNone: Bool { frames == 0 && !isTruncated }

    /// Adds a frame; frames come in order.
    package mutating func add(_ frame: Int) {
        frames += 1
        if let last = ranges.last, last[1] == frame - 1 {
            ranges[ranges.count - 1][1] = frame
        } else {
            ranges.append([frame, frame])
        }
    }

    /// The damage as an error for a person; the frames that could be decoded are kept.
    ///
    /// - Parameters:
    ///   - video: The file.
    ///   - frameCount: How many frames the file has, as far as it goes.
    package func error(of video: String, frameCount: Int) -> MediaError {
        let shown = ranges.prefix(4).map { $0[0] == $0[1] ? "\($0[0])" : "\($0[0]) to \($0[1])" }
        let more = ranges.count > shown.count ? " and \(ranges.count - shown.count) more runs" : ""
        let lacking =
            frames > 0
            ? "\(frames) of its \(frameCount) frames can't be decoded (\(shown.joined(separator: ", "))\(more))" : ""
        let ends = isTruncated ? "it ends early, after \(frameCount) frames" : ""
        let causes = [lacking, ends].filter { !$0.isEmpty } + ["what was found in the others is kept"]
        return MediaError(
            kind: frames > 0 ? .corrupt : .truncated, name: video, cause: causes.joined(separator: "; "),
            frame: ranges.first?[0])
    }
}
