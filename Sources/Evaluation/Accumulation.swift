/// Precision and recall of one class in one area range, for every detection limit and IoU threshold.
struct ClassCurves: Sendable {
    /// Σ over the 101 recall levels of the interpolated precision; [limit][threshold], limits outermost.
    var precisionSums: [Double]
    /// The highest recall reached; laid out alike.
    var recalls: [Double]

    static let count = COCOProtocol.detectionLimits.count * COCOProtocol.iouThresholds.count
}

/// Makes the curves of a class of its matched detections.
final class CurveAccumulator {
    private let thresholds = COCOProtocol.iouThresholds.count
    /// For each right detection, the number of wrong ones in front of it; [range][threshold][right].
    private let wrongMemory = ReusedMemory<UInt32>()
    private let tallyMemory = ReusedMemory<Tally>()
    private let everywhereMemory = ReusedMemory<UInt32>()

    /// What is counted in one area range at one threshold while a class's detections pass, best first.
    private struct Tally: BitwiseCopyable {
        /// Right detections.
        var right = 0
        /// Wrong ones, but for those that are wrong at every threshold.
        var wrong: UInt32 = 0
        /// Where the next right one is written.
        var next: Int
    }

    /// The curves of each area range; nil where no object counts.
    ///
    /// - Parameters:
    ///   - detections: Those of every image, in any order.
    ///   - order: The detections' positions, best first.
    ///   - objectCounts: How many objects count, per area range.
    ///   - copies: How often each image is there, by its place among all; nil takes each once. The copies of a detection stand
    ///     side by side.
    func curves(
        of detections: UnsafeBufferPointer<MatchedDetection>, order: UnsafeBufferPointer<RankedScore>,
        objectCounts: [Int], copies: UnsafeBufferPointer<Int32>? = nil
    ) -> [ClassCurves?] {
        let recallSteps = objectCounts.map { $0 == 0 ? nil : RecallSteps(objectCount: $0) }
        let empty = ClassCurves(
            precisionSums: [Double](repeating: 0, count: ClassCurves.count),
            recalls: [Double](repeating: 0, count: ClassCurves.count))
        var curves = objectCounts.map { $0 == 0 ? nil : empty }
        let mostOfAnImage = 1 + (detections.lazy.map { Int($0.rank) }.max() ?? 0)

        for (m, limit) in COCOProtocol.detectionLimits.enumerated() {
            // If no image has more, any further limit gives the same.
            if m > 0, COCOProtocol.detectionLimits[m - 1] >= mostOfAnImage {
                for range in curves.indices { curves[range]?.copyLimit(m - 1, to: m) }
                continue
            }
            let (tallies, wrong) = count(
                detections, order: order, limit: limit, objectCounts: objectCounts, copies: copies)
            for (range, steps) in recallSteps.enumerated() {
                guard let steps else { continue }
                for t in 0..<thresholds {
                    let tally = tallies[range * thresholds + t]
                    let slot = m * thresholds + t
                    curves[range]?.recalls[slot] = Double(tally.right) / Double(objectCounts[range])
                    curves[range]?.precisionSums[slot] = steps.precisionSum(
                        UnsafeBufferPointer(rebasing: wrong[tally.next - tally.right..<tally.next]))
                }
            }
        }
        return curves
    }

