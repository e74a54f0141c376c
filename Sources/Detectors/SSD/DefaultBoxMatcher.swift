import Tensors

/// Which default boxes stand for an object (Liu et al. 2016, section 2.2, "Matching strategy").
package struct DefaultBoxMatcher {
    /// Overlap at which a default box stands for the object that it overlaps most.
    let threshold: Double

    package init(threshold: Double) { self.threshold = threshold }

    /// Finds for each object its best default box, then for every default box the object that it overlaps enough.
    ///
    /// Two objects never share their best box: the pair that overlaps most is taken first, as in MultiBox, and the
    /// other object gets the best of the boxes that are left.
    ///
    /// - Returns: int64 `[P]` each: places of the positives among the boxes, ascending, and the object of each.
    package func match(_ boxes: Tensor, to truth: GroundTruth) -> (positives: Tensor, objects: Tensor) {
        guard truth.count > 0, boxes.shape[0] > 0 else {
            let none = Tensor.zeros([0], dtype: .int64, device: boxes.device)
            return (none, none)
        }
        var matches = DetectionOps.matchAnchors(
            gt: truth.boxes, anchors: boxes, high: threshold, low: threshold, allowLowQuality: false)
        let pairs = Self.bestPairs(DetectionOps.boxIoU(truth.boxes, boxes))
        if !pairs.isEmpty {
            matches = matches.indexPut(
                [Tensor(pairs.map { Int64($0.box) }, shape: [pairs.count]).to(boxes.device)],
                values: Tensor(pairs.map { Int64($0.object) }, shape: [pairs.count]).to(boxes.device))
        }
        let positives = (matches .>= 0).nonzero().reshape([-1])
        return (positives, matches.indexSelect(dim: 0, positives))
    }

    /// A box for each object of overlaps `[G, A]`, the greatest overlap first; none for an object that overlaps no box.
    static func bestPairs(_ overlaps: Tensor) -> [(object: Int, box: Int)] {
        let best = overlaps.max(dim: 1)
        var values: [Float] = best.values.array()
        var places: [Int] = best.indices.array()
        var waiting = Array(values.indices)
        var taken: Set<Int> = []
        var pairs: [(object: Int, box: Int)] = []
        while let next = waiting.max(by: { values[$0] < values[$1] || values[$0] == values[$1] && $0 > $1 }),
            values[next] > 0
        {
            if taken.insert(places[next]).inserted {
                pairs.append((next, places[next]))
                waiting.removeAll { $0 == next }
            } else {
                let row: [Float] = overlaps.select(dim: 0, index: next).array()
                let free = row.indices.filter { !taken.contains($0) }
                places[next] = free.max { row[$0] < row[$1] || row[$0] == row[$1] && $0 > $1 } ?? 0
                values[next] = free.isEmpty ? 0 : row[places[next]]
            }
        }
        return pairs
    }
}
