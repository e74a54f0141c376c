import CTorch

/// Steps of optimisers over many parameters at once, by libtorch's fused kernels.
///
/// The gradients are the ones that the parameters hold. Nothing here is recorded by autograd.
public enum OptimizerOps {
    /// Whether each parameter holds a gradient.
    public static func haveGradients(_ parameters: [Tensor]) -> [Bool] {
        flags(parameters.count) { out in
            withHandles(parameters) { check(ct_has_gradients($0, $1, out), "haveGradients", parameters) }
        }
    }

    /// Drops the parameters' gradients.
    public static func dropGradients(_ parameters: [Tensor]) {
        withHandles(parameters) { check(ct_drop_gradients($0, $1), "dropGradients", parameters) }
    }

    /// One step of stochastic gradient descent on parameters that all hold a gradient g:
    /// g += weightDecay · p; buffer = momentum · buffer + g (on a first step: g); p −= learningRate · buffer,
    /// or learningRate · (g + momentum · buffer) with Nesterov's momentum.
    ///
    /// - Parameter buffers: One for each parameter, of its shape and layout; none where `momentum` is 0.
    public static func sgdStep(
        _ parameters: [Tensor], buffers: [Tensor], learningRate: Double, momentum: Double, weightDecay: Double,
        nesterov: Bool, isFirstStep: Bool
    ) {
        guard !parameters.isEmpty else { return }
        precondition(buffers.isEmpty || buffers.count == parameters.count, "sgdStep: a buffer for each parameter")
        withHandles(parameters) { handles, count in
            withHandles(buffers) { bufferHandles, bufferCount in
                check(
                    ct_sgd_step(
                        handles, bufferCount == 0 ? nil : bufferHandles, count, learningRate, momentum, weightDecay,
                        nesterov, isFirstStep),
                    "sgdStep", parameters)
            }
        }
    }

    /// Step number `step` (from 1) of AdamW on parameters that all hold a gradient (Loshchilov and Hutter, 2019).
    ///
    /// - Parameters:
    ///   - means: Running means of the gradients, one for each parameter, of its shape and layout.
    ///   - squares: Running means of their squares, likewise.
    public static func adamWStep(
        _ parameters: [Tensor], means: [Tensor], squares: [Tensor], step: Int, learningRate: Double, beta1: Double,
        beta2: Double, epsilon: Double, weightDecay: Double
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
                            epsilon, weightDecay),
                        "adamWStep", parameters)
                }
            }
        }
    }

    /// The Euclidean norm of all gradients together; parameters without one are passed over.
    public static func gradientNorm(_ parameters: [Tensor]) -> Double {
        var norm = 0.0
        withHandles(parameters) { check(ct_gradient_norm($0, $1, &norm), "gradientNorm", parameters) }
        return norm
    }

    /// Whether every number in each parameter's gradient is finite; true where there is none.
    public static func gradientsAreFinite(_ parameters: [Tensor]) -> [Bool] {
        flags(parameters.count) { out in
            withHandles(parameters) { check(ct_gradients_are_finite($0, $1, out), "gradientsAreFinite", parameters) }
        }
    }

    /// Multiplies every gradient by `factor`.
    public static func scaleGradients(_ parameters: [Tensor], by factor: Double) {
        withHandles(parameters) { check(ct_scale_gradients($0, $1, factor), "scaleGradients", parameters) }
    }

    private static func flags(_ count: Int, _ fill: (UnsafeMutablePointer<Bool>?) -> Void) -> [Bool] {
        [Bool](unsafeUninitializedCapacity: count) { buffer, initialized in
            buffer.initialize(repeating: false)
            fill(buffer.baseAddress)
            initialized = count
        }
    }
}
