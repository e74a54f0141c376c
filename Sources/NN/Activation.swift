import Tensors

/// max(0, x) of each element (`torch.nn.ReLU`). With `inPlace` it overwrites its input, which must not be needed
/// elsewhere.
public final class ReLU: Module, UnaryLayer {
    /// Whether the input itself is changed and returned.
    public let inPlace: Bool

    /// A ReLU that makes a new tensor, or one that changes its input.
    public init(inPlace: Bool = false) {
        self.inPlace = inPlace
    }

    /// max(0, x), of the input's shape.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        guard inPlace else { return x.relu() }
        x.reluInPlace()
        return x
    }
}

/// A layer that gives its input as it is, in the place of one that is left out.
public final class Identity: Module, UnaryLayer {
    /// The input as it is.
    public func callAsFunction(_ x: Tensor) -> Tensor { x }
}

/// Dropout (`torch.nn.Dropout`): in training, sets each element to 0 with a probability, drawn from libtorch's
/// generator, and divides the others by 1 − probability. In evaluation it gives its input.
public final class Dropout: Module, UnaryLayer {
    /// How likely an element becomes 0, in 0…1.
    public let probability: Double

    /// Dropout with this probability; one outside 0…1 traps.
    public init(_ probability: Double = 0.5) {
        precondition((0...1).contains(probability), "a dropout probability is between 0 and 1, not \(probability)")
        self.probability = probability
    }

    /// The input with some elements set to 0 in training, as it is in evaluation.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        isTraining && probability > 0 ? F.dropout(x, probability, training: true) : x
    }
}

/// All axes but the first made one: `[N, …]` → `[N, n]` (`torch.nn.Flatten`).
public final class Flatten: Module, UnaryLayer {
    /// `[N, …]` → `[N, n]`, n being the product of the other sizes.
    public func callAsFunction(_ x: Tensor) -> Tensor { x.flatten(from: 1) }
}
