import Tensors

/// Layers one after the other (`torch.nn.Sequential`), named `0`, `1`, … or as given.
public final class Sequential: Module, UnaryLayer {
    private let layers: [(name: String, layer: any UnaryLayer)]

    /// Layers named by their number, from 0.
    public init(_ layers: [any UnaryLayer]) {
        self.layers = layers.enumerated().map { (String($0), $1) }
    }

    /// Layers under names of their own; two of one name trap.
    public init(named layers: [(name: String, layer: any UnaryLayer)]) {
        precondition(
            Set(layers.map(\.name)).count == layers.count, "two layers of one name among \(layers.map(\.name))")
        self.layers = layers
    }

    /// Number of layers.
    public var count: Int { layers.count }
    /// The layer at a place, from 0.
    public subscript(_ index: Int) -> any UnaryLayer { layers[index].layer }

    /// The layers by name, in their order.
    public override func children() -> [(name: String, module: Module)] {
        layers.map { ($0.name, $0.layer) }
    }

    /// The result of the last layer, each one having taken that of the layer before it.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        layers.reduce(x) { $1.layer($0) }
    }
}

/// Modules in a row, named `0`, `1`, … (`torch.nn.ModuleList`), which whoever holds them calls.
public final class ModuleList<Element: Module>: Module, RandomAccessCollection {
    private let elements: [Element]

    /// Modules named by their number, from 0.
    public init(_ elements: [Element]) {
        self.elements = elements
    }

    /// The first place, 0.
    public var startIndex: Int { elements.startIndex }
    /// The place behind the last, the number of modules.
    public var endIndex: Int { elements.endIndex }
    /// The module at a place, from 0.
    public subscript(_ index: Int) -> Element { elements[index] }

    /// The modules by name, in their order.
    public override func children() -> [(name: String, module: Module)] {
        elements.enumerated().map { (String($0), $1) }
    }
}
