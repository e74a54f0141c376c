import Architectures
import NN
import Tensors

/// The last stages of a backbone by themselves, under the names that they have in the whole one (`layer4.0.conv1.weight`):
/// the head of a C4 detector, whose body is a `Backbone` of the stages before.
public final class BackboneTail: Module, UnaryLayer {
    /// The whole backbone's.
    public let plan: BackbonePlan
    public let stages: [BackboneStage]
    private let lastNorm: (any UnaryLayer)?

    /// - Parameters:
    ///   - first: the index of its first stage, from 0.
    ///   - normalization: takes the place of the architecture's.
    /// - Throws: `ArchitectureError` where the axes have no meaning together, or there is no such stage.
    public init(_ architecture: BackboneArchitecture, from first: Int, normalization: Normalization? = nil) throws {
        guard architecture.depths.indices.contains(first) else {
            throw ArchitectureError(
                .depths, "there are \(architecture.depths.count) stages, so none has the index \(first)")
        }
        plan = try architecture.with {
            if let normalization { $0.normalization = normalization }
            $0.classes = nil
        }.plan()
        let whole = plan.architecture
        stages = plan.stages[first...].map { BackboneStage($0, of: whole) }
        lastNorm = plan.lastNorm?.makeModule()
        super.init()
        convertToChannelsLast()
    }

    /// Channels of its output.
    public var channels: Int { plan.stages[plan.stages.count - 1].channels }

    public override func children() -> [(name: String, module: Module)] {
        var result: [(name: String, module: Module)] = stages.map { ($0.plan.scope, $0) }
        if let lastNorm, let planned = plan.lastNorm { result.append((planned.name, lastNorm)) }
        return result
    }

    /// The output of the stage before its first, `[N, C, H, W]` → `[N, channels, H', W']`.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        let y = stages.reduce(x) { $1($0) }
        guard let lastNorm else { return y }
        let h = lastNorm(y)
        h.reluInPlace()
        return h
    }
}
