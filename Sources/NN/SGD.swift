import Tensors

/// Stochastic gradient descent with momentum and weight decay, as PyTorch's: the decay is added to the gradient, and
/// the momentum's first value is the first gradient.
public final class SGD: Optimizer {
    public var learningRate: Double
    public let momentum: Double
    public let weightDecay: Double
    public let nesterov: Bool
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

    public func stateDict() -> [(name: String, tensor: Tensor)] {
        state.stateDict(namedParameters)
    }

    public func loadStateDict(_ state: [(name: String, tensor: Tensor)]) throws {
        try self.state.load(state, for: namedParameters)
    }
}
