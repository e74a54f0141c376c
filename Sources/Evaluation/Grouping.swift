/// Positions of records sorted by class, then by image, then in their own order: two passes of counting sort.
struct Grouping: Sendable {
    /// Positions into the records.
    let order: [Int32]
    /// Class `k` is `classStarts[k] ..< classStarts[k + 1]` of `order`.
    let classStarts: [Int]

    /// `classes[i]` and `images[i]` say where record `i` belongs; a record with a negative class is left out.
    init(classes: [Int32], images: [Int32], classCount: Int, imageCount: Int) {
        var imageStarts = [Int](repeating: 0, count: imageCount + 1)
        var classStarts = [Int](repeating: 0, count: classCount + 1)
        for i in classes.indices where classes[i] >= 0 {
            imageStarts[Int(images[i]) + 1] += 1
            classStarts[Int(classes[i]) + 1] += 1
        }
        for i in 0..<imageCount { imageStarts[i + 1] += imageStarts[i] }
        for k in 0..<classCount { classStarts[k + 1] += classStarts[k] }
        let count = classStarts[classCount]

        let byImage = [Int32](unsafeUninitializedCapacity: count) { buffer, written in
            for i in classes.indices where classes[i] >= 0 {
                let image = Int(images[i])
                buffer[imageStarts[image]] = Int32(i)
                imageStarts[image] += 1
            }
            written = count
        }
        var next = classStarts
        order = [Int32](unsafeUninitializedCapacity: count) { buffer, written in
            for i in byImage {
                let k = Int(classes[Int(i)])
                buffer[next[k]] = i
                next[k] += 1
            }
            written = count
        }
        self.classStarts = classStarts
    }
}
