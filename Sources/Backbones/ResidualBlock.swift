import Architectures
import NN
import Tensors

/// One block of a stage, out = F(x) + h(x): what stands around the two, and where, is its order, and each order is one
/// function below.
///
/// F is ``BlockBranch``, h is ``BlockShortcut``. Glossary: x the block's input, `[N, C, H, W]` or `[N, C, T, H, W]`; a what
/// goes into F; v what F's last convolution takes. That convolution and the norms in front of an addition are parts of the
/// addition: ``add(_:_:to:rectified:)`` computes them with it, in as few passes as it can.
final class ResidualBlock: Module {
    let planned: PlannedBlock
    let architecture: BackboneArchitecture
    private let layers: BlockLayers
    private let branch: BlockBranch
    private let shortcut: BlockShortcut
    private let attention: (any BlockAttention)?
    /// The norm in front of F: bn1 in the pre-activation order, bn0 in the staged one where a block has it.
    private let firstNorm: (any NormLayer)?
    /// The norm behind the addition that ends a stage of the staged order.
    private let endNorm: (any NormLayer)?
    private let isFusible: Bool

    init(_ planned: PlannedBlock, of architecture: BackboneArchitecture) {
        self.planned = planned
        self.architecture = architecture
        layers = BlockLayers(planned.layers, of: planned.name)
        branch = BlockBranch(planned, of: architecture, layers)
        shortcut = BlockShortcut(planned, of: architecture, layers)
        attention = layers.attention
        firstNorm = layers.norm(architecture.order == .preActivation ? "bn1" : "bn0")
        if case .staged = architecture.order, planned.position == .end {
            endNorm = layers.norm(architecture.branch.hasMiddle ? "bn3" : "bn2")
        } else {
            endNorm = nil
        }
        isFusible = Self.isFusible(planned, architecture)
    }

    /// The layers by name, in the plan's order.
    override func children() -> [(name: String, module: Module)] { layers.all.map { ($0.name, $0.layer) } }

    /// The norm behind F that the addition follows, if there is one.
    var normBeforeAddition: (any NormLayer)? { branch.last.norm }

    /// Puts the block's output in the place of its input.
    func callAsFunction(_ flow: inout StageFlow) {
        let output =
            switch architecture.order {
            case .original: original(flow)
            case .preActivation: preActivation(flow)
            case .staged(let identity): staged(flow, identity)
            }
        flow.x = output.value
        flow.beforeReLU = output.beforeReLU
        guard planned.position != .end, architecture.shortcut.sumsEarlierBlocks else { return }
        flow.terms.append(output.residual.map { Measured(value: $0) } ?? output.value)
    }

    /// out = ReLU(F(x) + h(x)), where F ends in a norm (He et al., 2015, section 3.2).
    private func original(_ flow: StageFlow) -> BlockOutput {
        let x = flow.x.value
        let v = branch(x)
        let h = shortcut(flow, isRectified: true, projecting: x)
        switch architecture.shortcut {
        case .gs:
            var out = add(v, h, to: x)
            out.beforeReLU = out.value
            out.value = Measured(value: out.value.value.relu())
            return out
        case .rgb:
            var out = add(v, h, to: x, rectified: true)
            if let norm = shortcut.norm { out.value = Measured(value: norm(out.value.value)) }
            return out
        default: return add(v, h, to: x, rectified: true)
        }
    }

    /// a = ReLU(BN(x)), out = F(a) + h(x), where F ends in a convolution and a projection takes a (He et al., 2016, figure
    /// 1b).
    private func preActivation(_ flow: StageFlow) -> BlockOutput {
        let x = flow.x
        let a = BlockLayers.needed(firstNorm, in: planned.name).rectified(x.value, moments: x.moments)
        let v = branch(a)
        let h = shortcut(flow, isRectified: false, projecting: a)
        return add(v, h, to: x.value)
    }

    /// A stage from Start to End (Duta et al., 2020, section 3.1):
    ///
    /// - Start: out = F(x) + h(x), where F ends in a norm.
    /// - Middle: out = F(a) + h(x), a = ReLU(BN(x)), where F ends in a convolution. Right after Start, whose output is a
    ///   sum of norms, a = ReLU(x).
    /// - End: as Middle, then out = ReLU(BN(out)).
    ///
    /// Where the identity is `.rectified`, Start leaves ReLU(out), so that h of the block after it has that, too.
    private func staged(_ flow: StageFlow, _ identity: StagedIdentity) -> BlockOutput {
        let x = flow.x
        let isStart = planned.position == .start
        let isRectified = planned.index == 1 && identity == .rectified
        let a =
            isStart || isRectified
            ? x.value : firstNorm?.rectified(x.value, moments: x.moments) ?? x.value.relu()
        let v = branch(a)
        let h = shortcut(flow, isRectified: isRectified, projecting: x.value)
        var out = add(v, h, to: x.value, rectified: isStart && identity == .rectified)
        if planned.position == .end {
            let norm = BlockLayers.needed(endNorm, in: planned.name)
            out.value = Measured(value: norm.rectified(out.value.value, moments: out.value.moments))
        }
        return out
    }

    /// The last convolution of F on v, its norm and attention, plus h, and the ReLU of that.
    ///
    /// Without a gradient, and where h is one tensor, this is the convolution's own pass. Else the convolution, then one
    /// pass over all addends.
    private func add(_ v: Tensor, _ h: [SumTerm], to x: Tensor, rectified: Bool = false) -> BlockOutput {
        // A convolution without a norm doesn't know that it is trained, and what it gives must not depend on whether its
        // activations are kept.
        if isFusible, branch.last.norm != nil || !isTraining, branch.last.isFused(on: x), branch.last.isFused(on: v),
            h.allSatisfy(\.isTensor)
        {
            return BlockOutput(value: Measured(value: branch.last.fused(v, adding: h.first?.x, rectified: rectified)))
        }
        var residual = branch.last.term(v)
        let isKept = architecture.shortcut.sumsResiduals
        if attention != nil || isKept {
            let value = F.normalizedSum([residual])
            residual = SumTerm(attention.map { $0(value) } ?? value)
        }
        return BlockOutput(
            value: Measured(sumOf: [residual] + h, rectified: rectified, wantsMoments: sumIsMeasured),
            residual: isKept && planned.position != .start ? residual.x : nil)
    }

    /// Whether the last convolution of F may add h(x): h is one tensor, or nothing, and no one asks for F(x) alone or for
    /// the sum before a ReLU.
    private static func isFusible(_ planned: PlannedBlock, _ architecture: BackboneArchitecture) -> Bool {
        guard architecture.attention == .none else { return false }
        guard architecture.order == .original else {
            return architecture.shortcut == .identity && planned.position != .start
        }
        guard !architecture.innerGroupNorm else { return false }
        switch architecture.shortcut {
        case .none, .identity: return true
        case .gs, .rgb, .concatenation: return false
        case .rg, .identityAndRG, .rbs, .dense, .denseIdentity:
            return planned.position == .start && !architecture.shortcut.sumsResiduals
        }
    }

    /// Whether a norm reads the sum next, by statistics of its own.
    private var sumIsMeasured: Bool {
        guard architecture.order == .original else { return isTraining }
        guard planned.position != .end else { return false }
        switch architecture.shortcut {
        case .rg, .identityAndRG: return true
        case .rbs, .gs: return isTraining
        case .dense(let source, let normalization, _):
            return normalization != .none && (source == .aggregates || planned.position == .start)
        case .none, .identity, .rgb, .denseIdentity, .concatenation: return false
        }
    }
}
