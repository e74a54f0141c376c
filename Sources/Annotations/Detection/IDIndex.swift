/// From ids to positions: a table where the ids lie close together, as COCO's do, a dictionary where they don't.
package struct IDIndex: Sendable {
    private let lowest: Int
    private let table: [Int32]
    private let dictionary: [Int: Int32]
    /// Positions whose id stands earlier already; they are not indexed.
    package let repeated: [Int]

    package init(_ ids: [Int]) {
        var repeated: [Int] = []
        if let low = ids.min(), let high = ids.max(),
            case let (span, overflow) = high.subtractingReportingOverflow(low),
            !overflow, span < 16 * ids.count + 65_536
        {
            lowest = low
            dictionary = [:]
            var table = [Int32](repeating: -1, count: span + 1)
            for (position, id) in ids.enumerated() {
                if table[id - low] < 0 { table[id - low] = Int32(position) } else { repeated.append(position) }
            }
            self.table = table
        } else {
            lowest = 0
            table = []
            var dictionary: [Int: Int32] = [:]
            dictionary.reserveCapacity(ids.count)
            for (position, id) in ids.enumerated() {
                if dictionary[id] == nil { dictionary[id] = Int32(position) } else { repeated.append(position) }
            }
            self.dictionary = dictionary
        }
        self.repeated = repeated
    }

    /// Where an id stands, or −1.
    @inline(__always)
    package func position(_ id: Int) -> Int {
        if table.isEmpty { return dictionary[id].map(Int.init) ?? -1 }
        let (offset, overflow) = id.subtractingReportingOverflow(lowest)
        return overflow || offset < 0 || offset >= table.count ? -1 : Int(table[offset])
    }
}
