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

    /// What ``match(_:to:)`` finds for the objects of every image, where the boxes are on a device that the host had better
    /// not wait for: for each box the object that it stands for, int64 `[N, A]`; below 0 for none.
    func matches(_ boxes: Tensor, to truths: [GroundTruth]) -> Tensor {
        let (device, count) = (boxes.device, boxes.shape[0])
        var matches = Tensor.stack(
            truths.map {
                $0.count == 0
                    ? Tensor.full([count], -1, dtype: .int64, device: device)
                    : DetectionOps.matchAnchors(
                        gt: $0.boxes, anchors: boxes, high: threshold, low: threshold, allowLowQuality: false)
            })
        let most = truths.map(\.count).max() ?? 0
        guard most > 0 else { return matches }
        // An object that an image lacks overlaps nothing.
        var overlaps = Tensor.stack(
            truths.map {
                $0.count == 0
                    ? Tensor.full([most, count], -1, device: device)
                    : F.pad(DetectionOps.boxIoU($0.boxes, boxes), [0, 0, 0, most - $0.count], value: -1)
            })
        let everyBox = Tensor.arange(0, Double(count), dtype: .int64, device: device).unsqueeze(0)
        let everyObject = Tensor.arange(0, Double(most), dtype: .int64, device: device).unsqueeze(0)
        // A pair of each image in a round: the one that overlaps most of those whose two are still free.
        for _ in 0..<most {
            let best = overlaps.reshape([truths.count, most * count]).max(dim: 1, keepDim: true)
            let object = (best.indices.to(.float64) / Double(count)).floor().to(.int64)
            let isBox = everyBox .== (best.indices - object * count)
            matches = Tensor.where(isBox .& (best.values .> 0), object, matches)
            overlaps = overlaps.maskedFill((everyObject .== object).unsqueeze(2) .| isBox.unsqueeze(1), -1)
        }
        return matches
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
