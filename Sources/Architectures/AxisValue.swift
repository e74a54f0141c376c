/// A value of an axis that is written in one word with parts between slashes, such as `dense/residuals/instance`.
///
/// People type this form on the command line and in recipes, and architectures are printed and stored in it.
protocol AxisValue: Equatable, Sendable {
    /// The forms of a value for a help text: every name with its optional parts in brackets.
    static var forms: [String] { get }
    /// The value as text; parts at their defaults are left out.
    var text: String { get }
    /// The value of a text's parts; nil if they have no meaning.
    init?(parts: [String])
}

extension AxisValue {
    /// The names that a value may begin with; empty for numbers.
    static var names: [String] {
        forms.map { String($0.prefix { $0.isLetter || $0.isNumber || $0 == "_" }) }.filter {
            $0.first?.isLowercase == true
        }
    }
}

/// A name in snake case: `inner_shortcut` for `innerShortcut`.
func snakeCase(_ name: String) -> String {
    var text = ""
    for character in name {
        if character.isUppercase, text.last?.isLowercase == true { text.append("_") }
        text.append(contentsOf: character.lowercased())
    }
    return text
}

/// An axis whose values are words without parts.
protocol AxisWord: AxisValue, RawRepresentable<String>, CaseIterable {}

extension AxisWord {
    static var forms: [String] { allCases.map(\.text) }
    var text: String { snakeCase(rawValue) }

    init?(parts: [String]) {
        guard parts.count == 1, let value = Self.allCases.first(where: { $0.text == parts[0] }) else { return nil }
        self = value
    }
}

extension Rank: AxisWord {}
extension Stem: AxisWord {}
extension Projection: AxisWord {}
extension StagedIdentity: AxisWord {}
extension DenseSource: AxisWord {}
extension DenseNormalization: AxisWord {}

extension Branch: AxisValue {
    static var forms: [String] {
        ["basic[/EXPANSION]", "bottleneck[/EXPANSION[/MIDDLE]]", "wide_group", "res2net/SCALE/BASE_WIDTH"]
    }

    var text: String {
        switch self {
        case .basic(1): "basic"
        case .basic(let expansion): "basic/\(number(expansion))"
        case .bottleneck(4, 1): "bottleneck"
        case .bottleneck(let expansion, 1): "bottleneck/\(number(expansion))"
        case .bottleneck(let expansion, let middle): "bottleneck/\(number(expansion))/\(number(middle))"
        case .wideGroup: "wide_group"
        case .res2Net(let scale, let baseWidth): "res2net/\(scale)/\(baseWidth)"
        }
    }

    init?(parts: [String]) {
        let numbers = parts.dropFirst().compactMap { Double($0) }.filter { $0 > 0 && $0.isFinite }
        guard numbers.count == parts.count - 1 else { return nil }
        switch (parts[0], numbers.count) {
        case ("basic", 0): self = .basic()
        case ("basic", 1): self = .basic(expansion: numbers[0])
        case ("bottleneck", 0): self = .bottleneck()
        case ("bottleneck", 1): self = .bottleneck(expansion: numbers[0])
        case ("bottleneck", 2): self = .bottleneck(expansion: numbers[0], middle: numbers[1])
        case ("wide_group", 0): self = .wideGroup
        case ("res2net", 2):
            guard let scale = Int(parts[1]), let baseWidth = Int(parts[2]) else { return nil }
            self = .res2Net(scale: scale, baseWidth: baseWidth)
        default: return nil
        }
    }
}

extension BlockOrder: AxisValue {
    static var forms: [String] { ["original", "pre_activation", "staged[/rectified|unchanged]"] }

    var text: String {
        switch self {
        case .original: "original"
        case .preActivation: "pre_activation"
        case .staged(.rectified): "staged"
        case .staged(let identity): "staged/\(identity.text)"
        }
    }

    init?(parts: [String]) {
        switch (parts[0], parts.count) {
        case ("original", 1): self = .original
        case ("pre_activation", 1): self = .preActivation
        case ("staged", 1): self = .staged()
        case ("staged", 2):
            guard let identity = StagedIdentity(parts: [parts[1]]) else { return nil }
            self = .staged(identity)
        default: return nil
        }
    }
}

extension Shortcut: AxisValue {
    static var forms: [String] {
        [
            "none", "identity", "rg", "identity_and_rg", "rbs", "gs", "rgb",
            "dense[/aggregates|residuals][/group|layer|instance|batch|none][/weighted|unweighted]", "dense_identity",
            "concatenation/GROWTH[/COMPRESSION]",
        ]
    }

    var text: String {
        switch self {
        case .none: return "none"
        case .identity: return "identity"
        case .rg: return "rg"
        case .identityAndRG: return "identity_and_rg"
        case .rbs: return "rbs"
        case .gs: return "gs"
        case .rgb: return "rgb"
        case .dense(let source, let normalization, let isWeighted):
            return
                (["dense"] + (source == .aggregates ? [] : [source.text])
                + (normalization == .group ? [] : [normalization.text]) + (isWeighted ? [] : ["unweighted"]))
                .joined(separator: "/")
        case .denseIdentity: return "dense_identity"
        case .concatenation(let growth, 0.5): return "concatenation/\(growth)"
        case .concatenation(let growth, let compression): return "concatenation/\(growth)/\(number(compression))"
        }
    }

