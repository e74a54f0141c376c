import Tensors

/// Layers one after the other, named `0`, `1`, … or as given.
public final class Sequential: Module, UnaryLayer {
    private let layers: [(name: String, layer: any UnaryLayer)]

    public init(_ layers: [any UnaryLayer]) {
        self.layers = layers.enumerated().map { (String($0), $1) }
    }

    public init(named layers: [(name: String, layer: any UnaryLayer)]) {
        precondition(
            Set(layers.map(\.name)).count == layers.count, "two layers of one name among \(layers.map(\.name))")
        self.layers = layers
    }

    public var count: Int { layers.count }
    public subscript(_ index: Int) -> any UnaryLayer { layers[index].layer }

    public override func children() -> [(name: String, module: Module)] {
        layers.map { ($0.name, $0.layer) }
    }

    public func callAsFunction(_ x: Tensor) -> Tensor {
        layers.reduce(x) { $1.layer($0) }
    }
}

/// Modules in a row, named `0`, `1`, …, called by whoever holds them.
public final class ModuleList<Element: Module>: Module, RandomAccessCollection {
    private let elements: [Element]

    public init(_ elements: [Element]) {
        self.elements = elements
    }

    public var startIndex: Int { elements.startIndex }
    public var endIndex: Int { elements.endIndex }
    public subscript(_ index: Int) -> Element { elements[index] }

    public override func children() -> [(name: String, module: Module)] {
        elements.enumerated().map { (String($0), $1) }
    }
}
