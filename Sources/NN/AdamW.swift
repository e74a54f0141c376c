import Tensors

/// Adam with decoupled weight decay and bias correction (Loshchilov and Hutter, 2019), as PyTorch's.
public final class AdamW: Optimizer {
    /// Factor of every step; may change between steps.
    public var learningRate: Double
    /// Decay of the gradients' mean.
    public let beta1: Double
    /// Decay of the squared gradients' mean.
    public let beta2: Double
    /// What is added to the root of the squared gradients' mean.
    public let epsilon: Double
    /// Factor of the parameters that a step takes off them.
    public let weightDecay: Double
    /// The parameters, with what is particular to some of them.
    public let groups: [ParameterGroup]
    private var state: OptimizerState

    /// - Parameter weightDecay: For the groups that don't set their own.
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

    /// Moves the parameters by their gradients.
    public func step() {
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
                    epsilon: epsilon, weightDecay: group.weightDecay ?? weightDecay)
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
