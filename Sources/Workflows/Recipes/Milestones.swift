/// The key `training.milestones`: when the learning rate is lowered, in epochs, optimiser steps, or shares of the whole
/// training.
///
/// In a recipe: `{epochs: [85, 107]}`, `{steps: [60000, 80000]}`, or a list of shares in 0…1, `[0.67, 0.92]`.
package enum Milestones: Hashable, Sendable {
    case shares([Double])
    case epochs([Double])
    case steps([Int])

    /// The optimiser steps, counted from 0, from which the lower rate holds.
    func steps(totalSteps: Int, stepsPerEpoch: Int) -> [Int] {
        switch self {
        case .shares(let shares): shares.map { Int((Double(totalSteps) * $0).rounded()) }
        case .epochs(let epochs): epochs.map { Int((Double(stepsPerEpoch) * $0).rounded()) }
        case .steps(let steps): steps
        }
    }
}

extension Milestones: Codable {
    enum CodingKeys: String, CodingKey, CaseIterable {
        case epochs, steps
    }

    package init(from decoder: any Decoder) throws {
        func ascending<Value: Comparable>(_ values: [Value]) -> Bool { zip(values, values.dropFirst()).allSatisfy(<) }
        if var list = try? decoder.unkeyedContainer() {
            var shares: [Double] = []
            while !list.isAtEnd { shares.append(try list.decode(Double.self)) }
            guard shares.allSatisfy({ (0...1).contains($0) }), ascending(shares) else {
                throw DecodingError.dataCorrupted(
                    .init(
                        codingPath: decoder.codingPath,
                        debugDescription:
                            "is \(shares); it must be shares of the training in 0…1, ascending. Epochs are "
                            + "{epochs: [85, 107]}, steps {steps: [60000, 80000]}"))
            }
            self = .shares(shares)
            return
        }
        let values = try decoder.container(keyedBy: CodingKeys.self)
        try values.require(
            values.contains(.epochs) != values.contains(.steps), values.contains(.epochs) ? .steps : .epochs,
            "or steps must be given, but not both")
        if values.contains(.epochs) {
            let epochs = try values.decode([Double].self, forKey: .epochs)
            try values.require(
                epochs.allSatisfy { $0 > 0 && $0 <= 1e6 } && ascending(epochs), .epochs,
                "must be above 0, up to 1000000, ascending")
            self = .epochs(epochs)
        } else {
            let steps = try values.decode([Int].self, forKey: .steps)
            try values.require(steps.allSatisfy { $0 > 0 } && ascending(steps), .steps, "must be above 0, ascending")
            self = .steps(steps)
        }
    }

    package func encode(to encoder: any Encoder) throws {
        switch self {
        case .shares(let shares):
            var list = encoder.unkeyedContainer()
            for share in shares { try list.encode(share) }
        case .epochs(let epochs):
            var values = encoder.container(keyedBy: CodingKeys.self)
            try values.encode(epochs, forKey: .epochs)
        case .steps(let steps):
            var values = encoder.container(keyedBy: CodingKeys.self)
            try values.encode(steps, forKey: .steps)
        }
    }
}
