/// A length of time in a video: seconds, or a number of frames.
public enum VideoSpan: Hashable, Sendable, CustomStringConvertible {
    /// Seconds, above 0.
    case seconds(Double)
    /// Frames, above 0.
    case frames(Int)

    /// Reads `2s`, `0.5s` or `2` as seconds, and `64f` as frames; nil for another text, and unless it is above 0.
    public init?(_ text: some StringProtocol) {
        if text.hasSuffix("f") {
            guard let count = Int(text.dropLast()), count > 0, count <= 1_000_000_000 else { return nil }
            self = .frames(count)
        } else {
            guard let seconds = Double(text.hasSuffix("s") ? String(text.dropLast()) : String(text)), seconds > 0,
                seconds <= 1e9
            else { return nil }
            self = .seconds(seconds)
        }
    }

    /// The text that is read back.
    public var description: String {
        switch self {
        case .seconds(let seconds): "\(seconds)s"
        case .frames(let count): "\(count)f"
        }
    }
}
