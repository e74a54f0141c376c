import Backbones
import NN

extension Backbone {
    /// Leaves only the last stages trainable, and with one more than there are stages, the stem. The norms of the others go by
    /// their running statistics.
    func freeze(trainableStages: Int) {
        guard trainableStages <= stages.count else { return }
        guard trainableStages > 0 else { return freeze() }
        for stage in stages.dropLast(trainableStages) { stage.freeze() }
        for layer in stem { layer.module.freeze() }
    }

    /// Names of the stem's layers and of the stages that are frozen: "conv1", "bn1", "layer1".
    public var frozenParts: [String] {
        let parts = stem + stages.map { (name: $0.plan.name, module: $0) }
        return parts.filter { $0.module.isFrozen && !$0.module.stateDict().isEmpty }.map(\.name)
    }

    private var stem: [(name: String, module: Module)] {
        let names = Set(plan.stem.map(\.name))
        return namedModules().filter { names.contains($0.name) }
    }

    /// ε of every frozen batch normalisation.
    func setFrozenBatchEpsilon(_ epsilon: Double) {
        for case let (_, norm as FrozenBatchNorm) in namedModules() { norm.epsilon = epsilon }
    }
}
