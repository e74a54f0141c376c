import Foundation

/// What was measured of a ``PeerCase``: the times of both sides, taken in turn, and their memory.
package struct PeerFigures: Codable, Hashable, Sendable {
    /// The name of the case.
    package let name: String
    /// The day, as 2026-01-31.
    package let date: String
    /// The libtorch that this package computed with, such as 2.13.0.
    package let libtorch: String
    /// The other program with what decides its speed, such as `eager PyTorch, jemalloc`, and the versions of its packages.
    package let program: String
    package let versions: String
    /// Milliseconds in each round: the median of the runs of one process.
    package let ownTimes: [Double]
    package let peerTimes: [Double]
    /// The most memory that a process had in any round, in mebibytes; nil if the system does not say.
    package let ownMemory: Int?
    package let peerMemory: Int?

    package init(
        name: String, date: String, libtorch: String, program: String, versions: String, ownTimes: [Double],
        peerTimes: [Double], ownMemory: Int?, peerMemory: Int?
    ) {
        (self.name, self.date, self.libtorch) = (name, date, libtorch)
        (self.program, self.versions) = (program, versions)
        (self.ownTimes, self.peerTimes) = (ownTimes, peerTimes)
        (self.ownMemory, self.peerMemory) = (ownMemory, peerMemory)
    }

    /// How many times as fast as the other program this one was: the ratios of the rounds, ascending.
    package var ratios: [Double] { zip(peerTimes, ownTimes).map { $0 / $1 }.sorted() }

    /// The median of the rounds' ratios.
    package var ratio: Double { ratios.median }

    /// The largest of the rounds' ratios less the smallest.
    package var spread: Double { (ratios.last ?? 0) - (ratios.first ?? 0) }

    /// Whether the rounds differ by more than a quarter of the ratio, so that something else ran beside them and the figures tell
    /// little.
    package var isUnsteady: Bool { spread > ratio / 4 }

    private enum Key: String, CodingKey {
        case name = "case"
        case date, libtorch, program, versions, ratio, spread
        case ownTimes = "vertebra_ms"
        case peerTimes = "peer_ms"
        case ownMemory = "vertebra_MiB"
        case peerMemory = "peer_MiB"
    }

    /// Reads the times; ratio and spread follow from them and are written for readers only.
    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Key.self)
        name = try values.decode(String.self, forKey: .name)
        date = try values.decode(String.self, forKey: .date)
        libtorch = try values.decode(String.self, forKey: .libtorch)
        program = try values.decode(String.self, forKey: .program)
        versions = try values.decode(String.self, forKey: .versions)
        ownTimes = try values.decode([Double].self, forKey: .ownTimes)
        peerTimes = try values.decode([Double].self, forKey: .peerTimes)
        ownMemory = try values.decodeIfPresent(Int.self, forKey: .ownMemory)
        peerMemory = try values.decodeIfPresent(Int.self, forKey: .peerMemory)
        guard !ownTimes.isEmpty, ownTimes.count == peerTimes.count else {
            throw DecodingError.dataCorruptedError(
                forKey: .peerTimes, in: values,
                debugDescription: "the case '\(name)' has \(ownTimes.count) and \(peerTimes.count) times; both sides "
                    + "need as many, and one or more")
        }
        guard (ownTimes + peerTimes).allSatisfy({ $0.isFinite && $0 > 0 }) else {
            throw DecodingError.dataCorruptedError(
                forKey: .ownTimes, in: values, debugDescription: "the case '\(name)' has a time that is not above 0")
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: Key.self)
        try values.encode(name, forKey: .name)
        try values.encode(date, forKey: .date)
        try values.encode(libtorch, forKey: .libtorch)
        try values.encode(program, forKey: .program)
        try values.encode(versions, forKey: .versions)
        try values.encode(ownTimes, forKey: .ownTimes)
        try values.encode(peerTimes, forKey: .peerTimes)
        try values.encodeIfPresent(ownMemory, forKey: .ownMemory)
        try values.encodeIfPresent(peerMemory, forKey: .peerMemory)
        try values.encode(Self.rounded(ratio), forKey: .ratio)
        try values.encode(Self.rounded(spread), forKey: .spread)
    }

    private static func rounded(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }

    /// Times, memory and the ratio in one line for a person.
    package var text: String {
        func side(_ name: String, _ times: [Double], _ memory: Int?) -> String {
            let median = times.median
            return name + String(format: median < 10 ? " %.2f ms" : " %.0f ms", median)
                + (memory.map { ", \($0) MiB" } ?? "")
        }
        return "\(name): " + side("Vertebra", ownTimes, ownMemory) + "; " + side(program, peerTimes, peerMemory)
            + String(format: "; ratio %.2f (%.2f to %.2f)", ratio, ratios.first ?? 0, ratios.last ?? 0)
            + (isUnsteady ? ", unsteady: measure it again with nothing beside it" : "")
            + (program == PeerCase.eager
                ? "; without jemalloc, with which PyTorch takes up to a third less time: install libjemalloc2" : "")
    }
}

extension [Double] {
    /// The middle of the values; of an even number of them, the mean of the two in the middle. 0 if there is none.
    var median: Double {
        let sorted = sorted()
        guard !sorted.isEmpty else { return 0 }
        return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    }
}
