/// One detection that counts (it is among its image's best 100 of the class), matched.
struct MatchedDetection {
    var score: Double
    /// Bit t + 16·a: at IoU threshold t, in area range a, matched to an object.
    var matched: UInt64 = 0
    /// Bit t + 16·a: at IoU threshold t, in area range a, neither right nor wrong.
    var ignored: UInt64 = 0
    /// Its place among the image's detections of the class, 0 for the best.
    var rank: UInt8 = 0
}

/// The detections and objects of one class on one image, in structure-of-arrays form; kept from image to image.
struct ImageOfClass {
    struct Rectangle {
        var x: Double
        var y: Double
        var width: Double
        var height: Double
    }

    struct Object {
        var box: Rectangle
        var area: Double
        var isCrowd: Bool
        /// pycocotools stores the matched object's id as the sign of a match, so id 0 never counts as one.
        var hasIDZero: Bool
    }

    /// An object that a detection overlaps by half or more.
    private struct Candidate {
        var object: Int
        var overlap: Double
    }

    var objects: [Object] = []
    /// Best first.
    var detections: [Rectangle] = []

    /// An overlap this much below 1 is as good as 1.
    private let thresholds = COCOProtocol.iouThresholds.map { min($0, 1 - 1e-10) }
    private var candidates: [Candidate] = []
    private var candidateEnds: [Int] = []
    private var taken: [UInt16] = []
    private var outside: [Bool] = []

    mutating func clear() {
        objects.removeAll(keepingCapacity: true)
        detections.removeAll(keepingCapacity: true)
    }

    /// COCO's matching: detections from the best on, each takes the free object that it overlaps most (the later one of
    /// equals), objects that count before those that don't. Sets the bits in `out`, one element per detection.
    mutating func match(into out: UnsafeMutablePointer<MatchedDetection>) {
        findCandidates()
        for (range, limits) in COCOProtocol.areaRanges.enumerated() {
            let shift = UInt64(16 * range)
            outside.removeAll(keepingCapacity: true)
            for object in objects {
                outside.append(object.isCrowd || object.area < limits.low || object.area > limits.high)
            }
            taken.removeAll(keepingCapacity: true)
            taken.append(contentsOf: repeatElement(0, count: objects.count))
            var start = 0
            for d in detections.indices {
                let end = candidateEnds[d]
                let area = detections[d].width * detections[d].height
                let isOutside = area < limits.low || area > limits.high
                var matched: UInt16 = 0
                var ignored: UInt16 = 0
                if start < end {
                    (matched, ignored) = matchOne(start..<end)
                }
                if isOutside { ignored |= ~matched & 0x3ff }
                out[d].matched |= UInt64(matched) << shift
                out[d].ignored |= UInt64(ignored) << shift
                start = end
            }
        }
    }

    /// One detection at every threshold: bits of where it is matched, and where its match is ignored.
    private mutating func matchOne(_ range: Range<Int>) -> (matched: UInt16, ignored: UInt16) {
        var matched: UInt16 = 0
        var ignored: UInt16 = 0
        var largest = 0.0
        for candidate in candidates[range] { largest = max(largest, candidate.overlap) }
        for (t, threshold) in thresholds.enumerated() {
            if largest < threshold { break }
            let bit = UInt16(1) << UInt16(t)
            var best = -1
            var overlap = threshold
            for candidate in candidates[range]
            where !outside[candidate.object] && taken[candidate.object] & bit == 0 && candidate.overlap >= overlap {
                best = candidate.object
                overlap = candidate.overlap
            }
            if best < 0 {
                for candidate in candidates[range]
                where outside[candidate.object]
                    && (taken[candidate.object] & bit == 0 || objects[candidate.object].isCrowd)
                    && candidate.overlap >= overlap
                {
                    best = candidate.object
                    overlap = candidate.overlap
                }
            }
            if best < 0 { continue }
            taken[best] |= bit
            if outside[best] { ignored |= bit }
            if !objects[best].hasIDZero { matched |= bit }
        }
        return (matched, ignored)
    }

    /// For every detection, the objects with an overlap that the lowest threshold admits, in file order.
    private mutating func findCandidates() {
        candidates.removeAll(keepingCapacity: true)
        candidateEnds.removeAll(keepingCapacity: true)
        let least = thresholds[0]
        for d in detections {
            let right = d.x + d.width
            let bottom = d.y + d.height
            let area = d.width * d.height
            for g in objects.indices {
                let box = objects[g].box
                let width = min(right, box.width + box.x) - max(d.x, box.x)
                if !(width > 0) { continue }
                let height = min(bottom, box.height + box.y) - max(d.y, box.y)
                if !(height > 0) { continue }
                let shared = width * height
                let union = objects[g].isCrowd ? area : area + box.width * box.height - shared
                let overlap = shared / union
                if overlap >= least { candidates.append(Candidate(object: g, overlap: overlap)) }
            }
            candidateEnds.append(candidates.count)
        }
    }
}
