/// A detection's score as an integer that sorts, and where the detection stands.
struct RankedScore: BitwiseCopyable {
    /// The better the score, the smaller; equal for equal scores.
    let key: UInt64
    let position: Int32

    /// - Parameter score: Any number, but not NaN.
    init(score: Double, position: Int) {
        // −0 and 0 are equal scores, and their sum is 0.
        let bits = (score + 0).bitPattern
        key = bits >> 63 == 0 ? ~bits ^ 1 << 63 : bits
        self.position = Int32(position)
    }

    init(key: UInt64, position: Int32) {
        self.key = key
        self.position = position
    }
}

extension UnsafeMutableBufferPointer<RankedScore> {
    /// Below this, moving elements one by one is faster than counting bytes.
    private static var fewElements: Int { 48 }

    /// Sorts, best scores first and equal ones in their order. `spare` is overwritten and has room for as many.
    func sortBestFirst(spare: Self) {
        if count < Self.fewElements { sortFew() } else { sortByBytes(spare) }
    }

    private func sortFew() {
        var i = 1
        while i < count {
            let element = self[i]
            var place = i
            while place > 0, self[place - 1].key > element.key {
                self[place] = self[place - 1]
                place -= 1
            }
            self[place] = element
            i += 1
        }
    }

    /// A counting sort by each byte of the keys, the lowest first, but for those that all keys share.
    private func sortByBytes(_ spare: Self) {
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 8 * 256) { counts in
            counts.initialize(repeating: 0)
            for element in self {
                for byte in 0..<8 { counts[byte << 8 | Int(truncatingIfNeeded: element.key >> (8 * byte)) & 0xff] += 1 }
            }
            var (from, to) = (self, spare)
            for byte in 0..<8 {
                let row = byte << 8
                let first = Int(truncatingIfNeeded: self[0].key >> (8 * byte)) & 0xff
                if counts[row | first] == UInt32(count) { continue }
                var start: UInt32 = 0
                for value in row..<row + 256 { (counts[value], start) = (start, start + counts[value]) }
                for place in 0..<count {
                    let element = from[place]
                    let slot = row | Int(truncatingIfNeeded: element.key >> (8 * byte)) & 0xff
                    to[Int(counts[slot])] = element
                    counts[slot] += 1
                }
                swap(&from, &to)
            }
            if from.baseAddress != baseAddress { for place in 0..<count { self[place] = from[place] } }
        }
    }
}
