import Tensors

/// max(0, x). `inPlace` overwrites its input, which must not be needed elsewhere.
public final class ReLU: Module, UnaryLayer {
    /// Whether the input itself is changed.
    public let inPlace: Bool

    /// A ReLU that makes a new tensor, or changes its input.
    public init(inPlace: Bool = false) {
        self.inPlace = inPlace
    }

    /// A tensor of the input's shape.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        guard inPlace else { return x.relu() }
        x.reluInPlace()
        return x
    }
}

/// Its input.
public final class Identity: Module, UnaryLayer {
    /// The input as it is.
    public func callAsFunction(_ x: Tensor) -> Tensor { x }
}

/// In training, zeroes each value with `probability` and divides the rest by `1 − probability`; drawn from libtorch's
/// generator. In evaluation, its input.
public final class Dropout: Module, UnaryLayer {
    /// How likely an element becomes 0.
    public let probability: Double

    /// Dropout with this probability.
    public init(_ probability: Double = 0.5) {
        precondition((0...1).contains(probability), "a dropout probability is between 0 and 1, not \(probability)")
        self.probability = probability
    }

    /// A tensor of the input's shape.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        isTraining && probability > 0 ? F.dropout(x, probability, training: true) : x
    }
}

/// `[N, …]` → `[N, product of the rest]`.
public final class Flatten: Module, UnaryLayer {
    /// `[N, …]` → `[N, n]`.
    public func callAsFunction(_ x: Tensor) -> Tensor { x.flatten(from: 1) }
}
