import Tensors

/// Stochastic gradient descent with momentum and weight decay, as `torch.optim.SGD`: the decay is added to the
/// gradient, and the momentum starts from the first gradient.
public final class SGD: Optimizer {
    /// Factor on every step, before a group's own; may change between steps.
    public var learningRate: Double
    /// Share of the earlier steps' direction that a step keeps; 0 for none.
    public let momentum: Double
    /// Factor of each parameter that is added to its gradient, in groups that don't set their own.
    public let weightDecay: Double
    /// Whether a step looks ahead along its momentum (Sutskever et al., 2013).
    public let nesterov: Bool
    /// The parameters, in groups with a learning rate factor and a weight decay each.
    public let groups: [ParameterGroup]
    private var state: OptimizerState

    /// An optimiser that has taken no step. A parameter in two groups traps.
    ///
    /// - Parameters:
    ///   - groups: the parameters.
    ///   - learningRate: factor on every step.
    ///   - momentum: share of the earlier steps' direction that a step keeps.
    ///   - weightDecay: for the groups that don't set their own.
    ///   - nesterov: whether to look ahead along the momentum (Sutskever et al., 2013); without a momentum it traps.
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

    /// Moves every parameter that holds a gradient by one step; the others stay, and their state too.
    ///
    /// - Parameter isInvalid: float32 `[]` on the parameters' device; where it is 1, no parameter moves. The step counts
    ///   all the same.
    public func step(unless isInvalid: Tensor?) {
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
                    isFirstStep: isFirst, unless: isInvalid)
            }
        }
    }

    /// Takes back the count of the last step, in which `isInvalid` was 1.
    public func takeStepBack() { state.takeStepBack(namedParameters) }

    /// The momentum and the number of steps of each parameter, as tensors named `parameter/momentum_buffer` and
    /// `parameter/step`; nothing without a momentum.
    public func stateDict() -> [(name: String, tensor: Tensor)] {
        state.stateDict(namedParameters)
    }

    /// Goes on from a saved state.
    ///
    /// - Throws: ``OptimizerStateError`` where a name or a shape doesn't belong to the parameters; nothing is then
    ///   changed.
    public func loadStateDict(_ state: [(name: String, tensor: Tensor)]) throws {
        try self.state.load(state, for: namedParameters)
    }
}
