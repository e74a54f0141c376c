/// An operation to translate, and the values that it takes.
struct OperationCall {
    let translator: Translator
    let operation: TracedOperation

    init(_ translator: Translator, _ operation: TracedOperation) {
        self.translator = translator
        self.operation = operation
    }

    var graph: GraphBuilder { translator.graph }

    /// The error that this operation, with these arguments, has no counterpart.
    func error(_ reason: String) -> ONNXExportError { ONNXExportError(operation: operation.name, reason: reason) }

    /// The argument of a name; `none` where the operation lacks it.
    func argument(_ name: String) -> TracedArgument { operation.arguments[name] ?? .none }

    /// The number of the tensor that an argument is.
    func number(_ name: String) throws -> Int {
        guard case .tensor(let number) = argument(name) else { throw error("\(name) is no tensor") }
        return number
    }

    /// The value of the tensor that an argument is.
    func value(_ name: String, _ type: ElementType? = nil) throws -> GraphValue {
        try translator.value(number(name), type)
    }

    /// The value of an argument that may be missing.
    func optional(_ name: String, _ type: ElementType? = nil) throws -> GraphValue? {
        if case .none = argument(name) { return nil }
        return try value(name, type)
    }

    /// The values of the operation's inputs, first to last.
    func inputs(_ type: ElementType? = nil) throws -> [GraphValue] {
        try operation.inputs.map { try translator.value($0, type) }
    }

    /// The number of axes of the tensor that an argument is.
    func rank(_ name: String) throws -> Int { try translator.rank(number(name)) }

    /// An axis of a tensor, counted from the first.
    func axis(_ name: String, of tensor: String) throws -> Int {
        let axis = try int(name)
        return axis < 0 ? axis + (try rank(tensor)) : axis
    }

    func int(_ name: String) throws -> Int {
        guard case .int(let value) = argument(name) else {
            throw error("\(name) is \(argument(name)), not a number that every input has")
        }
        return value
    }

    func double(_ name: String) throws -> Double {
        switch argument(name) {
        case .double(let value): return value
        case .int(let value): return Double(value)
        case .size: throw error("\(name) depends on the input's size: \(argument(name))")
        default: throw error("\(name) is no number")
        }
    }

    func bool(_ name: String) -> Bool { argument(name) == .bool(true) || argument(name) == .int(1) }

    func string(_ name: String) throws -> String {
        guard case .string(let text) = argument(name) else { throw error("\(name) is no text") }
        return text
    }

    /// The elements of a list.
    func list(_ name: String) throws -> [TracedArgument] {
        guard case .list(let elements) = argument(name) else { throw error("\(name) is no list") }
        return elements
    }

    /// A list of whole numbers; empty where it is missing.
    func ints(_ name: String) throws -> [Int] {
        if case .none = argument(name) { return [] }
        return try list(name).map {
            guard case .int(let value) = $0 else {
                throw error("\(name) is \(argument(name)), which depends on the input's size")
            }
            return value
        }
    }

    func doubles(_ name: String) throws -> [Double] {
        try list(name).map {
            switch $0 {
            case .double(let value): return value
            case .int(let value): return Double(value)
            default: throw error("\(name) holds something else than numbers")
            }
        }
    }

    /// A list of sizes as a value, int64 `[n]`: a constant, or counted from the input's where it depends on them.
    func sizes(_ name: String) throws -> GraphValue {
        let elements = try list(name)
        let known = elements.map { if case .int(let value) = $0 { value } else { Int?.none } }
        if let all = known as? [Int] { return graph.ints(all) }
        return graph.concat(
            try elements.map { element in
                switch element {
                case .int(let value): graph.ints([value])
                case .size(let seen): try translator.size(seen, of: operation.name)
                default: throw error("\(name) holds something else than sizes")
                }
            })
    }

    /// The shape of a reshaping: one axis that depends on the input's size is what is left.
    func shape(_ name: String) throws -> GraphValue {
        let elements = try list(name)
        let isVaried = elements.map { if case .size = $0 { true } else { false } }
        let isOpen = elements.contains(.int(-1))
        guard isVaried.filter({ $0 }).count == 1, !isOpen else { return try sizes(name) }
        return graph.ints(elements.map { if case .int(let value) = $0 { value } else { -1 } })
    }
}
