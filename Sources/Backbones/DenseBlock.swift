import Architectures
import NN
import Tensors

/// A stage of a DenseNet: the transition from the stage before, then layers that each append their channels to all that came
/// before them (Huang et al., 2017, section 3).
struct DenseBlock {
    let children: [(name: String, module: Module)]
    private let transition: DenseTransition?
    private let layers: [DenseLayer]

    init(_ stage: PlannedStage) {
        let transition = DenseTransition(stage.transition)
        let layers = stage.blocks.map(DenseLayer.init)
        self.transition = transition
        self.layers = layers
        let modules = zip(stage.blocks.map(\.name), layers.map(\.children)).flatMap { name, children in
            children.map { (name: name + "." + $0.name, module: $0.module) }
        }
        let all = (transition?.children ?? []) + modules
        children = all.map { (String($0.name.dropFirst(stage.scope.count + 1)), $0.module) }
    }

    /// `[N, C, …]` → `[N, C' + layers · growth, …]`, C' being C or what the transition leaves of it.
    ///
    /// - Parameter checkpointedLayers: layers, at a time, whose activations are made anew for the backward pass; nil keeps
    ///   all. What is kept then is the concatenation in front of each such segment, in the place of two tensors of that width
    ///   for each layer.
    func callAsFunction(_ x: Tensor, checkpointedLayers: Int?) -> Tensor {
        guard let checkpointedLayers else { return run(layers[...], transition?(x) ?? x) }
        var h = x
        for start in stride(from: 0, to: layers.count, by: checkpointedLayers) {
            let segment = layers[start..<min(layers.count, start + checkpointedLayers)]
            h = checkpointed(h) { run(segment, start == 0 ? transition?($0) ?? $0 : $0) }
        }
        return h
    }

    private func run(_ layers: ArraySlice<DenseLayer>, _ x: Tensor) -> Tensor {
        layers.reduce(x) { Tensor.cat([$0, $1($0)], dim: 1) }
    }
}

/// norm-ReLU-1×1-norm-ReLU-3×3, or norm-ReLU-3×3: `[N, C, …]` → `[N, growth, …]`.
private struct DenseLayer {
    let children: [(name: String, module: Module)]
    private let norm1: any NormLayer
    private let conv1: any UnaryLayer
    private let second: (norm: any NormLayer, convolution: any UnaryLayer)?
    private let folded: FoldedConvolution?

    init(_ planned: PlannedBlock) {
        let layers = planned.branch.map { (name: $0.name, layer: $0.makeModule()) }
        children = layers.map { ($0.name, $0.layer) }
        let byName = Dictionary(uniqueKeysWithValues: layers.map { ($0.name, $0.layer) })
        guard let norm1 = byName["norm1"] as? any NormLayer, let conv1 = byName["conv1"] else {
            preconditionFailure("\(planned.name) was planned without norm1 and conv1")
        }
        self.norm1 = norm1
        self.conv1 = conv1
        if let norm = byName["norm2"] as? any NormLayer, let convolution = byName["conv2"] {
            second = (norm, convolution)
        } else {
            second = nil
        }
        folded = FoldedConvolution(conv1, second?.norm)
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        let h = norm1.rectified(x)
        guard let second else { return conv1(h) }
        if let folded, folded.applies(to: h) { return second.convolution(folded(h, activation: .relu)) }
        return second.convolution(second.norm.rectified(conv1(h)))
    }
}

/// norm-ReLU-1×1-pooling: `[N, C, H, W]` → `[N, compressed C, H / stride, W / stride]`.
private struct DenseTransition {
    let children: [(name: String, module: Module)]
    private let norm: any NormLayer
    private let convolution: any UnaryLayer
    private let pool: (any UnaryLayer)?

    /// The transition of these layers; nil for none.
    init?(_ planned: [PlannedLayer]) {
        guard planned.count >= 2 else { return nil }
        let layers = planned.map { (name: $0.name, layer: $0.makeModule()) }
        guard let norm = layers[0].layer as? any NormLayer else {
            preconditionFailure("\(planned[0].name) was planned as something that is no norm")
        }
        children = layers.map { ($0.name, $0.layer) }
        self.norm = norm
        convolution = layers[1].layer
        pool = layers.count > 2 ? layers[2].layer : nil
    }

    /// A mean of positions and a 1×1, both linear, may change places: after the pooling, the convolution has a quarter of the
    /// positions that the plan, as published, counts.
    func callAsFunction(_ x: Tensor) -> Tensor {
        let h = norm.rectified(x)
        return convolution(pool?(h) ?? h)
    }
}
