import CTorch

extension Tensor {
    /// Whether operations on this tensor are recorded, so that it can have a gradient: a leaf for which that was
    /// switched on, or what was computed from one.
    public var requiresGrad: Bool { ct_requires_grad(raw) }
    /// Whether this tensor was made by the program and not by a recorded operation. Gradients are accumulated in
    /// leaves.
    public var isLeaf: Bool { ct_is_leaf(raw) }

    /// Switches recording on or off for this tensor, which must be a leaf and to switch it on floating-point; others
    /// trap. Returns the tensor.
    @discardableResult
    public func requiringGrad(_ on: Bool = true) -> Tensor {
        check(ct_set_requires_grad(raw, on), "requiringGrad", [self])
        return self
    }

    /// A tensor that shares the elements and is cut off from what they were computed from: no gradient flows through
    /// it.
    public func detached() -> Tensor { produce("detached", [self]) { ct_detach(raw, $0) } }

    /// The gradient that ``backward(gradient:retainGraph:)`` has accumulated in this leaf; nil where there is none.
    public var grad: Tensor? {
        var out: OpaquePointer?
        check(ct_grad(raw, &out), "grad", [self])
        return out.map(Tensor.init(owning:))
    }

    /// Replaces the accumulated gradient, by one of this tensor's shape; nil drops it.
    public func setGrad(_ grad: Tensor?) { check(ct_set_grad(raw, grad?.raw), "setGrad", [self]) }

    /// Adds the gradient of this tensor to the ``grad`` of every leaf that it was computed from. A tensor that isn't
    /// recorded traps.
    ///
    /// - Parameters:
    ///   - gradient: the gradient for this tensor, of its shape; a tensor of one element needs none and takes 1.
    ///   - retainGraph: keeps what was recorded, so that this can be called again.
    public func backward(gradient: Tensor? = nil, retainGraph: Bool = false) {
        check(ct_backward(raw, gradient?.raw, retainGraph), "backward", [self] + [gradient].compactMap { $0 })
    }
}

/// Gradients of the outputs' sum for the inputs, `torch.autograd.grad`: nothing is added to any leaf.
///
/// - Parameters:
///   - outputs: what is differentiated.
///   - inputs: what it is differentiated by.
///   - outputGradients: a gradient for each output, of its shape; an output of one element needs none and takes 1.
///   - retainGraph: keeps what was recorded, so that this can be called again.
///   - createGraph: records the computation of the gradients too, so that they have gradients themselves.
/// - Returns: for each input its gradient, or nil where no output depends on it.
public func gradients(
    of outputs: [Tensor], for inputs: [Tensor], outputGradients: [Tensor?]? = nil, retainGraph: Bool = false,
    createGraph: Bool = false
) -> [Tensor?] {
    var results = [OpaquePointer?](repeating: nil, count: inputs.count)
    let seeds = outputGradients ?? [Tensor?](repeating: nil, count: outputs.count)
    precondition(seeds.count == outputs.count, "gradients: \(seeds.count) seeds for \(outputs.count) outputs")
    let status = withHandles(outputs) { outputs, outputCount in
        withHandles(seeds) { seeds, _ in
            withHandles(inputs) { inputs, inputCount in
                ct_gradients(
                    outputs, seeds, outputCount, inputs, inputCount, retainGraph || createGraph, createGraph, &results)
            }
        }
    }
    check(status, "gradients", outputs + inputs)
    return results.map { $0.map(Tensor.init(owning:)) }
}

/// Whether the calling thread records operations for the backward pass; it does until told otherwise.
public var isGradEnabled: Bool { ct_grad_mode() }

/// Runs `body` without recording operations on this thread: for inference, and for changes of parameters
/// (`torch.no_grad`).
public func withoutGrad<R>(_ body: () throws -> R) rethrows -> R { try withGradMode(false, body) }

/// Runs `body` with operations recorded on this thread, also inside `withoutGrad` (`torch.enable_grad`).
public func withGrad<R>(_ body: () throws -> R) rethrows -> R { try withGradMode(true, body) }

private func withGradMode<R>(_ on: Bool, _ body: () throws -> R) rethrows -> R {
    let previous = ct_grad_mode()
    ct_set_grad_mode(on)
    defer { ct_set_grad_mode(previous) }
    return try body()
}

/// Runs `body` with libtorch choosing the type that each operation computes in: convolutions and matrix products in
/// `dtype`, sums and losses in float32 (`torch.autocast`).
///
/// - Parameters:
///   - dtype: bfloat16 or float16, whose small gradients need a factor on the loss.
///   - device: the kind of device that this is about, whatever its index.
///   - body: runs on this thread; what it returns is returned.
public func withAutocast<R>(_ dtype: DType, device: Device = .cpu, _ body: () throws -> R) rethrows -> R {
    var previous = ct_autocast(enabled: false, dtype: CT_BFLOAT16)
    check(ct_autocast_enter(device.code, dtype.code, &previous), "withAutocast")
    defer { check(ct_autocast_leave(device.code, previous), "withAutocast") }
    return try body()
}

/// Runs `body` with fewer maps kept for the backward pass, which makes the others again where that takes little time: on the
/// CPU, the sums of residual blocks and 1×1 convolutions that widen a map. Gradients stay the same, bit for bit.
///
/// Without it, only what can be made again at nearly no cost is not kept, such as normalised and rectified maps.
public func withLeanMemory<R>(_ body: () throws -> R) rethrows -> R {
    let previous = ct_lean_memory()
    ct_set_lean_memory(true)
    defer { ct_set_lean_memory(previous) }
    return try body()
}
