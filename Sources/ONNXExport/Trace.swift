import Tensors

/// An argument of a traced operation.
package indirect enum TracedArgument: Hashable {
    case none
    /// A tensor's number.
    case tensor(Int)
    case int(Int)
    /// A whole number that depends on the size of the input: what it was in each recording.
    case size([Int])
    case double(Double)
    case bool(Bool)
    case string(String)
    case list([TracedArgument])
}

/// An operation of a network, whatever the size of its input.
package struct TracedOperation {
    package let name: String
    package let overload: String
    package let arguments: [String: TracedArgument]
    package let inputs: [Int]
    package let outputs: [Int]
    package let stale: [Int]
}

/// What a network computes: recordings of it on inputs of different sizes, laid over one another. A number that differs
/// between them depends on the input's size.
package struct Trace {
    package let operations: [TracedOperation]
    private let recordings: [OperationRecording]

    /// Lays recordings over one another; at least one.
    ///
    /// - Throws: ``ONNXExportError`` where they differ in more than sizes.
    package init(_ recordings: [OperationRecording]) throws {
        self.recordings = recordings
        let first = recordings[0]
        for other in recordings.dropFirst() {
            let names = other.operations.map(\.name)
            if let (a, b) = zip(first.operations.map(\.name), names).first(where: { $0 != $1 }) {
                throw ONNXExportError(operation: a, reason: "another size of the input asks for \(b) in its place")
            }
            guard first.operations.count == names.count, first.inputs == other.inputs, first.outputs == other.outputs
            else {
                throw ONNXExportError(
                    operation: first.operations.last?.name ?? "nothing",
                    reason: "another size of the input asks for more operations")
            }
        }
        operations = try first.operations.indices.map { number in
            let alike = recordings.map { $0.operations[number] }
            guard alike.allSatisfy({ $0.inputs == alike[0].inputs && $0.outputs == alike[0].outputs }) else {
                throw ONNXExportError(
                    operation: alike[0].name, reason: "it takes other tensors when the input has another size")
            }
            return TracedOperation(
                name: alike[0].name, overload: alike[0].overload,
                arguments: try Dictionary(
                    uniqueKeysWithValues: alike[0].arguments.map { name, _ in
                        (name, try Self.joined(alike.map { $0.arguments[name] ?? .none }, of: alike[0].name))
                    }),
                inputs: alike[0].inputs, outputs: alike[0].outputs, stale: alike[0].stale)
        }
    }

    private static func joined(_ arguments: [RecordedArgument], of operation: String) throws -> TracedArgument {
        func differs() -> ONNXExportError {
            ONNXExportError(
                operation: operation, reason: "an argument depends on the input's size: \(arguments)")
        }
        switch arguments[0] {
        case .int(let value):
            let values = arguments.map { argument in
                if case .int(let value) = argument { value } else { Int.min }
            }
            guard !values.contains(.min) else { throw differs() }
            return values.allSatisfy { $0 == value } ? .int(value) : .size(values)
        case .list(let elements):
            let lists = arguments.map { argument in
                if case .list(let elements) = argument { elements } else { [RecordedArgument]() }
            }
            guard lists.allSatisfy({ $0.count == elements.count }) else { throw differs() }
            return .list(
                try elements.indices.map { place in try joined(lists.map { $0[place] }, of: operation) })
        default:
            guard arguments.allSatisfy({ $0 == arguments[0] }) else { throw differs() }
            switch arguments[0] {
            case .none: return .none
            case .tensor(let number): return .tensor(number)
            case .double(let value): return .double(value)
            case .bool(let value): return .bool(value)
            case .string(let value): return .string(value)
            case .int, .list: throw differs()
            }
        }
    }

    /// The numbers of the network's inputs.
    package var inputs: [Int] { recordings[0].inputs }
    /// The numbers of its outputs.
    package var outputs: [Int] { recordings[0].outputs }

    /// A tensor of the first recording.
    package func tensor(_ number: Int) -> Tensor { recordings[0].tensors[number] }

    /// The sizes of a tensor along an axis, in each recording.
    package func sizes(_ number: Int, axis: Int) -> [Int] { recordings.map { $0.tensors[number].shape[axis] } }

    /// Whether a tensor that does not depend on the input's elements doesn't depend on its size either.
    package func isConstant(_ number: Int) -> Bool {
        let tensors = recordings.map { $0.tensors[number] }
        return tensors.dropFirst().allSatisfy { other in
            if other.isSame(as: tensors[0]) { return true }
            guard other.shape == tensors[0].shape, other.dtype == tensors[0].dtype else { return false }
            return (other .== tensors[0]).all().itemInt() != 0
        }
    }
}
