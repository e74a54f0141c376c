import Foundation
import ONNXSchema
import Tensors

/// A type of elements that values of a graph have.
enum ElementType: Hashable {
    case float32, float16, float64, int64, uint8, bool

    /// The type as the schema numbers it.
    var code: Onnx_TensorProto.DataType {
        switch self {
        case .float32: .float
        case .float16: .float16
        case .float64: .double
        case .int64: .int64
        case .uint8: .uint8
        case .bool: .bool
        }
    }

    /// The type as tensors have it.
    var dtype: DType {
        switch self {
        case .float32: .float32
        case .float16: .float16
        case .float64: .float64
        case .int64: .int64
        case .uint8: .uint8
        case .bool: .bool
        }
    }

    var isFloatingPoint: Bool { dtype.isFloatingPoint }

    /// The type of a tensor's elements; nil for those that no graph here has.
    init?(_ dtype: DType) {
        guard let type = [Self.float32, .float16, .float64, .int64, .uint8, .bool].first(where: { $0.dtype == dtype })
        else { return nil }
        self = type
    }
}

/// A value that flows through a graph: what a node gives, an input, or a constant.
struct GraphValue: Hashable {
    let name: String
    let type: ElementType
}

/// A setting of a node.
enum NodeAttribute {
    case int(Int), ints([Int]), float(Double), string(String)
}

/// Collects the nodes and constants of an ONNX graph.
final class GraphBuilder {
    /// The nodes, each behind those whose values it takes.
    private(set) var nodes: [Onnx_NodeProto] = []
    /// The constants, by the names of their values.
    private(set) var constants: [(name: String, tensor: Tensor)] = []
    private var names: Set<String> = []
    private var counts: [String: Int] = [:]
    private var numbers: [String: GraphValue] = [:]

    /// A name that no value has yet, made of `name`.
    func unique(_ name: String) -> String {
        var candidate = name
        while !names.insert(candidate).inserted {
            counts[name, default: 0] += 1
            candidate = "\(name)_\(counts[name, default: 0])"
        }
        return candidate
    }

    /// Adds a node, and gives its outputs.
    ///
    /// - Parameters:
    ///   - operation: the operator's name in ONNX.
    ///   - inputs: what it takes; nil for an optional input that is left out.
    ///   - attributes: its settings.
    ///   - types: the types of its outputs.
    func nodes(
        _ operation: String, _ inputs: [GraphValue?], _ attributes: [String: NodeAttribute] = [:],
        types: [ElementType]
    ) -> [GraphValue] {
        var node = Onnx_NodeProto()
        node.opType = operation
        node.name = unique(operation)
        node.input = inputs.map { $0?.name ?? "" }
        node.attribute = attributes.sorted { $0.key < $1.key }.map { name, value in
            var attribute = Onnx_AttributeProto()
            attribute.name = name
            switch value {
            case .int(let number): (attribute.type, attribute.i) = (.int, Int64(number))
            case .ints(let list): (attribute.type, attribute.ints) = (.ints, list.map(Int64.init))
            case .float(let number): (attribute.type, attribute.f) = (.float, Float(number))
            case .string(let text): (attribute.type, attribute.s) = (.string, Data(text.utf8))
            }
            return attribute
        }
        let outputs = types.enumerated().map { number, type in
            GraphValue(name: number == 0 ? node.name + ".out" : "\(node.name).out\(number)", type: type)
        }
        node.output = outputs.map(\.name)
        nodes.append(node)
        return outputs
    }

    /// Adds a node with one output, of the first input's type unless another is named.
    func node(
        _ operation: String, _ inputs: [GraphValue?], _ attributes: [String: NodeAttribute] = [:],
        type: ElementType? = nil
    ) -> GraphValue {
        guard let type = type ?? inputs.first??.type else { preconditionFailure("\(operation): a node of no type") }
        return nodes(operation, inputs, attributes, types: [type])[0]
    }

    /// Gives a value a name of the model's own, as an output has.
    func name(_ value: GraphValue, _ name: String) -> GraphValue {
        var node = Onnx_NodeProto()
        node.opType = "Identity"
        node.name = unique("Identity")
        node.input = [value.name]
        node.output = [name]
        names.insert(name)
        nodes.append(node)
        return GraphValue(name: name, type: value.type)
    }

    /// A constant with a tensor's elements.
    func constant(_ tensor: Tensor, named name: String) -> GraphValue {
        guard let type = ElementType(tensor.dtype) else { preconditionFailure("\(name): \(tensor.dtype) in a graph") }
        let value = GraphValue(name: unique(name), type: type)
        constants.append((value.name, tensor))
        return value
    }

    /// A list of whole numbers, int64 `[n]`, as sizes and axes are given.
    func ints(_ values: [Int]) -> GraphValue {
        number("ints_\(values.map { String($0) }.joined(separator: "_"))") { Tensor(values, shape: [values.count]) }
    }

