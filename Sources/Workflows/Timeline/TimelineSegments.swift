/// When which class goes on.
package struct TimelineSegment: Hashable {
    /// Seconds at which it begins and ends.
    package var start: Double
    package var end: Double
    /// The class's number, from 0.
    package var label: Int
    /// The mean of its smoothed score over that time, and the highest.
    package var score: Double
    package var peak: Double
    /// Seconds of it that are no bridged gap.
    package var covered = 0.0
}

/// Finds segments in smoothed scores, by hysteresis: one begins where a class is the likeliest with at least `enter`, and ends
/// where its score falls below `leave`, or another class begins one. Then segments of one class follow each other as one if
/// the gap between them is at most `bridge` long, and those shorter than `shortest` are dropped.
package struct TimelineSegments {
    /// What a segment is.
    package struct Rule: Hashable {
        /// The score, 0…1, at which a segment begins, and that below which it ends.
        package var enter: Double
        package var leave: Double
        /// Seconds.
        package var bridge: Double
        package var shortest: Double

        package init(enter: Double = 0.5, leave: Double = 0.3, bridge: Double, shortest: Double) {
            self.enter = enter
            self.leave = leave
            self.bridge = bridge
            self.shortest = shortest
        }
    }

    package let rule: Rule
    private var found: [TimelineSegment] = []
    private var open: TimelineSegment?

    package init(_ rule: Rule) { self.rule = rule }

    /// Adds the scores of all classes from `start` to `end`, which follows what was added before.
    package mutating func add(start: Double, end: Double, scores: [Float]) {
        guard let best = scores.indices.max(by: { scores[$0] < scores[$1] }) else { return }
        let isSure = Double(scores[best]) >= rule.enter
        if let label = open?.label {
            let goesOn = Double(scores[label]) >= rule.leave && (label == best || !isSure)
            if goesOn {
                extend(to: end, score: Double(scores[label]))
                return
            }
            close()
        }
        guard isSure else { return }
        open = TimelineSegment(start: start, end: start, label: best, score: 0, peak: 0)
        extend(to: end, score: Double(scores[best]))
    }

    /// The segments, in order, when all scores have been added.
    package mutating func finish() -> [TimelineSegment] {
        close()
        let long = bridged(found).filter { $0.end - $0.start >= rule.shortest - 1e-9 }
        // Those on either side of one that was dropped may be near enough now.
        return bridged(long)
    }

    private mutating func extend(to end: Double, score: Double) {
        guard var segment = open else { return }
        let before = segment.covered, more = end - segment.end
        if before + more > 0 { segment.score = (segment.score * before + score * more) / (before + more) }
        segment.peak = max(segment.peak, score)
        segment.covered += more
        segment.end = end
        open = segment
    }

    private mutating func close() {
        if let open { found.append(open) }
        open = nil
    }

    private func bridged(_ segments: [TimelineSegment]) -> [TimelineSegment] {
        var result: [TimelineSegment] = []
        for segment in segments {
            guard let last = result.last, last.label == segment.label, segment.start - last.end <= rule.bridge + 1e-9
            else {
                result.append(segment)
                continue
            }
            let (a, b) = (last.covered, segment.covered)
            result[result.count - 1].score = a + b > 0 ? (last.score * a + segment.score * b) / (a + b) : last.score
            result[result.count - 1].peak = max(last.peak, segment.peak)
            result[result.count - 1].covered = a + b
            result[result.count - 1].end = segment.end
        }
        return result
    }
}
