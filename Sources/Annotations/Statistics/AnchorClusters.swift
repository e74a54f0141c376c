/// Sizes of anchors that fit the boxes of a data set: the means of clusters by k-means, whose distance is 1 − IoU of two boxes
/// on one centre (Redmon and Farhadi, "YOLO9000: Better, Faster, Stronger", 2017, section 2).
///
/// The same boxes give the same anchors: clusters begin at even places of the boxes in the order of their areas.
public struct AnchorClusters: Hashable, Sendable, Codable {
    /// An anchor's size.
    public struct Anchor: Hashable, Sendable, Codable {
        /// The width in pixels.
        public var width: Double
        /// The height in pixels.
        public var height: Double
        /// The share of boxes that it fits best, 0 to 1.
        public var share: Double
    }

    /// The anchors, the smallest area first.
    public let anchors: [Anchor]
    /// The mean over all boxes of the IoU with the best anchor, 0 to 1.
    public let meanIoU: Double
    /// The share of boxes whose IoU with the best anchor is at least 0.5.
    public let share50: Double

    /// Most boxes that are clustered; of more, every n-th is taken.
    private static let mostBoxes = 100_000
    private static let mostRounds = 300

    /// Clusters boxes by their widths and heights; those without an area are passed over.
    ///
    /// - Parameters:
    ///   - boxes: Widths and heights in pixels.
    ///   - count: The number of anchors, above 0; there are fewer if there are not so many different boxes.
    public init(boxes: [(width: Double, height: Double)], count: Int) {
        precondition(count > 0, "AnchorClusters: \(count) anchors")
        var boxes = boxes.filter { $0.width > 0 && $0.height > 0 && $0.width.isFinite && $0.height.isFinite }
        boxes.sort { ($0.width * $0.height, $0.width) < ($1.width * $1.height, $1.width) }
        if boxes.count > Self.mostBoxes {
            let all = boxes
            boxes = (0..<Self.mostBoxes).map { all[$0 * all.count / Self.mostBoxes] }
        }
        let sorted = boxes
        let distinct = sorted.indices.filter { $0 == 0 || sorted[$0] != sorted[$0 - 1] }.map { sorted[$0] }
        let clusters = min(count, distinct.count)
        var means = (0..<clusters).map { distinct[(2 * $0 + 1) * distinct.count / (2 * clusters)] }
        var owners: [Int] = []
        for _ in 0..<Self.mostRounds where clusters > 0 {
            let next = boxes.map { Self.nearest($0, means).index }
            if next == owners { break }
            owners = next
            var sums = [(width: Double, height: Double, count: Double)](repeating: (0, 0, 0), count: clusters)
            for (box, owner) in zip(boxes, owners) {
                sums[owner].width += box.width
                sums[owner].height += box.height
                sums[owner].count += 1
            }
            for k in means.indices where sums[k].count > 0 {
                means[k] = (sums[k].width / sums[k].count, sums[k].height / sums[k].count)
            }
        }
        let best = boxes.map { Self.nearest($0, means) }
        let total = Double(max(1, boxes.count))
        anchors = means.indices.map { k in
            Anchor(
                width: means[k].width, height: means[k].height, share: Double(best.count { $0.index == k }) / total)
        }.sorted { ($0.width * $0.height, $0.width) < ($1.width * $1.height, $1.width) }
        meanIoU = best.reduce(0) { $0 + $1.overlap } / total
        share50 = Double(best.count { $0.overlap >= 0.5 }) / total
    }

    private static func nearest(
        _ box: (width: Double, height: Double), _ means: [(width: Double, height: Double)]
    ) -> (index: Int, overlap: Double) {
        var best = (index: 0, overlap: -1.0)
        for (k, mean) in means.enumerated() {
            let shared = min(box.width, mean.width) * min(box.height, mean.height)
            let overlap = shared / (box.width * box.height + mean.width * mean.height - shared)
            if overlap > best.overlap { best = (k, overlap) }
        }
        return best
    }
}
