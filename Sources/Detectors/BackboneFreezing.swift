import Backbones
import NN

extension Backbone {
    /// Leaves only the last stages trainable, and with one more than there are stages, the stem.
    func freeze(trainableStages: Int) {
        guard trainableStages <= stages.count else { return }
        for stage in stages.dropLast(trainableStages) { stage.setRequiresGrad(false) }
        let stem = plan.stem.map { $0.name + "." }
        for (name, parameter) in namedParameters() where stem.contains(where: name.hasPrefix) {
            parameter.requiresGrad = false
        }
    }

    /// ε of every frozen batch normalisation.
    func setFrozenBatchEpsilon(_ epsilon: Double) {
        for case let (_, norm as FrozenBatchNorm) in namedModules() { norm.epsilon = epsilon }
    }
}
