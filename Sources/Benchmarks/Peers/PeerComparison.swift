import Foundation

/// The figures of a case now, beside those that a file has of it.
package struct PeerComparison: Hashable, Sendable {
    package enum Verdict: String, Hashable, Sendable, Encodable {
        /// The ratio is within the spread of what it was.
        case kept
        /// The ratio is worse, or better, by more than its spread.
        case fell
        case rose
        /// The file's ratio is to another program, so that the two say nothing of each other.
        case otherProgram = "other program"
        /// The file lacks the case.
        case new
    }

    package let then: PeerFigures?
    package let now: PeerFigures

    package init(then: PeerFigures?, now: PeerFigures) { (self.then, self.now) = (then, now) }

    /// The least part of a ratio that counts as its spread: a few rounds may agree more closely by chance than two days do.
    package static let leastSpread = 0.03

    /// How far the ratio may be from the file's before it has changed: the larger of both spreads, at least ``leastSpread`` of the
    /// file's ratio. Nil without figures to compare with.
    package var allowance: Double? {
        then.map { max($0.spread, now.spread, Self.leastSpread * $0.ratio) }
    }

    package var verdict: Verdict {
        guard let then, let allowance else { return .new }
        guard then.program == now.program else { return .otherProgram }
        let change = now.ratio - then.ratio
        return change < -allowance ? .fell : change > allowance ? .rose : .kept
    }

    /// The figures, those of the file, and what follows, in one line for a person.
    package var text: String {
        guard let then, let allowance else { return now.text + "; not in the file" }
        let before = String(format: "; then %.2f", then.ratio) + String(format: ", may differ by %.2f: ", allowance)
        let other = then.versions == now.versions ? "" : " (then with \(then.versions), now with \(now.versions))"
        return switch verdict {
        case .kept, .new: now.text + before + "kept" + other
        case .fell: now.text + before + "FELL" + other
        case .rose: now.text + before + "rose" + other
        case .otherProgram: now.text + "; then beside \(then.program), which is no measure for this"
        }
    }

    /// The figures in one line of JSON, with the verdict and the ratio of the file.
    package var line: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(Line(figures: now, then: then?.ratio, allowance: allowance, verdict: verdict))).map
        {
            String(decoding: $0, as: UTF8.self)
        } ?? "{}"
    }

    private struct Line: Encodable {
        let figures: PeerFigures
        let then: Double?
        let allowance: Double?
        let verdict: Verdict

        private enum Key: String, CodingKey {
            case then = "ratio_then"
            case allowance, verdict
        }

        func encode(to encoder: any Encoder) throws {
            try figures.encode(to: encoder)
            var values = encoder.container(keyedBy: Key.self)
            try values.encodeIfPresent(then, forKey: .then)
            try values.encodeIfPresent(allowance, forKey: .allowance)
            try values.encode(verdict, forKey: .verdict)
        }
    }
}
