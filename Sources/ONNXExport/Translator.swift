import Support
import Tensors

/// Turns what a network was seen to compute into the nodes of an ONNX graph.
final class Translator {
    let trace: Trace
    let graph = GraphBuilder()
    /// The type that convolutions and what stands between them compute in. What decides on boxes stays in float32.
    let computation: ElementType
    /// How the graph takes its pixels.
    let input: PixelInput
    /// How the graph scales images before the network, as a loader does; nil where the network is given them as they are.
    let loading: ResizeRule?
    /// The value of each tensor that depends on the input, by its number.
    private(set) var values: [Int: GraphValue] = [:]
    /// What the input's images became, for operations that ask for their sizes.
    var images: ImageBatchNodes?
    /// What was found in the images, before and after suppression.
    var candidates: Candidates?
    /// The final detections, in the graph's order of outputs.
    var detections: [GraphValue] = []

    private let names: WeightNames
    private var constantNames: [Int: String] = [:]
    private var constantValues: [Int: GraphValue] = [:]
    private var staleNumbers: Set<Int> = []

    /// A translator of a trace.
    ///
    /// - Parameters:
    ///   - trace: what the network computes.
    ///   - names: the names of weights, and of what is made of them.
    ///   - computation: float32 or float16.
    ///   - input: how the graph takes its pixels.
    ///   - loading: how it scales images before the network.
    init(
        _ trace: Trace, names: WeightNames, computation: ElementType, input: PixelInput, loading: ResizeRule? = nil
    ) {
        self.trace = trace
        self.names = names
        self.computation = computation
        self.input = input
        self.loading = loading
    }

    /// Gives the value of one of the network's inputs.
    func setInput(_ number: Int, to value: GraphValue) { values[number] = value }

    /// Translates every operation that depends on the input.
    ///
    /// - Throws: ``ONNXExportError`` that names an operation that ONNX has nothing for.
    func run() throws {
        for operation in trace.operations {
            let isOwn = Self.detection[operation.name] != nil
            guard isOwn || operation.inputs.contains(where: { values[$0] != nil }) else {
                noteConstants(operation)
                continue
            }
            let outputs = try translate(operation)
            for (number, value) in zip(operation.outputs, outputs) { values[number] = value }
            for number in operation.stale {
                values[number] = nil
                staleNumbers.insert(number)
            }
        }
    }

    private func translate(_ operation: TracedOperation) throws -> [GraphValue] {
        let call = OperationCall(self, operation)
        // What is written in place is one more value.
        let isInPlace = operation.name.hasSuffix("_") && !operation.name.hasSuffix("__")
        let name = isInPlace ? String(operation.name.dropLast()) : operation.name
        guard let translation = Self.libtorch[name] ?? Self.detection[name] else {
            throw ONNXExportError(
                operation: operation.name,
                reason: "ONNX has no operator that this package knows to be equal, so the network can't be exported")
        }
        return try translation(call)
    }

    /// The value of a tensor, floating-point numbers in the type of the computation unless another is named.
    func value(_ number: Int, _ type: ElementType? = nil) throws -> GraphValue {
        if staleNumbers.contains(number) {
            throw ONNXExportError(
                operation: "tensor \(number)", reason: "it changed with another one whose memory it shares")
        }
        guard let value = values[number] else { return try constant(number, type) }
        return value.type.isFloatingPoint ? graph.cast(value, to: type ?? computation) : value
    }

    /// Number of axes of a tensor.
    func rank(_ number: Int) -> Int { trace.tensor(number).rank }

    private func constant(_ number: Int, _ type: ElementType?) throws -> GraphValue {
        if type == nil, let known = constantValues[number] { return known }
        let tensor = trace.tensor(number)
        guard trace.isConstant(number) else {
            throw ONNXExportError(
                operation: "tensor \(number)", reason: "it is made anew for each size of the input: \(tensor.shape)")
        }
        let wanted = tensor.dtype.isFloatingPoint ? (type ?? computation).dtype : tensor.dtype
        let name = names[tensor] ?? constantNames[number] ?? "constant"
        let value = graph.constant(tensor.to(wanted == .int32 ? .int64 : wanted), named: name)
        if type == nil { constantValues[number] = value }
        return value
    }

    /// What an operation makes of weights alone is named after the first of them.
    private func noteConstants(_ operation: TracedOperation) {
        let name = operation.inputs.lazy.compactMap { [self] in
            constantNames[$0] ?? names[trace.tensor($0)]
        }.first
        guard let name else { return }
        for output in operation.outputs where constantNames[output] == nil { constantNames[output] = name }
    }

    /// A size of the input's that was seen as these numbers, int64 `[1]`, read off a value that has it.
    func size(_ seen: [Int], of operation: String) throws -> GraphValue {
        for number in values.keys.sorted(by: >) {
            guard let value = values[number] else { continue }
            for axis in 0..<rank(number) where trace.sizes(number, axis: axis) == seen {
                return graph.size(value, axis)
            }
        }
        throw ONNXExportError(
            operation: operation, reason: "no value has the size that it takes, which was \(seen)")
    }
}
