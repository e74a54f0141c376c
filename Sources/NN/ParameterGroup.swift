import Tensors

/// Parameters that an optimiser treats alike.
public struct ParameterGroup {
    /// The parameters, with the names that their state is kept by.
    public let parameters: [(name: String, parameter: Parameter)]
    /// Weight decay of the group; nil takes the optimiser's.
    public var weightDecay: Double?
    /// Factor on the optimiser's learning rate.
    public var learningRateScale: Double

    /// A group of named parameters, with a learning rate factor and a weight decay of its own where they are given.
    public init(
        _ parameters: [(name: String, parameter: Parameter)], weightDecay: Double? = nil,
        learningRateScale: Double = 1
    ) {
        self.parameters = parameters
        self.weightDecay = weightDecay
        self.learningRateScale = learningRateScale
    }

    /// Groups of all trainable parameters of a module: one group, or a second one that does not decay for every
    /// parameter with fewer than two axes, which are biases and the affines of norms.
    ///
    /// - Parameters:
    ///   - module: the module whose parameters are taken.
    ///   - weightDecay: of the parameters that decay.
    ///   - decayNormsAndBiases: whether there is one group that decays whole.
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
