import CTorch

/// Steps of optimisers, and what they need, over many parameters at once by libtorch's fused kernels.
///
/// The gradients are those that the parameters hold (`Tensor.grad`). Nothing here is recorded by autograd.
public enum OptimizerOps {
    /// For each parameter, whether it holds a gradient.
    public static func haveGradients(_ parameters: [Tensor]) -> [Bool] {
        flags(parameters.count) { out in
            withHandles(parameters) { check(ct_has_gradients($0, $1, out), "haveGradients", parameters) }
        }
    }

    /// Drops the parameters' gradients; they hold none afterwards.
    public static func dropGradients(_ parameters: [Tensor]) {
        withHandles(parameters) { check(ct_drop_gradients($0, $1), "dropGradients", parameters) }
    }

    /// One step of stochastic gradient descent on parameters that all hold a gradient, as `torch.optim.SGD`.
    ///
    /// With the gradient g: g += weightDecay · p; buffer = momentum · buffer + g, on a first step buffer = g; then p −=
    /// learningRate · buffer, or with Nesterov's momentum p −= learningRate · (g + momentum · buffer). A parameter
    /// without a gradient traps.
    ///
    /// - Parameters:
    ///   - parameters: changed in place.
    ///   - buffers: one for each parameter, of its shape and layout, changed in place; none where `momentum` is 0.
    ///   - learningRate: factor on the whole step.
    ///   - momentum: share of the buffer that is kept.
    ///   - weightDecay: factor of the parameter that is added to its gradient.
    ///   - nesterov: whether the step looks ahead along the momentum.
    ///   - isFirstStep: whether the buffers hold nothing yet.
    ///   - isInvalid: float32 `[]` on the parameters' device; where it is 1, nothing is changed.
    public static func sgdStep(
        _ parameters: [Tensor], buffers: [Tensor], learningRate: Double, momentum: Double, weightDecay: Double,
        nesterov: Bool, isFirstStep: Bool, unless isInvalid: Tensor? = nil
    ) {
        guard !parameters.isEmpty else { return }
        precondition(buffers.isEmpty || buffers.count == parameters.count, "sgdStep: a buffer for each parameter")
        withHandles(parameters) { handles, count in
            withHandles(buffers) { bufferHandles, bufferCount in
                check(
                    ct_sgd_step(
                        handles, bufferCount == 0 ? nil : bufferHandles, count, learningRate, momentum, weightDecay,
                        nesterov, isFirstStep, isInvalid?.raw),
                    "sgdStep", parameters)
            }
        }
    }

    /// One step of AdamW on parameters that all hold a gradient (Loshchilov and Hutter, "Decoupled Weight Decay
    /// Regularization", 2019, algorithm 2), as `torch.optim.AdamW`. A parameter without a gradient traps.
    ///
    /// - Parameters:
    ///   - parameters: changed in place.
    ///   - means: running means of the gradients, one for each parameter, of its shape and layout, changed in place.
    ///   - squares: running means of the squared gradients, one for each parameter, of its shape and layout, changed in
    ///     place.
    ///   - step: number of this step, from 1, which corrects the means' bias towards 0.
    ///   - learningRate: factor on the whole step.
    ///   - beta1: share of the old mean of gradients that is kept.
    ///   - beta2: share of the old mean of squares that is kept.
    ///   - epsilon: what is added to the root of the mean of squares.
    ///   - weightDecay: share of the parameter, times the learning rate, that is taken off it.
    ///   - isInvalid: float32 `[]` on the parameters' device; where it is 1, nothing is changed.
    public static func adamWStep(
        _ parameters: [Tensor], means: [Tensor], squares: [Tensor], step: Int, learningRate: Double, beta1: Double,
        beta2: Double, epsilon: Double, weightDecay: Double, unless isInvalid: Tensor? = nil
    ) {
        precondition(
            means.count == parameters.count && squares.count == parameters.count,
            "adamWStep: two moments for each parameter")
        withHandles(parameters) { handles, count in
            withHandles(means) { meanHandles, _ in
                withHandles(squares) { squareHandles, _ in
                    check(
                        ct_adamw_step(
                            handles, meanHandles, squareHandles, count, Int64(step), learningRate, beta1, beta2,
                            epsilon, weightDecay, isInvalid?.raw),
                        "adamWStep", parameters)
                }
            }
        }
    }

    /// The Euclidean norm of all gradients taken together; parameters without one are passed over.
    public static func gradientNorm(_ parameters: [Tensor]) -> Double { gradientNormTensor(parameters)?.item() ?? 0 }

    /// The Euclidean norm of all gradients taken together, float32 `[]` on their device, so that nothing waits for it; nil
    /// where no parameter holds a gradient.
    package static func gradientNormTensor(_ parameters: [Tensor]) -> Tensor? {
        var norm: OpaquePointer?
        withHandles(parameters) { check(ct_gradient_norm($0, $1, &norm), "gradientNorm", parameters) }
        return norm.map { Tensor(owning: $0) }
    }

    /// For each parameter, whether every number of its gradient is finite; true where it holds none.
    public static func gradientsAreFinite(_ parameters: [Tensor]) -> [Bool] {
        flags(parameters.count) { out in
            withHandles(parameters) { check(ct_gradients_are_finite($0, $1, out), "gradientsAreFinite", parameters) }
        }
    }

    /// Multiplies the parameters' gradients by `factor` in place; parameters without one are passed over.
    public static func scaleGradients(_ parameters: [Tensor], by factor: Double) {
        withHandles(parameters) { check(ct_scale_gradients($0, $1, factor), "scaleGradients", parameters) }
    }

    /// Multiplies the parameters' gradients in place by a number `[]` on their device; parameters without one are passed
    /// over.
    package static func scaleGradients(_ parameters: [Tensor], by factor: Tensor) {
        withHandles(parameters) { check(ct_scale_gradients_by($0, $1, factor.raw), "scaleGradients", parameters) }
    }

    /// Moves each tensor in place by `share` of the way to the target of the same number, of its shape and dtype.
    package static func move(_ tensors: [Tensor], towards targets: [Tensor], by share: Double) {
        precondition(tensors.count == targets.count, "move: \(tensors.count) tensors, \(targets.count) targets")
        withHandles(tensors) { handles, count in
            withHandles(targets) { targetHandles, _ in
                check(ct_move_towards(handles, targetHandles, count, share), "move", tensors + targets)
            }
        }
    }

    private static func flags(_ count: Int, _ fill: (UnsafeMutablePointer<Bool>?) -> Void) -> [Bool] {
        [Bool](unsafeUninitializedCapacity: count) { buffer, initialized in
            buffer.initialize(repeating: false)
            fill(buffer.baseAddress)
            initialized = count
        }
    }
}
