/// An argument of a recorded operation.
package indirect enum RecordedArgument: Hashable, Sendable, Codable {
    /// Nothing was given.
    case none
    /// A tensor, by its number in the recording.
    case tensor(Int)
    /// A number of the program's, not of a tensor.
    case int(Int), double(Double), bool(Bool)
    case string(String)
    case list([RecordedArgument])

    private enum Keys: String, CodingKey { case tensor }

    package init(from decoder: any Decoder) throws {
        if let keyed = try? decoder.container(keyedBy: Keys.self) {
            self = .tensor(try keyed.decode(Int.self, forKey: .tensor))
            return
        }
        if let list = try? [RecordedArgument](from: decoder) {
            self = .list(list)
            return
        }
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .none
        } else if let bool = try? value.decode(Bool.self) {
            self = .bool(bool)
        } else if let int = try? value.decode(Int.self) {
            self = .int(int)
        } else if let double = try? value.decode(Double.self) {
            self = .double(double)
        } else {
            let string = try value.decode(String.self)
            self = Self.numbers[string].map { .double($0) } ?? .string(string)
        }
    }

    /// What JSON has no number for.
    private static let numbers: [String: Double] = ["inf": .infinity, "-inf": -.infinity, "nan": .nan]

    package func encode(to encoder: any Encoder) throws {
        switch self {
        case .tensor(let number):
            var keyed = encoder.container(keyedBy: Keys.self)
            try keyed.encode(number, forKey: .tensor)
        case .list(let elements): try elements.encode(to: encoder)
        default:
            var value = encoder.singleValueContainer()
            switch self {
            case .none: try value.encodeNil()
            case .int(let int): try value.encode(int)
            case .double(let double):
                if let name = Self.numbers.first(where: { $0.value == double || $0.value.isNaN && double.isNaN })?.key {
                    try value.encode(name)
                } else {
                    try value.encode(double)
                }
            case .bool(let bool): try value.encode(bool)
            case .string(let string): try value.encode(string)
            case .tensor, .list: break
            }
        }
    }
}

extension RecordedArgument: ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral, ExpressibleByBooleanLiteral {
    package init(integerLiteral value: Int) { self = .int(value) }
    package init(floatLiteral value: Double) { self = .double(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }

    /// A list of numbers.
    package static func ints(_ values: [Int]) -> Self { .list(values.map { .int($0) }) }
    /// A list of numbers.
    package static func doubles(_ values: [Double]) -> Self { .list(values.map { .double($0) }) }
}
