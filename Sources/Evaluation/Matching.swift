/// A box as COCO writes it.
struct Rectangle: BitwiseCopyable {
    var x: Double
    var y: Double
    var width: Double
    var height: Double
}

/// Bits of area ranges and IoU thresholds: bit t + 16·a is range a at threshold t.
typealias RangeBits = UInt64

extension RangeBits {
    /// Every threshold of the first range.
    static let everyThreshold: RangeBits = (1 << RangeBits(COCOProtocol.iouThresholds.count)) - 1
    /// The first threshold of every range.
    static let everyRange: RangeBits = COCOProtocol.areaRanges.indices.reduce(0) { $0 | 1 << RangeBits(16 * $1) }
}

/// COCO's area ranges, to ask of many areas.
struct AreaRanges {
    private let low: SIMD4<Double>
    private let high: SIMD4<Double>
    /// All thresholds of each range.
    private let bits: SIMD4<RangeBits>

    init() {
        let ranges = COCOProtocol.areaRanges
        low = SIMD4(ranges.map(\.low))
        high = SIMD4(ranges.map(\.high))
        bits = SIMD4(ranges.indices.map { .everyThreshold << RangeBits(16 * $0) })
    }

    /// All thresholds of the ranges in which an area does not lie.
    func outside(_ area: Double) -> RangeBits {
        let area = SIMD4(repeating: area)
        return SIMD4<RangeBits>(repeating: 0).replacing(with: bits, where: (area .< low) .| (area .> high)).wrappedSum()
    }
}

/// One object, as detections of its class are matched to it.
struct MatchableObject: BitwiseCopyable {
    let box: Rectangle
    let isCrowd: Bool
    /// pycocotools stores the matched object's id as the sign of a match, so id 0 never counts as one.
    let hasIDZero: Bool
    /// Where the object counts neither way: the ranges that its area is outside of, and all for a crowd.
    let outside: RangeBits
    /// The place of its image among all.
    let image: Int32
}

/// One detection that counts (it is among its image's best 100 of the class), matched.
struct MatchedDetection: BitwiseCopyable {
    /// Where it is matched to an object.
    var matched: RangeBits
    /// Where it is neither right nor wrong.
    var ignored: RangeBits
    /// The place of its image among all.
    var image: Int32
    /// Its place among the image's detections of the class, 0 for the best.
    var rank: UInt8
    /// Whether it overlaps an object enough for any threshold. If not, it is as its area says at all thresholds.
    var meetsObject: Bool
}

/// Matches the detections of one class on one image to its objects.
final class Matcher {
    /// An object that a detection overlaps enough, and where.
    private struct Candidate: BitwiseCopyable {
        var object: Int
        var overlap: Double
        var passed: RangeBits
    }

    /// An overlap this much below 1 is as good as 1.
    private let thresholds = COCOProtocol.iouThresholds.map { min($0, 1 - 1e-10) }
    /// The bits of each threshold in every range.
    private let thresholdBits = COCOProtocol.iouThresholds.indices.map { RangeBits.everyRange << RangeBits($0) }
    private let ranges = AreaRanges()
    private let candidateMemory = ReusedMemory<Candidate>()
    private let takenMemory = ReusedMemory<RangeBits>()

    /// COCO's matching: detections from the best on, each takes the free object that it overlaps most (the later one of
    /// equals), objects that count before those that don't.
    ///
    /// It is done for all ranges and thresholds at once: which object is free differs between them, which one is overlapped
    /// most does not.
    ///
    /// - Parameters:
    ///   - ranking: The detections' positions in `boxes`, best first.
    ///   - objects: In file order.
    ///   - image: The place of the image among all.
    ///   - matched: Gets an element for each detection.
    func match(
        _ ranking: UnsafeBufferPointer<RankedScore>, boxes: UnsafeBufferPointer<Rectangle>,
        to objects: UnsafeBufferPointer<MatchableObject>, of image: Int32,
        into matched: UnsafeMutableBufferPointer<MatchedDetection>
    ) {
        let taken = takenMemory.room(for: objects.count)
        taken.initialize(repeating: 0)
        let candidates = candidateMemory.room(for: objects.count)
        for rank in ranking.indices {
            let box = boxes[Int(ranking[rank].position)]
            let area = box.width * box.height
            var found: RangeBits = 0
            var ignored: RangeBits = 0
            let count = findCandidates(of: box, area: area, among: objects, candidates)
            if count > 0 {
                var counting: RangeBits = 0
                var passing: RangeBits = 0
                for candidate in candidates.prefix(count) {
                    let object = objects[candidate.object]
                    let free = candidate.passed & ~object.outside & ~taken[candidate.object] & ~counting
                    taken[candidate.object] |= free
                    counting |= free
                    if !object.hasIDZero { found |= free }
                }
                for candidate in candidates.prefix(count) {
                    let object = objects[candidate.object]
                    var free = candidate.passed & object.outside & ~counting & ~passing
                    if !object.isCrowd { free &= ~taken[candidate.object] }
                    taken[candidate.object] |= free
                    passing |= free
                    if !object.hasIDZero { found |= free }
                }
                ignored = passing
            }
            matched[rank] = MatchedDetection(
                matched: found, ignored: ignored | (ranges.outside(area) & ~found), image: image, rank: UInt8(rank),
                meetsObject: count > 0)
        }
    }

    /// The objects with an overlap that the lowest threshold admits, the largest overlap first, and the later object of
    /// equals. Returns their number.
    private func findCandidates(
        of box: Rectangle, area: Double, among objects: UnsafeBufferPointer<MatchableObject>,
        _ candidates: UnsafeMutableBufferPointer<Candidate>
    ) -> Int {
        let right = box.x + box.width
        let bottom = box.y + box.height
        var count = 0
        for g in objects.indices {
            let object = objects[g].box
            let width = min(right, object.width + object.x) - max(box.x, object.x)
            if !(width > 0) { continue }
            let height = min(bottom, object.height + object.y) - max(box.y, object.y)
            if !(height > 0) { continue }
            let shared = width * height
            let union = objects[g].isCrowd ? area : area + object.width * object.height - shared
            let overlap = shared / union
            var passed: RangeBits = 0
            for (t, threshold) in thresholds.enumerated() {
                if !(overlap >= threshold) { break }
                passed |= thresholdBits[t]
            }
            if passed == 0 { continue }
            var place = count
            while place > 0, candidates[place - 1].overlap <= overlap {
                candidates[place] = candidates[place - 1]
                place -= 1
            }
            candidates[place] = Candidate(object: g, overlap: overlap, passed: passed)
            count += 1
        }
        return count
    }
}