    init?(parts: [String]) {
        let plain: [String: Shortcut] = [
            "none": .none, "identity": .identity, "rg": .rg, "identity_and_rg": .identityAndRG, "rbs": .rbs, "gs": .gs,
            "rgb": .rgb, "dense_identity": .denseIdentity,
        ]
        if parts.count == 1, let value = plain[parts[0]] {
            self = value
            return
        }
        switch parts[0] {
        case "dense":
            var source: DenseSource?
            var normalization: DenseNormalization?
            var isWeighted: Bool?
            for part in parts.dropFirst() {
                if let found = DenseSource(parts: [part]), source == nil {
                    source = found
                } else if let found = DenseNormalization(parts: [part]), normalization == nil {
                    normalization = found
                } else if part == "weighted" || part == "unweighted", isWeighted == nil {
                    isWeighted = part == "weighted"
                } else {
                    return nil
                }
            }
            self = .dense(
                of: source ?? .aggregates, normalization: normalization ?? .group, isWeighted: isWeighted ?? true)
        case "concatenation":
            guard (2...3).contains(parts.count), let growth = Int(parts[1]) else { return nil }
            guard parts.count == 3 else {
                self = .concatenation(growth: growth)
                return
            }
            guard let compression = Double(parts[2]), compression.isFinite else { return nil }
            self = .concatenation(growth: growth, compression: compression)
        default: return nil
        }
    }
}

extension InnerShortcut: AxisValue {
    static var forms: [String] { ["none", "rg", "weighted[/group|layer|instance|batch|none]"] }

    var text: String {
        switch self {
        case .none: "none"
        case .rg: "rg"
        case .weighted(.group): "weighted"
        case .weighted(let normalization): "weighted/\(normalization.text)"
        }
    }

    init?(parts: [String]) {
        switch (parts[0], parts.count) {
        case ("none", 1): self = .none
        case ("rg", 1): self = .rg
        case ("weighted", 1): self = .weighted()
        case ("weighted", 2):
            guard let normalization = DenseNormalization(parts: [parts[1]]) else { return nil }
            self = .weighted(normalization)
        default: return nil
        }
    }
}

extension Normalization: AxisValue {
    static var forms: [String] { ["batch", "frozen_batch", "synchronized_batch", "group[/GROUPS]"] }

    var text: String {
        switch self {
        case .batch: "batch"
        case .frozenBatch: "frozen_batch"
        case .synchronizedBatch: "synchronized_batch"
        case .group(32): "group"
        case .group(let groups): "group/\(groups)"
        }
    }

    init?(parts: [String]) {
        switch (parts[0], parts.count) {
        case ("batch", 1): self = .batch
        case ("frozen_batch", 1): self = .frozenBatch
        case ("synchronized_batch", 1): self = .synchronizedBatch
        case ("group", 1): self = .group()
        case ("group", 2):
            guard let groups = Int(parts[1]), groups > 0 else { return nil }
            self = .group(groups: groups)
        default: return nil
        }
    }
}

extension Attention: AxisValue {
    static var forms: [String] { ["none", "squeeze_excitation[/REDUCTION]", "cbam[/REDUCTION]"] }

    var text: String {
        switch self {
        case .none: "none"
        case .squeezeExcitation(16): "squeeze_excitation"
        case .squeezeExcitation(let reduction): "squeeze_excitation/\(reduction)"
        case .cbam(16): "cbam"
        case .cbam(let reduction): "cbam/\(reduction)"
        }
    }

    init?(parts: [String]) {
        guard parts.count <= 2 else { return nil }
        let reduction = parts.count == 2 ? Int(parts[1]) : 16
        guard let reduction, reduction > 0 else { return nil }
        switch parts[0] {
        case "none" where parts.count == 1: self = .none
        case "squeeze_excitation": self = .squeezeExcitation(reduction: reduction)
        case "cbam": self = .cbam(reduction: reduction)
        default: return nil
        }
    }
}

extension Int: AxisValue {
    static var forms: [String] { ["N"] }
    var text: String { String(self) }

    init?(parts: [String]) {
        guard parts.count == 1, let value = Int(parts[0]) else { return nil }
        self = value
    }
}

extension Double: AxisValue {
    static var forms: [String] { ["NUMBER"] }
    var text: String { number(self) }

    init?(parts: [String]) {
        guard parts.count == 1, let value = Double(parts[0]), value.isFinite else { return nil }
        self = value
    }
}

extension Bool: AxisValue {
    static var forms: [String] { ["true", "false"] }
    var text: String { self ? "true" : "false" }

    init?(parts: [String]) {
        guard parts.count == 1, let value = Bool(parts[0]) else { return nil }
        self = value
    }
}

/// A number for each stage.
extension Array: AxisValue where Element == Int {
    static var forms: [String] { ["N/N/…"] }
    var text: String { map(String.init).joined(separator: "/") }

    init?(parts: [String]) {
        let numbers = parts.compactMap { Int($0) }
        guard numbers.count == parts.count else { return nil }
        self = numbers
    }
}

/// A number without a needless decimal: 4 for 4.0, 0.5 for 0.5.
private func number(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e9 ? String(Int(value)) : String(value)
}
