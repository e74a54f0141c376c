import Annotations
import Support

/// Divides a set's images into parts so that every class has its share in each, as far as images with several classes allow.
///
/// Images are grouped by the rarest class on them, and groups are divided from the rarest class on; what rounding gives to a
/// part in one group, it lacks in the next. The same seed gives the same parts.
package struct SetSplit: Sendable {
    /// The share of images to measure on, and to test on at the end.
    package let val, test: Double
    package let seed: UInt64

    package init(val: Double, test: Double = 0, seed: UInt64) {
        (self.val, self.test, self.seed) = (val, test, seed)
    }

    /// The set divided anew, whatever its parts were.
    ///
    /// - Throws: `JobError` where a part would have no image.
    package func divided(_ set: DetectionSet) throws -> DetectionSet {
        let whole = set.joined(as: "train")
        let shares = [("train", 1 - val - test), ("val", val), ("test", test)]
        let made = try zip(shares, divided(whole.annotations)).compactMap { named, images -> DetectionSet.Part? in
            let (name, share) = named
            guard share > 0 else { return nil }
            guard !images.isEmpty else {
                throw JobError(
                    set.source,
                    "has \(set.imageCount) images, too few for a part \(name); give that a larger share, or add images")
            }
            return DetectionSet.Part(
                name: name, annotations: whole.annotations.selecting(images: images),
                pictures: images.map { whole.pictures[$0] })
        }
        let names = set.parts.map(\.name)
        let note = names.count > 1 ? ["the parts \(names.joined(separator: ", ")) were joined and divided anew"] : []
        return try DetectionSet(
            source: set.source, sources: set.sources, format: set.format, parts: made, notes: set.notes + note)
    }

    /// Positions of images to train, to measure and to test on, each ascending.
    func divided(_ annotations: DetectionAnnotations) -> [[Int]] {
        let classes = (0..<annotations.imageCount).map { i in
            Set(annotations.objects(i).map { Int(annotations.labels[$0]) })
        }
        var counts = [Int](repeating: 0, count: annotations.classCount + 1)
        for labels in classes { for label in labels { counts[label] += 1 } }
        // Group 0 has the images without objects; it comes last.
        let groups = Dictionary(grouping: classes.indices) { i in
            classes[i].min { (counts[$0], $0) < (counts[$1], $1) } ?? 0
        }
        let order = groups.keys.sorted {
            ($0 == 0 ? Int.max : counts[$0], $0) < ($1 == 0 ? Int.max : counts[$1], $1)
        }
        var parts: [[Int]] = [[], [], []]
        var done = 0
        for group in order {
            let images = groups[group] ?? []
            var random = SeededRandom(seed: seed, epoch: 0, index: group)
            let shuffled = random.permutation(of: images.count).map { images[$0] }
            done += images.count
            var next = shuffled[...]
            for (p, share) in [(1, val), (2, test)] {
                let wanted = Int((share * Double(done)).rounded()) - parts[p].count
                let count = min(max(0, wanted), next.count)
                parts[p] += next.prefix(count)
                next = next.dropFirst(count)
            }
            parts[0] += next
        }
        return parts.map { $0.sorted() }
    }
}
