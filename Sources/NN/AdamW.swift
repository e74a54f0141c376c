import Tensors

/// Adam with decoupled weight decay and bias correction (Loshchilov and Hutter, 2019), as PyTorch's.
public final class AdamW: Optimizer {
    public var learningRate: Double
    public let beta1: Double
    public let beta2: Double
    public let epsilon: Double
    public let weightDecay: Double
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

    public func stateDict() -> [(name: String, tensor: Tensor)] {
        state.stateDict(namedParameters)
    }

    public func loadStateDict(_ state: [(name: String, tensor: Tensor)]) throws {
        try self.state.load(state, for: namedParameters)
    }
}
