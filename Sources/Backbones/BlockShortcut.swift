import Architectures
import NN
import Tensors

/// The shortcut h of a block: what is added to F.
struct BlockShortcut {
    /// The norm named `rg`: a group norm in RG and its ablations, a batch norm in RBS.
    let norm: (any NormLayer)?
    private let kind: Shortcut
    private let isStart: Bool
    /// The projection, where a Start changes the shape of x.
    private let projection: BlockProjection?
    /// The weights of a dense shortcut, a row for each earlier block.
    private let weights: TermWeights?
    private let groups: Int
    private let block: String

    init(_ planned: PlannedBlock, of architecture: BackboneArchitecture, _ layers: BlockLayers) {
        kind = architecture.shortcut
        isStart = planned.position == .start
        norm = layers.norm("rg")
        projection = BlockProjection(planned.projection.compactMap { layers[$0.name] })
        weights = layers["ds"] as? TermWeights
        groups = architecture.shortcutGroups
        block = planned.name
    }

    /// h(x) in one addend or several, none in a plain network.
    ///
    /// - Parameters:
    ///   - flow: what the blocks before left; x is its `x`.
    ///   - isRectified: whether no value of x is below 0.
    ///   - y: what a projection takes: x, or in the pre-activation order a.
    func callAsFunction(_ flow: StageFlow, isRectified: Bool, projecting y: Tensor) -> [SumTerm] {
        let x = flow.x
        guard !isStart else {
            if kind == .none { return [] }
            return [projection?.term(y) ?? SumTerm(x.value)]
        }
        switch kind {
        case .none, .concatenation: return []
        case .identity, .rgb: return [SumTerm(x.value)]
        case .rg, .rbs: return [rectifiedTerm(x, isRectified: isRectified)]
        case .identityAndRG:
            var rg = rectifiedTerm(x, isRectified: isRectified)
            guard isRectified else { return [rg, SumTerm(x.value)] }
            // One addend, as the norm's x is x itself.
            rg.isPlain = true
            return [rg]
        case .gs:
            let source = flow.beforeReLU ?? x
            return [BlockLayers.needed(norm, in: block).term(source.value, moments: source.moments)]
        case .dense(_, let normalization, _):
            return flow.terms.enumerated().map {
                normalization.term($1, weight: weights?.row($0), groups: groups)
            }
        case .denseIdentity: return flow.terms.map { SumTerm($0.value) }
        }
    }

    /// The addend norm(ReLU(x)).
    private func rectifiedTerm(_ x: Measured, isRectified: Bool) -> SumTerm {
        let norm = BlockLayers.needed(norm, in: block)
        return isRectified ? norm.term(x.value, moments: x.moments) : norm.term(x.value.relu())
    }
}

extension DenseNormalization {
    /// One addend of a dense shortcut: w ⊙ N(x), or N(x) without a weight.
    ///
    /// - Parameters:
    ///   - x: the value of an earlier block, `[N, C, …]`.
    ///   - weight: `[C]`.
    ///   - groups: groups of a group norm.
    func term(_ x: Measured, weight: Tensor?, groups: Int) -> SumTerm {
        var term = SumTerm(x.value, weight: weight, moments: x.moments)
        switch self {
        case .group: term.norm = .group(groups)
        case .layer: term.norm = .group(1)
        case .instance: term.norm = .group(x.value.shape[1])
        case .batch: term.norm = .batch(runningMean: nil, runningVariance: nil, momentum: 0)
        case .none: break
        }
        return term
    }
}

/// The projection of a Start: a pooling, if there is one, a 1×1 convolution, and except in the pre-activation order the
/// norm behind it.
struct BlockProjection {
    private let layers: [any UnaryLayer]
    private let folded: FoldedConvolution?

    /// The projection of these layers; nil for none.
    init?(_ layers: [any UnaryLayer]) {
        guard !layers.isEmpty else { return nil }
        self.layers = layers
        folded = FoldedConvolution(layers.dropLast().last, layers.last as? any NormLayer)
    }

    /// The projection of x as an addend, whose norm is left to the sum; in inference, the norm is the convolution's.
    func term(_ x: Tensor) -> SumTerm {
        if let folded, folded.applies(to: x) { return SumTerm(folded(Self.run(layers.dropLast(2), x))) }
        guard let norm = layers.last as? any NormLayer else { return SumTerm(Self.run(layers[...], x)) }
        return norm.term(Self.run(layers.dropLast(), x))
    }

    private static func run(_ layers: ArraySlice<any UnaryLayer>, _ x: Tensor) -> Tensor {
        layers.reduce(x) { $1($0) }
    }
}
