import CTorch

extension Tensor {
    /// Whether operations on this tensor are recorded, so that its gradient can be had.
    public var requiresGrad: Bool { ct_requires_grad(raw) }
    /// Whether it was made by the program and not by a recorded operation.
    public var isLeaf: Bool { ct_is_leaf(raw) }

    /// This tensor, a leaf, with recording switched on or off. Floating-point tensors only.
    @discardableResult
    public func requiringGrad(_ on: Bool = true) -> Tensor {
        check(ct_set_requires_grad(raw, on), "requiringGrad", [self])
        return self
    }

    /// A tensor that shares the elements, cut off from what they were computed from.
    public func detached() -> Tensor { produce("detached", [self]) { ct_detach(raw, $0) } }

    /// The gradient that `backward` has accumulated in this leaf.
    public var grad: Tensor? {
        var out: OpaquePointer?
        check(ct_grad(raw, &out), "grad", [self])
        return out.map(Tensor.init(owning:))
    }

    /// Replaces the accumulated gradient; nil clears it.
    public func setGrad(_ grad: Tensor?) { check(ct_set_grad(raw, grad?.raw), "setGrad", [self]) }

    /// Adds the gradients of this tensor to every leaf that it was computed from.
    ///
    /// - Parameter gradient: of the same shape; a tensor of one element needs none.
    public func backward(gradient: Tensor? = nil, retainGraph: Bool = false) {
        check(ct_backward(raw, gradient?.raw, retainGraph), "backward", [self] + [gradient].compactMap { $0 })
    }
}

/// Gradients of the outputs for the inputs, without touching any leaf; nil for an input that takes no part.
///
/// - Parameter createGraph: record the computation of the gradients, so that they have gradients too.
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

/// Whether the calling thread records operations.
public var isGradEnabled: Bool { ct_grad_mode() }

/// Runs `body` without recording operations: for inference, and for changes to parameters.
public func withoutGrad<R>(_ body: () throws -> R) rethrows -> R { try withGradMode(false, body) }

/// Runs `body` with recording on, also inside `withoutGrad`.
public func withGrad<R>(_ body: () throws -> R) rethrows -> R { try withGradMode(true, body) }

private func withGradMode<R>(_ on: Bool, _ body: () throws -> R) rethrows -> R {
    let previous = ct_grad_mode()
    ct_set_grad_mode(on)
    defer { ct_set_grad_mode(previous) }
    return try body()
}

/// Runs `body` with libtorch choosing the type of each operation: convolutions and products in `dtype` (bfloat16, or
/// float16 on CUDA), sums and losses in float32.
public func withAutocast<R>(_ dtype: DType, device: Device = .cpu, _ body: () throws -> R) rethrows -> R {
    let onCUDA = device != .cpu
    var previous = ct_autocast(enabled: false, dtype: CT_BFLOAT16)
    check(ct_autocast_enter(onCUDA, dtype.code, &previous), "withAutocast")
    defer { check(ct_autocast_leave(onCUDA, previous), "withAutocast") }
    return try body()
}
