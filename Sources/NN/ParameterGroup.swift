import Tensors

/// Parameters that an optimiser treats alike.
public struct ParameterGroup {
    /// The parameters, with the names that their state is kept by.
    public let parameters: [(name: String, parameter: Parameter)]
    /// Weight decay of this group; nil takes the optimiser's.
    public var weightDecay: Double?
    /// Factor on the optimiser's learning rate.
    public var learningRateScale: Double

    /// Parameters that share a learning rate factor and a weight decay.
    public init(
        _ parameters: [(name: String, parameter: Parameter)], weightDecay: Double? = nil,
        learningRateScale: Double = 1
    ) {
        self.parameters = parameters
        self.weightDecay = weightDecay
        self.learningRateScale = learningRateScale
    }

    /// All trainable parameters of a module: in one group, or the norms' and the biases in a second one that does not
    /// decay.
    ///
    /// What does not decay: every parameter with fewer than two axes, so biases and the affines of norms, and whatever
    /// else a normalisation layer holds.
    public static func split(
        _ module: Module, weightDecay: Double, decayNormsAndBiases: Bool = true
    ) -> [ParameterGroup] {
        let trainable = module.namedParameters().filter(\.parameter.requiresGrad)
        guard !decayNormsAndBiases else { return [ParameterGroup(trainable, weightDecay: weightDecay)] }
        let decaying = trainable.filter { $0.parameter.tensor.rank > 1 }
        let others = trainable.filter { $0.parameter.tensor.rank <= 1 }
        return [ParameterGroup(decaying, weightDecay: weightDecay), ParameterGroup(others, weightDecay: 0)]
            .filter { !$0.parameters.isEmpty }
    }
}
