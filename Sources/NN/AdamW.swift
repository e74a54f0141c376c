import Tensors

/// Adam with decoupled weight decay and bias correction (Loshchilov and Hutter, "Decoupled Weight Decay
/// Regularization", 2019, algorithm 2), as `torch.optim.AdamW`.
public final class AdamW: Optimizer {
    /// Factor on every step, before a group's own; may change between steps.
    public var learningRate: Double
    /// Share of the gradients' running mean that a step keeps.
    public let beta1: Double
    /// Share of the squared gradients' running mean that a step keeps.
    public let beta2: Double
    /// What is added to the root of the squared gradients' mean.
    public let epsilon: Double
    /// Share of each parameter, times the learning rate, that a step takes off it, in groups that don't set their own.
    public let weightDecay: Double
    /// The parameters, in groups with a learning rate factor and a weight decay each.
    public let groups: [ParameterGroup]
    private var state: OptimizerState

    /// An optimiser that has taken no step. A parameter in two groups traps.
    ///
    /// - Parameters:
    ///   - groups: the parameters.
    ///   - learningRate: factor on every step.
    ///   - beta1: share of the gradients' running mean that a step keeps.
    ///   - beta2: share of the squared gradients' running mean that a step keeps.
    ///   - epsilon: what is added to the root of the squared gradients' mean.
    ///   - weightDecay: for the groups that don't set their own.
    public init(
        groups: [ParameterGroup], learningRate: Double = 1e-3, beta1: Double = 0.9, beta2: Double = 0.999,
        epsilon: Double = 1e-8, weightDecay: Double = 1e-2
    ) {
        self.groups = groups
        self.learningRate = learningRate
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
        self.weightDecay = weightDecay
        state = OptimizerState(quantities: ["exp_avg", "exp_avg_sq"], groups: groups)
    }

    /// Moves every parameter that holds a gradient by one step; the others stay, and their state too.
    ///
    /// - Parameter isInvalid: float32 `[]` on the parameters' device; where it is 1, no parameter moves. The step counts
    ///   all the same.
    public func step(unless isInvalid: Tensor?) {
        for group in groups {
            let tensors = group.parameters.map(\.parameter.tensor)
            let haveGradients = OptimizerOps.haveGradients(tensors)
            var bySteps: [Int: (parameters: [Tensor], means: [Tensor], squares: [Tensor])] = [:]
            for (index, tensor) in tensors.enumerated() where haveGradients[index] {
                let name = group.parameters[index].name
                let own = state.state(of: name, tensor)
                state.countStep(of: name)
                var batch = bySteps.removeValue(forKey: own.steps + 1) ?? ([], [], [])
                batch.parameters.append(tensor)
                batch.means.append(own.tensors[0])
                batch.squares.append(own.tensors[1])
                bySteps[own.steps + 1] = batch
            }
            for (step, batch) in bySteps {
                OptimizerOps.adamWStep(
                    batch.parameters, means: batch.means, squares: batch.squares, step: step,
                    learningRate: learningRate * group.learningRateScale, beta1: beta1, beta2: beta2,
                    epsilon: epsilon, weightDecay: group.weightDecay ?? weightDecay, unless: isInvalid)
            }
        }
    }

    /// Takes back the count of the last step, in which `isInvalid` was 1.
    public func takeStepBack() { state.takeStepBack(namedParameters) }

    /// The running means and the number of steps of each parameter, as tensors named `parameter/exp_avg`,
    /// `parameter/exp_avg_sq` and `parameter/step`.
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