    /// Counts the detections whose rank is below `limit`, per area range and threshold.
    private func count(
        _ detections: UnsafeBufferPointer<MatchedDetection>, order: UnsafeBufferPointer<RankedScore>, limit: Int,
        objectCounts: [Int], copies: UnsafeBufferPointer<Int32>?
    ) -> (tallies: UnsafeMutableBufferPointer<Tally>, wrong: UnsafeMutableBufferPointer<UInt32>) {
        let ranges = objectCounts.count
        let tallies = tallyMemory.room(for: ranges * thresholds)
        // An object makes one detection right, and no more.
        var length = 0
        for place in tallies.indices {
            tallies[place] = Tally(next: length)
            length += objectCounts[place / thresholds]
        }
        let wrong = wrongMemory.room(for: length)
        let wrongEverywhere = everywhereMemory.room(for: ranges)
        wrongEverywhere.initialize(repeating: 0)
        let everyThreshold = RangeBits.everyThreshold

        for element in order {
            let detection = detections[Int(element.position)]
            if Int(detection.rank) >= limit { continue }
            let times = copies.map { UInt32(bitPattern: $0[Int(detection.image)]) } ?? 1
            if times == 0 { continue }
            var ignored = detection.ignored
            var matched = detection.matched
            for range in 0..<ranges {
                let counted = ~ignored & everyThreshold
                // Most detections meet no object: they are wrong at every threshold, or of another size.
                if !detection.meetsObject {
                    wrongEverywhere[range] &+= times &* UInt32(truncatingIfNeeded: counted & 1)
                } else if counted != 0 {
                    var right = matched & counted
                    var isWrong = counted & ~right
                    // Right at a threshold, it is not wrong there, so the order of these two does not matter.
                    while right != 0 {
                        let place = range * thresholds + right.trailingZeroBitCount
                        right &= right - 1
                        let before = tallies[place].wrong &+ wrongEverywhere[range]
                        for _ in 0..<times {
                            wrong[tallies[place].next] = before
                            tallies[place].next += 1
                        }
                        tallies[place].right += Int(times)
                    }
                    if isWrong == everyThreshold {
                        wrongEverywhere[range] &+= times
                        isWrong = 0
                    }
                    while isWrong != 0 {
                        tallies[range * thresholds + isWrong.trailingZeroBitCount].wrong &+= times
                        isWrong &= isWrong - 1
                    }
                }
                ignored >>= 16
                matched >>= 16
            }
        }
        return (tallies, wrong)
    }
}

extension ClassCurves {
    fileprivate mutating func copyLimit(_ from: Int, to: Int) {
        let thresholds = COCOProtocol.iouThresholds.count
        for t in 0..<thresholds {
            precisionSums[to * thresholds + t] = precisionSums[from * thresholds + t]
            recalls[to * thresholds + t] = recalls[from * thresholds + t]
        }
    }
}

/// The right detections whose coming reaches each of the 101 recall levels.
private struct RecallSteps {
    /// The least k with k / objectCount at or above each level.
    private let needed: [Int]

    init(objectCount: Int) {
        needed = COCOProtocol.recallThresholds.map { level in
            var k = max(0, Int(level * Double(objectCount)) - 1)
            while k <= objectCount, Double(k) / Double(objectCount) < level { k += 1 }
            return max(k, 1)
        }
    }

    /// The sum over the levels of the interpolated precision; `wrong` says how many wrong detections stand in front of each
    /// right one.
    ///
    /// pycocotools takes, at each recall level, the highest precision from the first detection on that reaches it.
    /// Precision only rises where a detection is right, and recall levels above 0 are only reached there, so those
    /// detections are all that has to be looked at; and of those with as many wrong ones in front, the last one.
    func precisionSum(_ wrong: UnsafeBufferPointer<UInt32>) -> Double {
        withUnsafeTemporaryAllocation(of: Double.self, capacity: needed.count) { precisions in
            var level = needed.count
            while level > 0, needed[level - 1] > wrong.count { level -= 1 }
            let reached = level
            var best = 0.0
            var k = wrong.count
            while level > 0 {
                if k == wrong.count || wrong[k - 1] != wrong[k] {
                    best = max(best, Double(k) / (Double(wrong[k - 1]) + Double(k) + 1.0.ulp))
                }
                while level > 0, needed[level - 1] == k {
                    level -= 1
                    precisions[level] = best
                }
                k -= 1
            }
            return precisions.prefix(reached).reduce(0, +)
        }
    }
}
