/// Names in one piece of memory. A million strings take a hundred megabytes more, and a quarter of a second to give back.
struct PackedNames: Sendable {
    private var bytes: [UInt8] = []
    /// Where each name ends in `bytes`.
    private var ends: [Int] = []

    init(_ names: [String]) {
        bytes.reserveCapacity(names.reduce(0) { $0 + $1.utf8.count })
        ends.reserveCapacity(names.count)
        for name in names {
            bytes += name.utf8
            ends.append(bytes.count)
        }
    }

    /// How many there are.
    var count: Int { ends.count }

    /// Name `index`, in the order that they came in.
    subscript(index: Int) -> String {
        String(decoding: bytes[(index == 0 ? 0 : ends[index - 1])..<ends[index]], as: UTF8.self)
    }
}
