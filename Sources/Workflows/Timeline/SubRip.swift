import Foundation

/// Subtitles in SubRip's format (`.srt`), which players show beside a video of the same name.
package enum SubRip {
    /// A text and when it is shown, in seconds.
    package struct Cue {
        package var start: Double
        package var end: Double
        package var text: String

        package init(start: Double, end: Double, text: String) {
            self.start = start
            self.end = end
            self.text = text
        }
    }

    /// The file's content: for each cue its number, its times to the millisecond, its text, and an empty line.
    package static func text(_ cues: [Cue]) -> String {
        cues.enumerated().map { index, cue in
            "\(index + 1)\n\(time(cue.start)) --> \(time(cue.end))\n\(oneLine(cue.text))\n\n"
        }.joined()
    }

    private static func time(_ seconds: Double) -> String {
        let thousandths = Int((max(0, seconds) * 1000).rounded())
        return String(
            format: "%02d:%02d:%02d,%03d", thousandths / 3_600_000, thousandths / 60_000 % 60, thousandths / 1000 % 60,
            thousandths % 1000)
    }

    /// An empty line would end the cue, and an arrow would begin another one for some players.
    private static func oneLine(_ text: String) -> String {
        let words = text.split { $0.isNewline }.joined(separator: " ").replacingOccurrences(of: "-->", with: "→")
        return words.isEmpty ? "–" : words
    }
}
