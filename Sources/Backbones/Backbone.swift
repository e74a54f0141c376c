import Architectures
import NN
import Tensors

/// A network of any architecture, under torchvision's parameter names.
///
/// Works on images `[N, 3, H, W]` or clips `[N, 3, T, H, W]`, floating-point and normalised, with the channels last
/// in memory throughout: an input of another layout is converted. `channelsLast: false` keeps everything in the order
/// of its axes, slower, but rounded as most published numbers are.
public final class Backbone: Module, UnaryLayer {
    /// The plan that the network was built from: its layers, names and shapes.
    public let plan: BackbonePlan
    /// Whether activations and weights have their channels last in memory.
    public private(set) var isChannelsLast = false
    /// The stages, first to last.
    public let stages: [BackboneStage]
    private let stemLayers: [(name: String, layer: any UnaryLayer)]
    private let foldedStem: FoldedConvolution?
    private let lastNorm: (any NormLayer)?
    private let dropout: Dropout
    private let fc: (any UnaryLayer)?

    /// A network with all layers of a plan.
    ///
    /// Weights start as follows: convolutions He-normal over fan-out, norms with γ = 1 and β = 0, the classifier as
    /// PyTorch's.
    ///
    /// - Parameters:
    ///   - plan: the layers.
    ///   - channelsLast: whether activations and weights have their channels last in memory.
    public init(_ plan: BackbonePlan, channelsLast: Bool = true) {
        self.plan = plan
        stemLayers = plan.stem.map { ($0.name, $0.makeModule()) }
        let norm = stemLayers.dropFirst().first?.layer as? any NormLayer
        foldedStem = norm == nil ? nil : FoldedConvolution(stemLayers[0].layer, norm)
        stages = plan.stages.map { BackboneStage($0, of: plan.architecture) }
        lastNorm = plan.lastNorm?.makeModule() as? any NormLayer
        dropout = Dropout(plan.architecture.dropout)
        fc = plan.classifier?.makeModule()
        super.init()
        if plan.architecture.normalization == .synchronizedBatch {
            for (_, module) in namedModules() { (module as? BatchNorm)?.isSynchronized = true }
        }
        if channelsLast { useChannelsLast() }
    }

    /// Lays weights and activations out in memory with the channels last from now on, or, where `on` is false, in the order of
    /// their axes. Gradients are dropped.
    public func useChannelsLast(_ on: Bool = true) {
        convertToChannelsLast(on)
        isChannelsLast = on
    }

    /// Lets training keep only what flows between segments of each stage, of √n blocks in a stage of n, and compute the
    /// rest once more for the backward pass (Chen et al., 2016): a third more time, and memory that grows with the root
    /// of the depth. False keeps all activations again.
    public func checkpointActivations(_ on: Bool = true) {
        for stage in stages {
            stage.checkpointedBlocks = on ? Int(Double(stage.plan.blocks.count).squareRoot().rounded(.up)) : nil
        }
    }

    /// The network of an architecture.
    ///
    /// - Parameters:
    ///   - architecture: its axes.
    ///   - classes: how many classes the classifier tells apart; nil leaves it out.
    ///   - stageCount: builds the first so many stages, without last norm and classifier; nil builds all.
    /// - Throws: `ArchitectureError` where the axes have no meaning together.
    public convenience init(
        _ architecture: BackboneArchitecture, classes: Int?, stageCount: Int? = nil
    ) throws {
        self.init(
            try architecture.with { $0.classes = classes }.plan(stageCount: stageCount))
    }

    /// The network of an architecture, with the classifier that it says.
    ///
    /// - Throws: `ArchitectureError` where the axes have no meaning together.
    public convenience init(_ architecture: BackboneArchitecture) throws {
        self.init(try architecture.plan())
    }

    /// The layers and stages, under the names of the plan.
    public override func children() -> [(name: String, module: Module)] {
        var result: [(name: String, module: Module)] = stemLayers.map { ($0.name, $0.layer) }
        result += stages.map { ($0.plan.scope, $0) }
        if let lastNorm, let planned = plan.lastNorm { result.append((planned.name, lastNorm)) }
        result.append(("dropout", dropout))
        if let fc, let planned = plan.classifier { result.append((planned.name, fc)) }
        return result
    }

    /// Sets γ of the last norm of every F to 0, so that each block starts as its shortcut (Goyal et al., 2017, section
    /// 5.1). Only norms that stand before the addition: without effect on plain networks and in the pre-activation
    /// order.
    public func zeroLastNorms() {
        guard plan.architecture.shortcut != .none else { return }
        for block in stages.flatMap(\.blocks) {
            switch block.normBeforeAddition {
            case let norm as BatchNorm: norm.weight?.initialize(.zeros)
            case let norm as GroupNorm: norm.weight?.initialize(.zeros)
            default: break
            }
        }
    }

    /// Runs `conv1`, `bn1`, ReLU and the pooling, if there is one: `[N, 3, H, W]` → `[N, stem width, H', W']`, clips
    /// with T in between.
    public func stem(_ x: Tensor) -> Tensor {
        let channelsLast = plan.architecture.rank == .image ? MemoryFormat.channelsLast : .channelsLast3D
        var h = x.to(memoryFormat: isChannelsLast ? channelsLast : .contiguous)
        var layers = stemLayers.map(\.layer)[...]
        if let foldedStem, foldedStem.applies(to: h) {
            h = foldedStem(h, activation: .relu)
            layers = layers.dropFirst(2)
        }
        return layers.reduce(h) { ($1 as? any NormLayer)?.rectified($0) ?? $1($0) }
    }

    /// Runs stage `index`, from 0, on the output of the one before it; after the last stage also the norm behind it, if
    /// there is one.
    public func stage(_ index: Int, _ x: Tensor) -> Tensor {
        let h = stages[index](x)
        guard index == stages.count - 1, let lastNorm else { return h }
        return lastNorm.rectified(h)
    }

    /// The output of every stage, first to last: `[N, channels, H / stride, W / stride]` each, as `plan.stages` says;
    /// of clips `[N, channels, T / …, H / stride, W / stride]`.
    public func features(_ x: Tensor) -> [Tensor] {
        var result: [Tensor] = []
        var h = stem(x)
        for index in stages.indices {
            h = stage(index, h)
            result.append(h)
        }
        return result
    }

    /// The average over all positions, dropout and `fc`: `[N, C, …]` → logits `[N, classes]`; without a classifier, the
    /// averages `[N, C]`.
    public func classifier(_ feature: Tensor) -> Tensor {
        let pooled = dropout(feature.flatten(from: 2).mean([2]))
        return fc?(pooled) ?? pooled
    }

    /// `[N, 3, H, W]` or `[N, 3, T, H, W]` → logits `[N, classes]`; without a classifier, averages `[N, C]`.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        var h = stem(x)
        for index in stages.indices { h = stage(index, h) }
        return classifier(h)
    }
}
