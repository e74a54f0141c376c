import Tensors

/// A tensor that training changes: a leaf of the autograd graph, held by reference so that a module and an optimiser
/// see the same one (`torch.nn.Parameter`).
public final class Parameter {
    /// The values. Another tensor takes their place when the parameter moves to a device or changes its type or layout;
    /// it is never shared with another parameter.
    public private(set) var tensor: Tensor

    /// A parameter that takes over `tensor`, without a copy: nobody else should write to it.
    public init(_ tensor: Tensor, requiresGrad: Bool = true) {
        self.tensor = tensor.detached().requiringGrad(requiresGrad)
    }

    /// A float32 parameter of `shape` on the CPU, filled by `initialization`.
    public convenience init(_ shape: [Int], _ initialization: Initialization) {
        self.init(initialization.tensor(shape))
    }

    /// Whether `backward` computes a gradient for this parameter. Set to false it drops the gradient, and optimisers
    /// pass it over.
    public var requiresGrad: Bool {
        get { tensor.requiresGrad }
        set {
            tensor = tensor.requiringGrad(newValue)
            if !newValue { tensor.setGrad(nil) }
        }
    }

    /// The gradient that `backward` has added up; nil before the first one, and after `zeroGrad`.
    public var grad: Tensor? { tensor.grad }

    /// Number of elements along each axis.
    public var shape: [Int] { tensor.shape }
    /// Number of elements.
    public var count: Int { tensor.count }

    /// Fills the parameter in place with values drawn by `initialization`.
    public func initialize(_ initialization: Initialization) {
        let values = initialization.tensor(shape)
        assign(values)
    }

    /// Copies `values`, of this shape and of any type and device, into the parameter in place; its own type, device and
    /// layout stay. Another shape traps.
    public func assign(_ values: Tensor) {
        precondition(
            values.shape == shape, "a parameter of shape \(shape) can't take values of shape \(values.shape)")
        withoutGrad { tensor.copyInPlace(from: values) }
    }

    /// Puts another tensor, of the parameter's shape, in the place of its own; the gradient is dropped.
    func replace(with other: Tensor) {
        let wasTrained = tensor.requiresGrad
        tensor = other.detached().requiringGrad(wasTrained)
    }
}

/// A tensor that belongs to a module's state and that no gradient changes, such as running statistics and counters.
public final class Buffer {
    /// The values.
    public var tensor: Tensor
    /// Whether the state dict holds the buffer.
    public let isPersistent: Bool

    /// A buffer with these values; one that isn't persistent is left out of the state dict.
    public init(_ tensor: Tensor, isPersistent: Bool = true) {
        self.tensor = tensor
        self.isPersistent = isPersistent
    }
}
