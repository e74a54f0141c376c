import Tensors

/// A tensor that training changes: a leaf of the autograd graph, held by reference so that a module and an optimiser
/// see the same one.
public final class Parameter {
    /// The values. Replaced, never shared with another parameter, when the parameter moves to a device or changes its
    /// memory format.
    public private(set) var tensor: Tensor

    /// A parameter that starts with the values of `tensor`, which it takes over: nobody else should write to it.
    public init(_ tensor: Tensor, requiresGrad: Bool = true) {
        self.tensor = tensor.detached().requiringGrad(requiresGrad)
    }

    /// A parameter of `shape` filled by `initialization`.
    public convenience init(_ shape: [Int], _ initialization: Initialization) {
        self.init(initialization.tensor(shape))
    }

    /// Whether `backward` computes a gradient for it. A frozen parameter is skipped by the optimisers.
    public var requiresGrad: Bool {
        get { tensor.requiresGrad }
        set {
            tensor = tensor.requiringGrad(newValue)
            if !newValue { tensor.setGrad(nil) }
        }
    }

    /// What the last `backward` calls have added up; nil before the first one and after `zeroGrad`.
    public var grad: Tensor? { tensor.grad }

    /// Number of elements along each axis.
    public var shape: [Int] { tensor.shape }
    /// Number of elements.
    public var count: Int { tensor.count }

    /// Fills it in place.
    public func initialize(_ initialization: Initialization) {
        let values = initialization.tensor(shape)
        assign(values)
    }

    /// Copies `values`, of the same shape and any dtype and device, into it in place: its own dtype, device and memory
    /// format stay.
    public func assign(_ values: Tensor) {
        precondition(
            values.shape == shape, "a parameter of shape \(shape) can't take values of shape \(values.shape)")
        withoutGrad { tensor.copyInPlace(from: values) }
    }

    /// Puts another tensor, of the same shape, in place of its own; the gradient is dropped.
    func replace(with other: Tensor) {
        let wasTrained = tensor.requiresGrad
        tensor = other.detached().requiringGrad(wasTrained)
    }
}

/// A tensor that belongs to a module's state and that no gradient changes: running statistics, counters, anchors.
public final class Buffer {
    /// The values.
    public var tensor: Tensor
    /// Whether the state dict holds it.
    public let isPersistent: Bool

    /// Values that are saved with the module where they are persistent, and not trained.
    public init(_ tensor: Tensor, isPersistent: Bool = true) {
        self.tensor = tensor
        self.isPersistent = isPersistent
    }
}
