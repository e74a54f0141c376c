/// A configuration that no detector can be built from.
public struct DetectorConfigurationError: Error, Equatable, CustomStringConvertible {
    /// What the detector is called: `Faster R-CNN`, `SSD`.
    public let detector: String
    /// The key of the value, as a recipe spells it.
    public let key: String
    /// What is wrong with its value, and what would be right.
    public let reason: String

    /// Detector, key and reason in one line.
    public var description: String { "\(detector): \(key): \(reason)" }
}

/// Says what is wrong with the values of a configuration, key by key.
struct ConfigurationCheck<Key: CodingKey & RawRepresentable> where Key.RawValue == String {
    let detector: String

    func require(_ condition: Bool, _ key: Key, _ reason: @autoclosure () -> String) throws {
        guard condition else {
            throw DetectorConfigurationError(detector: detector, key: key.rawValue, reason: reason())
        }
    }

    /// No number of boxes or channels is larger; beyond, the sizes of tensors would pass what a number can hold.
    static var largest: Int { 10_000_000 }

    func requirePositive(_ values: [(Key, Int)]) throws {
        for (key, value) in values {
            try require(
                value > 0 && value <= Self.largest, key, "is \(value); it must be above 0, up to \(Self.largest)")
        }
    }

    func requireFraction(_ values: [(Key, Double)]) throws {
        for (key, value) in values { try require((0...1).contains(value), key, "is \(value); it must be in 0…1") }
    }

    /// Mean and deviation of the pixels, and the parts of the backbone that are trained.
    func requireImages(_ mean: (Key, [Double]), _ deviation: (Key, [Double])) throws {
        try require(mean.1.count == 3, mean.0, "needs three values, not \(mean.1.count)")
        try require(
            deviation.1.count == 3 && deviation.1.allSatisfy { $0 > 0 }, deviation.0, "needs three values, all above 0")
    }

    func requireStages(_ trained: (Key, Int?), of stageCount: Int) throws {
        try require(
            trained.1.map { (0...(stageCount + 1)).contains($0) } ?? true, trained.0,
            "must be in 0…\(stageCount + 1): stages from the last one, and the stem")
    }
}
