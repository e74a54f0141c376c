import Foundation
import NN
import Tensors

/// How the weights of a run are averaged over its steps: after each step, average ← d · average + (1 − d) · weights (Polyak and
/// Juditsky, "Acceleration of Stochastic Approximation by Averaging", 1992, as an exponential mean).
public struct WeightAveraging: Hashable, Sendable, Codable {
    /// What d grows to, in 0…1 without 1: the average then spans about 1 / (1 − d) steps.
    public var decay: Double
    /// d is `decay` · (1 − exp(−step / warmupSteps)), so that the first weights are soon forgotten; 0 takes `decay` at once.
    public var warmupSteps: Int

    /// An average that keeps `decay` of itself at a step. Other values than these trap.
    public init(decay: Double, warmupSteps: Int = 2000) {
        precondition((0..<1).contains(decay) && warmupSteps >= 0, "WeightAveraging: \(decay), \(warmupSteps)")
        self.decay = decay
        self.warmupSteps = warmupSteps
    }

    /// The share of the average that is kept after step number `step`, from 1.
    public func decay(step: Int) -> Double {
        warmupSteps == 0 ? decay : decay * (1 - exp(-Double(step) / Double(warmupSteps)))
    }
}

/// The average of a model's weights and buffers over the steps of a run. Whole numbers, such as counts, are those of the model.
final class AveragedWeights {
    let averaging: WeightAveraging
    private let model: Module
    private var average: [(name: String, tensor: Tensor)]

    /// An average that begins with the model as it is.
    init(of model: Module, _ averaging: WeightAveraging) {
        self.model = model
        self.averaging = averaging
        average = withoutGrad { model.stateDict().map { ($0.name, $0.tensor.clone()) } }
    }

    /// The averages by the names of the model's tensors.
    var stateDict: [(name: String, tensor: Tensor)] { average }

    /// The average of the tensor of a name.
    subscript(name: String) -> Tensor? { average.first { $0.name == name }?.tensor }

    /// Takes up the averages of a checkpoint.
    ///
    /// - Returns: The name of a tensor whose average is not there in its shape, and then nothing is taken; nil if all is well.
    func load(_ state: [(name: String, tensor: Tensor)]) -> String? {
        let given = Dictionary(state.map { ($0.name, $0.tensor) }) { first, _ in first }
        if let lacking = average.first(where: { given[$0.name]?.shape != $0.tensor.shape }) { return lacking.name }
        withoutGrad {
            for (name, tensor) in average { given[name].map { tensor.copyInPlace(from: $0) } }
        }
        return nil
    }

    /// Takes the model after step number `step`, from 1, into the average.
    func update(step: Int) {
        let current = model.stateDict()
        var averages: [Tensor] = [], weights: [Tensor] = []
        withoutGrad {
            for (mean, own) in zip(average, current) {
                if own.tensor.dtype.isFloatingPoint {
                    averages.append(mean.tensor)
                    weights.append(own.tensor)
                } else {
                    mean.tensor.copyInPlace(from: own.tensor)
                }
            }
        }
        OptimizerOps.move(averages, towards: weights, by: 1 - averaging.decay(step: step))
    }

    /// Exchanges the model's values and the averages, tensor by tensor; a second time brings them back.
    func exchange() {
        withoutGrad {
            for (mean, own) in zip(average, model.stateDict()) {
                let held = own.tensor.clone()
                own.tensor.copyInPlace(from: mean.tensor)
                mean.tensor.copyInPlace(from: held)
            }
        }
    }
}
