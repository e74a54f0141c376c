/// Many strings in two allocations: their UTF-8 bytes end to end, and where each one stops.
struct StringColumn: Sendable {
    private(set) var bytes: [UInt8]
    private(set) var ends: [Int]

    init(bytes: [UInt8] = [], ends: [Int] = []) {
        self.bytes = bytes
        self.ends = ends
    }

    init(_ strings: [String]) {
        self.init()
        for string in strings { append(string) }
    }

    var count: Int { ends.count }

    mutating func append(_ string: String) {
        bytes.append(contentsOf: string.utf8)
        ends.append(bytes.count)
    }

    /// The UTF-8 bytes of string `i`, without making a `String`.
    func utf8(_ i: Int) -> ArraySlice<UInt8> { bytes[(i == 0 ? 0 : ends[i - 1])..<ends[i]] }

    subscript(i: Int) -> String { String(decoding: utf8(i), as: UTF8.self) }
}