    /// A whole number without axes, int64 `[]`.
    func int(_ value: Int) -> GraphValue { number("int_\(value)") { Tensor([value], shape: []) } }

    /// A number without axes.
    func scalar(_ value: Double, _ type: ElementType = .float32) -> GraphValue {
        number("\(type)_\(value)") { Tensor([value], shape: []).to(type.dtype) }
    }

    /// Numbers of a shape.
    func floats(_ values: [Double], shape: [Int], _ type: ElementType = .float32) -> GraphValue {
        constant(Tensor(values.map { Float($0) }, shape: shape).to(type.dtype), named: "numbers")
    }

    private func number(_ key: String, _ make: () -> Tensor) -> GraphValue {
        if let known = numbers[key] { return known }
        let value = constant(make(), named: key)
        numbers[key] = value
        return value
    }
}

extension GraphBuilder {
    /// The value in another type; itself where it has it.
    func cast(_ value: GraphValue, to type: ElementType) -> GraphValue {
        value.type == type ? value : node("Cast", [value], ["to": .int(type.code.rawValue)], type: type)
    }

    /// The sizes of some axes of a value, int64 `[n]`.
    func sizes(_ value: GraphValue, _ axes: Range<Int>) -> GraphValue {
        node("Shape", [value], ["start": .int(axes.lowerBound), "end": .int(axes.upperBound)], type: .int64)
    }

    /// The size of one axis, int64 `[1]`.
    func size(_ value: GraphValue, _ axis: Int) -> GraphValue { sizes(value, axis..<axis + 1) }

    /// The elements in another shape, which may be counted while the graph runs.
    func reshape(_ value: GraphValue, _ shape: GraphValue) -> GraphValue { node("Reshape", [value, shape]) }

    /// The elements in another shape; 0 keeps an axis, −1 is what is left.
    func reshape(_ value: GraphValue, _ shape: [Int]) -> GraphValue { reshape(value, ints(shape)) }

    /// Values one behind the other along an axis.
    func concat(_ values: [GraphValue], axis: Int = 0) -> GraphValue {
        values.count == 1 ? values[0] : node("Concat", values, ["axis": .int(axis)])
    }

    /// Elements from `start` to before `end` of an axis.
    func slice(_ value: GraphValue, axis: Int, _ start: Int, _ end: Int, step: Int = 1) -> GraphValue {
        node("Slice", [value, ints([start]), ints([end]), ints([axis]), ints([step])])
    }

    /// Those of an axis that the indices name.
    func gather(_ value: GraphValue, _ indices: GraphValue, axis: Int = 0) -> GraphValue {
        node("Gather", [value, indices], ["axis": .int(axis)])
    }

    /// The mean along an axis, which stays with one element.
    func mean(_ value: GraphValue, axis: Int) -> GraphValue { node("ReduceMean", [value, ints([axis])]) }

    func transpose(_ value: GraphValue, _ axes: [Int]) -> GraphValue {
        node("Transpose", [value], ["perm": .ints(axes)])
    }

    func unsqueeze(_ value: GraphValue, _ axes: [Int]) -> GraphValue { node("Unsqueeze", [value, ints(axes)]) }

    func squeeze(_ value: GraphValue, _ axes: [Int]) -> GraphValue { node("Squeeze", [value, ints(axes)]) }

    func add(_ a: GraphValue, _ b: GraphValue) -> GraphValue { node("Add", [a, b]) }
    func sub(_ a: GraphValue, _ b: GraphValue) -> GraphValue { node("Sub", [a, b]) }
    func mul(_ a: GraphValue, _ b: GraphValue) -> GraphValue { node("Mul", [a, b]) }
    func div(_ a: GraphValue, _ b: GraphValue) -> GraphValue { node("Div", [a, b]) }
    func min(_ a: GraphValue, _ b: GraphValue) -> GraphValue { node("Min", [a, b]) }
    func and(_ a: GraphValue, _ b: GraphValue) -> GraphValue { node("And", [a, b]) }
    func greater(_ a: GraphValue, _ b: GraphValue) -> GraphValue { node("Greater", [a, b], type: .bool) }
    func atLeast(_ a: GraphValue, _ b: GraphValue) -> GraphValue { node("GreaterOrEqual", [a, b], type: .bool) }
    func `where`(_ condition: GraphValue, _ a: GraphValue, _ b: GraphValue) -> GraphValue {
        node("Where", [condition, a, b], type: a.type)
    }

    /// The greatest along the last axis or another, best first: values and their indices.
    func topK(_ value: GraphValue, _ count: GraphValue, axis: Int = -1, largest: Bool = true) -> (
        values: GraphValue, indices: GraphValue
    ) {
        let found = nodes(
            "TopK", [value, count], ["axis": .int(axis), "largest": .int(largest ? 1 : 0), "sorted": .int(1)],
            types: [value.type, .int64])
        return (found[0], found[1])
    }
}
