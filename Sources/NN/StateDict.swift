import Tensors

/// What of a state dict fitted a module, and what did not.
public struct StateDictReport: Equatable, Sendable {
    /// A tensor that has another shape in the state dict than in the module.
    public struct Reshaped: Hashable, Sendable {
        /// The tensor's name.
        public let name: String
        /// Its shape in the module.
        public let expected: [Int]
        /// Its shape in the state dict.
        public let found: [Int]

        /// A tensor of this name and these two shapes.
        public init(name: String, expected: [Int], found: [Int]) {
            self.name = name
            self.expected = expected
            self.found = found
        }
    }

    /// Names that the module has and the state dict lacks.
    public internal(set) var missing: [String] = []
    /// Names that the state dict has and the module lacks.
    public internal(set) var unexpected: [String] = []
    /// Tensors that both have, in different shapes.
    public internal(set) var reshaped: [Reshaped] = []
    /// Names that the state dict holds more than once.
    public internal(set) var repeated: [String] = []
    /// How many tensors fitted.
    public internal(set) var matched = 0

    /// Whether every tensor of the state dict found its place, and no place was left over.
    public var isComplete: Bool { missing.isEmpty && unexpected.isEmpty && reshaped.isEmpty && repeated.isEmpty }

    /// The differences as text: a paragraph for each kind, with at most `limit` names; empty where there are none.
    public func listing(limit: Int = 12) -> String {
        func paragraph(_ title: String, _ lines: [String]) -> String? {
            guard !lines.isEmpty else { return nil }
            var text = "\(lines.count) \(title):\n" + lines.prefix(limit).map { "  \($0)" }.joined(separator: "\n")
            if lines.count > limit { text += "\n  … and \(lines.count - limit) more" }
            return text
        }
        let paragraphs = [
            paragraph("missing from the state dict", missing),
            paragraph("unknown to the model", unexpected),
            paragraph(
                "of another shape", reshaped.map { "\($0.name): the model has \($0.expected), the file \($0.found)" }),
            paragraph("given more than once", repeated),
        ]
        return paragraphs.compactMap { $0 }.joined(separator: "\n")
    }
}

/// A state dict does not fit the module that it was meant for, which was left as it was.
public struct StateDictError: Error, CustomStringConvertible {
    /// What fitted and what did not.
    public let report: StateDictReport

    /// What didn't fit, by name, and what to check.
    public var description: String {
        "the weights don't fit the model (\(report.matched) tensors fit):\n" + report.listing()
            + "\nCheck that they were made for this architecture and number of classes."
    }
}

extension Module {
    /// Every parameter and persistent buffer of this module and those in it, by dotted name, in PyTorch's order. The
    /// tensors are the module's own, not copies, and carry no autograd history.
    public final func stateDict() -> [(name: String, tensor: Tensor)] {
        stateSlots().map { ($0.name, $0.tensor.detached()) }
    }

    /// Copies the tensors of a state dict into the module's own in place, converting types and devices.
    ///
    /// - Parameters:
    ///   - state: tensors by name.
    ///   - strict: whether everything must fit. Then one name that is missing, unexpected, repeated or of another shape
    ///     keeps the whole from being loaded. Otherwise what fits is loaded, and the report tells the rest.
    /// - Returns: what fitted and what did not.
    /// - Throws: ``StateDictError`` with every difference at once, where `strict` and something doesn't fit; the module
    ///   is left as it was.
    @discardableResult
    public final func loadStateDict(
        _ state: [(name: String, tensor: Tensor)], strict: Bool = true
    ) throws -> StateDictReport {
        let slots = stateSlots()
        var report = StateDictReport()
        var given: [String: Tensor] = [:]
        var repeated = Set<String>()
        for (name, tensor) in state where given.updateValue(tensor, forKey: name) != nil {
            if repeated.insert(name).inserted { report.repeated.append(name) }
        }

        var copies: [(from: Tensor, to: Tensor)] = []
        for slot in slots {
            guard let tensor = given[slot.name] else {
                if !slot.isOptional { report.missing.append(slot.name) }
                continue
            }
            if tensor.shape == slot.tensor.shape {
                copies.append((tensor, slot.tensor))
            } else {
                report.reshaped.append(.init(name: slot.name, expected: slot.tensor.shape, found: tensor.shape))
            }
        }
        report.matched = copies.count

        let known = Set(slots.map(\.name)).union(ignoredNames())
        var reported = Set<String>()
        for (name, _) in state where !known.contains(name) && reported.insert(name).inserted {
            report.unexpected.append(name)
        }

        if strict && !report.isComplete { throw StateDictError(report: report) }
        withoutGrad {
            for (source, destination) in copies { destination.copyInPlace(from: source) }
        }
        return report
    }

    private func stateSlots() -> [(name: String, tensor: Tensor, isOptional: Bool)] {
        var slots: [(name: String, tensor: Tensor, isOptional: Bool)] = []
        visit(prefix: "") { prefix, module in
            let optional = module.optionalStateNames
            for (name, parameter) in module.structure.parameters {
                slots.append((Module.join(prefix, name), parameter.tensor, optional.contains(name)))
            }
            for (name, buffer) in module.structure.buffers where buffer.isPersistent {
                slots.append((Module.join(prefix, name), buffer.tensor, optional.contains(name)))
            }
        }
        return slots
    }

    private func ignoredNames() -> Set<String> {
        var names = Set<String>()
        visit(prefix: "") { prefix, module in
            for name in module.ignoredStateNames { names.insert(Module.join(prefix, name)) }
        }
        return names
    }
}
