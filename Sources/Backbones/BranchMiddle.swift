import Architectures
import NN
import Tensors

/// The 3×3 of a bottleneck, and what is added around it: u to v = ReLU(BN(conv(u)) + inner h(u)).
struct BranchMiddle {
    /// The 3×3; nil in a Res2Net, which has `splits` in its place.
    let convolution: NormedConvolution?
    let splits: Res2NetSplits?
    let shortcut: InnerBlockShortcut?
    let gn2: (any NormLayer)?

    /// v of u, `[N, C, …]` → the same shape, or a smaller one where the 3×3 strides.
    ///
    /// - Parameters:
    ///   - u: the 3×3's input.
    ///   - isRectified: whether no value of u is below 0.
    func callAsFunction(_ u: Measured, isRectified: Bool) -> Tensor {
        let v: Tensor
        if let convolution {
            if let shortcut {
                let terms = [convolution.unfoldedTerm(u.value), shortcut.term(u, isRectified: isRectified)]
                v = F.normalizedSum(terms, rectified: true)
            } else {
                v = convolution.rectified(u.value).value
            }
        } else {
            var terms = splits.map { [SumTerm($0(u.value))] } ?? []
            if let shortcut { terms.append(shortcut.term(u, isRectified: isRectified)) }
            v = F.normalizedSum(terms, rectified: true)
        }
        return gn2?(v) ?? v
    }
}

/// What is added around the 3×3: GN(ReLU(u)) of d-RGSNet, or w ⊙ N(u) of DS2Net.
enum InnerBlockShortcut {
    case rg(any NormLayer)
    case weighted(TermWeights, DenseNormalization, groups: Int)

    /// The inner shortcut of a block; nil where it has none, as where its 3×3 strides.
    init?(_ architecture: BackboneArchitecture, _ layers: BlockLayers) {
        if let norm = layers.norm("rg_inner") {
            self = .rg(norm)
        } else if let weights = layers["ds_inner"] as? TermWeights,
            case .weighted(let normalization) = architecture.innerShortcut
        {
            self = .weighted(weights, normalization, groups: architecture.shortcutGroups)
        } else {
            return nil
        }
    }

    /// Whether the shortcut normalises u by statistics of its own.
    var readsMoments: Bool {
        switch self {
        case .rg: true
        case .weighted(_, let normalization, _): normalization != .none
        }
    }

    func term(_ u: Measured, isRectified: Bool) -> SumTerm {
        switch self {
        case .rg(let norm):
            isRectified ? norm.term(u.value, moments: u.moments) : norm.term(u.value.relu())
        case .weighted(let weights, let normalization, let groups):
            normalization.term(u, weight: weights.row(0), groups: groups)
        }
    }
}

/// Res2Net's 3×3s, one for each split but the last: each takes its split together with what came out of the one before, and
/// the last split is left as it is. In a Start the splits stand alone, and the last one is pooled (Gao et al., 2019, section 3).
struct Res2NetSplits {
    private let splits: [(convolution: any UnaryLayer, norm: any NormLayer)]
    private let width: Int
    private let stride: [Int]
    private let isStart: Bool

    /// The splits of a block; nil where it has none.
    init?(_ planned: PlannedBlock, _ layers: BlockLayers) {
        splits = layers.all.indices.compactMap { index in
            guard let convolution = layers["convs.\(index)"], let norm = layers.norm("bns.\(index)") else { return nil }
            return (convolution, norm)
        }
        guard !splits.isEmpty else { return nil }
        width = planned.middle / (splits.count + 1)
        stride = planned.stride
        isStart = planned.position == .start
    }

    /// u to its splits' outputs, one behind the other along the channels.
    func callAsFunction(_ u: Tensor) -> Tensor {
        var outputs: [Tensor] = []
        for (index, split) in splits.enumerated() {
            var piece = u.narrow(dim: 1, start: index * width, length: width)
            if !isStart, let last = outputs.last { piece = piece + last }
            outputs.append(split.norm.rectified(split.convolution(piece)))
        }
        let last = u.narrow(dim: 1, start: splits.count * width, length: width)
        outputs.append(isStart ? pooled(last) : last)
        return Tensor.cat(outputs, dim: 1)
    }

    /// The means of windows of three positions along each axis.
    private func pooled(_ x: Tensor) -> Tensor {
        let window = stride.map { _ in 3 }
        // libtorch takes no clip that is smaller than the window, whatever its padding.
        let isPadded = window.count == 3 && x.shape.dropFirst(2).contains { $0 < 3 }
        return F.avgPool(
            isPadded ? F.pad(x, window.flatMap { _ in [1, 1] }) : x, kernelSize: window, stride: stride,
            padding: window.map { _ in isPadded ? 0 : 1 })
    }
}
