import Tensors

/// Stochastic gradient descent with momentum and weight decay, as PyTorch's: the decay is added to the gradient, and
/// the momentum's first value is the first gradient.
public final class SGD: Optimizer {
    /// Factor of every step; may change between steps.
    public var learningRate: Double
    /// Share of the earlier steps' direction that is kept.
    public let momentum: Double
    /// Factor of the parameters that a step takes off them.
    public let weightDecay: Double
    /// Whether a step looks ahead along its momentum (Nesterov).
    public let nesterov: Bool
    /// The parameters, with what is particular to some of them.
    public let groups: [ParameterGroup]
    private var state: OptimizerState

    /// - Parameters:
    ///   - weightDecay: For the groups that don't set their own.
    ///   - nesterov: Whether to look ahead along the momentum (Sutskever et al., 2013); needs momentum.
    public init(
        groups: [ParameterGroup], learningRate: Double, momentum: Double = 0, weightDecay: Double = 0,
        nesterov: Bool = false
    ) {
        precondition(!nesterov || momentum > 0, "Nesterov's momentum needs a momentum above 0")
        self.groups = groups
        self.learningRate = learningRate
        self.momentum = momentum
        self.weightDecay = weightDecay
        self.nesterov = nesterov
        state = OptimizerState(quantities: momentum == 0 ? [] : ["momentum_buffer"], groups: groups)
    }

    /// Moves the parameters by their gradients.
    public func step() {
        for group in groups {
            let tensors = group.parameters.map(\.parameter.tensor)
            let haveGradients = OptimizerOps.haveGradients(tensors)
            var first: (parameters: [Tensor], buffers: [Tensor]) = ([], [])
            var later: (parameters: [Tensor], buffers: [Tensor]) = ([], [])
            for (index, tensor) in tensors.enumerated() where haveGradients[index] {
                guard momentum != 0 else {
                    later.parameters.append(tensor)
                    continue
                }
                let name = group.parameters[index].name
                let own = state.state(of: name, tensor)
                if own.steps == 0 {
                    first.parameters.append(tensor)
                    first.buffers += own.tensors
                } else {
                    later.parameters.append(tensor)
                    later.buffers += own.tensors
                }
                state.countStep(of: name)
            }
            for (batch, isFirst) in [(first, true), (later, false)] {
                OptimizerOps.sgdStep(
                    batch.parameters, buffers: batch.buffers, learningRate: learningRate * group.learningRateScale,
                    momentum: momentum, weightDecay: group.weightDecay ?? weightDecay, nesterov: nesterov,
                    isFirstStep: isFirst)
            }
        }
    }

    /// What the next step depends on besides parameters and gradients.
    public func stateDict() -> [(name: String, tensor: Tensor)] {
        state.stateDict(namedParameters)
    }

    /// Goes on from a saved state; throws where it doesn't fit the parameters.
    public func loadStateDict(_ state: [(name: String, tensor: Tensor)]) throws {
        try self.state.load(state, for: namedParameters)
    }
}
