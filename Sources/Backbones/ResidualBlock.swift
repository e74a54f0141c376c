import NN
import Recipes
import Tensors

/// A value, with what the sum that made it said of its means and variances.
struct Measured {
    var value: Tensor
    var moments: Tensor?
}

/// What flows from block to block within a stage.
struct StageFlow {
    /// The output of the last block, `[N, C, …]`.
    var x: Measured
    /// The same before its last ReLU, where a shortcut asks for it.
    var beforeReLU: Measured?
    /// What the dense shortcuts of later blocks sum: each earlier block's value.
    var terms: [Measured] = []
}

/// One block of any recipe: F(x) + h(x) in the recipe's order.
///
/// Glossary: x the block's input, `[N, C, H, W]` or `[N, C, T, H, W]`; u the rectified output of the first 1×1; v what
/// goes into the last 1×1. Everything between two convolutions is one ``F/normalizedSum(_:rectified:)``: norms are never
/// computed by themselves where something is added to them or rectifies them.
final class ResidualBlock: Module {
    let planned: PlannedBlock
    let recipe: BackboneRecipe
    private let layers: [(name: String, layer: any UnaryLayer)]

    private let conv1: (any UnaryLayer)?
    private let conv2: (any UnaryLayer)?
    private let conv3: (any UnaryLayer)?
    private let bn0: (any NormLayer)?
    private let bn1: (any NormLayer)?
    private let bn2: (any NormLayer)?
    private let bn3: (any NormLayer)?
    private let splits: [(convolution: any UnaryLayer, norm: any NormLayer)]
    private let projection: [any UnaryLayer]
    private let rg: (any NormLayer)?
    private let ds: TermWeights?
    private let innerRG: (any NormLayer)?
    private let innerWeights: TermWeights?
    private let gn1: (any NormLayer)?
    private let gn2: (any NormLayer)?
    private let squeezeExcitation: SqueezeExcitation?
    private let cbam: CBAM?
    private let folded1: FoldedConvolution?
    private let folded2: FoldedConvolution?
    private let folded3: FoldedConvolution?
    /// The last convolution of F without a norm: in the orders that have none between it and the addition.
    private let bareLast: FoldedConvolution?
    private let foldedProjection: FoldedConvolution?

    init(_ planned: PlannedBlock, of recipe: BackboneRecipe) {
        self.planned = planned
        self.recipe = recipe
        let layers = planned.layers.map { (name: $0.name, layer: $0.makeModule()) }
        let byName = Dictionary(uniqueKeysWithValues: layers.map { ($0.name, $0.layer) })
        self.layers = layers
        conv1 = byName["conv1"]
        conv2 = byName["conv2"]
        conv3 = byName["conv3"]
        bn0 = byName["bn0"] as? any NormLayer
        bn1 = byName["bn1"] as? any NormLayer
        bn2 = byName["bn2"] as? any NormLayer
        bn3 = byName["bn3"] as? any NormLayer
        splits = layers.indices.compactMap { index in
            guard let convolution = byName["convs.\(index)"], let norm = byName["bns.\(index)"] as? any NormLayer else {
                return nil
            }
            return (convolution, norm)
        }
        projection = planned.projection.compactMap { byName[$0.name] }
        rg = byName["rg"] as? any NormLayer
        ds = byName["ds"] as? TermWeights
        innerRG = byName["rg_inner"] as? any NormLayer
        innerWeights = byName["ds_inner"] as? TermWeights
        gn1 = byName["gn1"] as? any NormLayer
        gn2 = byName["gn2"] as? any NormLayer
        if let fc1 = byName["se.fc1"], let fc2 = byName["se.fc2"] {
            squeezeExcitation = SqueezeExcitation(fc1: fc1, fc2: fc2)
        } else {
            squeezeExcitation = nil
        }
        if let fc1 = byName["cbam.fc1"], let fc2 = byName["cbam.fc2"], let conv = byName["cbam.conv"],
            let bn = byName["cbam.bn"]
        {
            cbam = CBAM(fc1: fc1, fc2: fc2, conv: conv, bn: bn)
        } else {
            cbam = nil
        }
        // In the pre-activation order norms stand in front of their convolutions.
        let isFoldable = recipe.order != .preActivation
        folded1 = isFoldable ? FoldedConvolution(conv1, bn1) : nil
        folded2 = isFoldable ? FoldedConvolution(conv2, bn2) : nil
        folded3 = isFoldable ? FoldedConvolution(conv3, bn3) : nil
        let isBeforeAddition =
            switch recipe.order {
            case .original: true
            case .staged: planned.position == .start
            case .preActivation: false
            }
        bareLast = isBeforeAddition ? nil : FoldedConvolution(conv3 ?? conv2, nil)
        foldedProjection = FoldedConvolution(projection.dropLast().last, projection.last as? any NormLayer)
    }

    /// In the plan's order.
    override func children() -> [(name: String, module: Module)] {
        layers.map { ($0.name, $0.layer) }
    }

    /// The norm behind F that the addition follows, if there is one.
    var normBeforeAddition: (any NormLayer)? { bareLast == nil ? finalNorm : nil }

    func callAsFunction(_ flow: inout StageFlow) {
        switch recipe.order {
        case .original: original(&flow)
        case .preActivation: preActivation(&flow)
        case .staged(let identity): staged(identity, &flow)
        }
    }

    /// out = ReLU(F(x) + h(x)).
    private func original(_ flow: inout StageFlow) {
        if let output = fusedOriginal(flow.x.value) {
            return leave(Measured(value: output), residual: nil, in: &flow)
        }
        let residual = residual(finalTerm(branch(flow.x)))
        let terms = [residual] + shortcutTerms(flow, isRectified: true, projecting: flow.x.value)
        var out: Measured
        if recipe.shortcut == .gs {
            let sum = sum(terms, wantsMoments: isTraining)
            flow.beforeReLU = sum
            out = Measured(value: sum.value.relu())
        } else {
            out = sum(terms, rectified: true, wantsMoments: wantsMomentsOfOutput)
        }
        if recipe.shortcut == .rgb, let rg { out = Measured(value: rg(out.value)) }
        leave(out, residual: residual, in: &flow)
    }

    /// The same with norms, addition and ReLU in the convolutions' own passes; nil where something stands between them, or
    /// a gradient is wanted.
    private func fusedOriginal(_ x: Tensor) -> Tensor? {
        let isPlain = !isAttended && gn1 == nil && gn2 == nil && !keepsResiduals
        let isStart = planned.position == .start
        // What follows the addition in these depends on the sum before its ReLU, or is one more norm.
        let isMore = recipe.shortcut == .gs || recipe.shortcut == .rgb
        guard isPlain, !isMore, isStart || recipe.shortcut == .identity || recipe.shortcut == .none,
            let last = conv3 == nil ? folded2 : folded3, last.applies(to: x)
        else { return nil }
        let v = branch(Measured(value: x))
        guard recipe.shortcut != .none else { return last(v, activation: .relu) }
        return last(v, adding: isStart ? project(x) : x, activation: .relu)
    }

    /// The projection of a Start; without a gradient in one pass.
    private func project(_ x: Tensor) -> Tensor {
        guard let foldedProjection, foldedProjection.applies(to: x) else { return projection.reduce(x) { $1($0) } }
        return foldedProjection(projection.dropLast(2).reduce(x) { $1($0) })
    }

    /// The same as an addend, whose norm is not computed by itself.
    private func projectionTerm(_ x: Tensor) -> SumTerm {
        let isFolded = foldedProjection?.applies(to: x) ?? false
        guard !isFolded, let norm = projection.last as? any NormLayer else { return SumTerm(project(x)) }
        return norm.term(projection.dropLast().reduce(x) { $1($0) })
    }

    /// ReLU(norm(convolution(x))), without a gradient in one pass.
    private func convolve(
        _ folded: FoldedConvolution?, _ convolution: (any UnaryLayer)?, _ norm: (any NormLayer)?, _ x: Tensor,
        wantsMoments: Bool = false
    ) -> Measured {
        if let folded, folded.applies(to: x) { return Measured(value: folded(x, activation: .relu)) }
        return sum([term(norm, apply(convolution, x))], rectified: true, wantsMoments: wantsMoments)
    }

    /// a = ReLU(BN(x)); out = F(a) + h(x), where a projection takes a.
    private func preActivation(_ flow: inout StageFlow) {
        let a = rectify(bn1, flow.x)
        var v = rectify(bn2, Measured(value: apply(conv1, a)))
        if conv3 != nil { v = rectify(bn3, Measured(value: apply(conv2, v))) }
        let (out, residual) = addShortcut(
            to: v, flow, isRectified: false, projecting: a, rectifies: false)
        leave(out, residual: residual, in: &flow)
    }

    /// Start, Middle and End of a stage. That the block after Start has a rectified identity is done at Start's end.
    private func staged(_ identity: StagedIdentity, _ flow: inout StageFlow) {
        let isRectified = planned.index == 1 && identity == .rectified
        let v: Tensor
        if planned.position == .start {
            v = branch(flow.x)
        } else if bn0 != nil {
            v = branch(Measured(value: rectify(bn0, flow.x)))
        } else {
            v = branch(isRectified ? flow.x : Measured(value: flow.x.value.relu()))
        }
        let rectifies = planned.position == .start && identity == .rectified
        var (out, residual) = addShortcut(
            to: v, flow, isRectified: isRectified, projecting: flow.x.value, rectifies: rectifies)
        if planned.position == .end { out = Measured(value: rectify(finalNorm, out)) }
        leave(out, residual: residual, in: &flow)
    }

    /// The last convolution of `v` and its norm, if it has one, with what is added to it; without a gradient, and with
    /// one addend, in the convolution's own pass.
    private func addShortcut(
        to v: Tensor, _ flow: StageFlow, isRectified: Bool, projecting y: Tensor, rectifies: Bool
    ) -> (out: Measured, residual: SumTerm?) {
        let isOneAddend = planned.position != .start && recipe.shortcut == .identity && !isAttended
        if isOneAddend, !isTraining, let bareLast, bareLast.applies(to: v) {
            let out = bareLast(v, adding: flow.x.value, activation: rectifies ? .relu : .none)
            return (Measured(value: out), nil)
        }
        let residual = residual(bareLast == nil ? finalTerm(v) : SumTerm(apply(conv3 ?? conv2, v)))
        let terms = [residual] + shortcutTerms(flow, isRectified: isRectified, projecting: y)
        return (sum(terms, rectified: rectifies, wantsMoments: isTraining), residual)
    }

    /// F up to what goes into its last convolution: conv-BN-ReLU(-conv-BN-ReLU).
    private func branch(_ x: Measured) -> Tensor {
        var u = convolve(folded1, conv1, bn1, x.value, wantsMoments: wantsMomentsOfMiddle)
        if let gn1 { u = Measured(value: gn1(u.value)) }
        return conv3 == nil ? u.value : middle(u)
    }

    /// From behind the first 1×1 to the last: u to v, rectified.
    private func middle(_ u: Measured) -> Tensor {
        var v: Tensor
        if splits.isEmpty, innerRG == nil, innerWeights == nil {
            v = convolve(folded2, conv2, bn2, u.value).value
        } else {
            var terms = [splits.isEmpty ? term(bn2, apply(conv2, u.value)) : SumTerm(splitMiddle(u.value))]
            if let innerRG {
                let isRectified = gn1 == nil
                terms.append(
                    innerRG.term(isRectified ? u.value : u.value.relu(), moments: isRectified ? u.moments : nil))
            }
            if let innerWeights, case .weighted(let normalization) = recipe.innerShortcut {
                terms.append(normalized(u, normalization, weights: innerWeights, index: 0))
            }
            v = F.normalizedSum(terms, rectified: true)
        }
        if let gn2 { v = gn2(v) }
        return v
    }

    /// Res2Net's middle: each split is convolved together with what came out of the one before, the last is left as it
    /// is; in a Start the splits stand alone and the last one is pooled (Gao et al., 2019, section 3).
    private func splitMiddle(_ u: Tensor) -> Tensor {
        let width = planned.middle / (splits.count + 1)
        let isStart = planned.position == .start
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

    /// Means of windows of three.
    private func pooled(_ x: Tensor) -> Tensor {
        let window = planned.stride.map { _ in 3 }
        // libtorch takes no clip that is smaller than the window, whatever its padding.
        let isPadded = window.count == 3 && x.shape.dropFirst(2).contains { $0 < 3 }
        return F.avgPool(
            isPadded ? F.pad(x, window.flatMap { _ in [1, 1] }) : x, kernelSize: window, stride: planned.stride,
            padding: window.map { _ in isPadded ? 0 : 1 })
    }

    /// What is added to the residual: h(x) in one addend or several.
    private func shortcutTerms(_ flow: StageFlow, isRectified: Bool, projecting y: Tensor) -> [SumTerm] {
        let x = flow.x
        if planned.position == .start {
            if recipe.shortcut == .none { return [] }
            return [projection.isEmpty ? SumTerm(x.value) : projectionTerm(y)]
        }
        var rectified: SumTerm {
            term(rg, isRectified ? x.value : x.value.relu(), moments: isRectified ? x.moments : nil)
        }
        switch recipe.shortcut {
        case .none, .concatenation: return []
        case .identity, .rgb: return [SumTerm(x.value)]
        case .rg, .rbs: return [rectified]
        case .identityAndRG:
            var both = rectified
            guard isRectified else { return [both, SumTerm(x.value)] }
            both.isPlain = true
            return [both]
        case .gs:
            let source = flow.beforeReLU ?? x
            return [term(rg, source.value, moments: source.moments)]
        case .dense(_, let normalization, _):
            return flow.terms.enumerated().map { normalized($1, normalization, weights: ds, index: $0) }
        case .denseIdentity: return flow.terms.map { SumTerm($0.value) }
        }
    }

    /// F as one addend. Where something else works on it, or a later block sums it, it is computed first.
    private func residual(_ term: SumTerm) -> SumTerm {
        guard isAttended || keepsResiduals else { return term }
        return SumTerm(attend(F.normalizedSum([term])))
    }

    private var isAttended: Bool { squeezeExcitation != nil || cbam != nil }

    private var keepsResiduals: Bool {
        if case .dense(.residuals, _, _) = recipe.shortcut { return true }
        return false
    }

    /// Whether a norm reads the block's output as it is, and by its own statistics.
    private var wantsMomentsOfOutput: Bool {
        guard planned.position != .end else { return false }
        switch recipe.shortcut {
        case .rg, .identityAndRG: return true
        case .rbs: return isTraining
        case .dense(.aggregates, let normalization, _): return normalization != .none
        case .dense(.residuals, let normalization, _): return normalization != .none && planned.position == .start
        default: return false
        }
    }

    /// Likewise of u.
    private var wantsMomentsOfMiddle: Bool {
        guard gn1 == nil else { return false }
        if innerRG != nil { return true }
        if case .weighted(let normalization) = recipe.innerShortcut { return normalization != .none }
        return false
    }

    /// Hands the output, and what later blocks need, on.
    private func leave(_ output: Measured, residual: SumTerm?, in flow: inout StageFlow) {
        flow.x = output
        guard planned.position != .end else { return }
        switch recipe.shortcut {
        case .dense(let source, _, _):
            if source == .residuals, planned.position != .start, let residual {
                flow.terms.append(Measured(value: residual.x))
            } else {
                flow.terms.append(output)
            }
        case .denseIdentity: flow.terms.append(output)
        default: break
        }
    }

    /// One addend of a dense shortcut: w ⊙ N(x).
    private func normalized(
        _ x: Measured, _ normalization: DenseNormalization, weights: TermWeights?, index: Int
    ) -> SumTerm {
        var term = SumTerm(x.value, weight: weights?.row(index), moments: x.moments)
        switch normalization {
        case .group: term.norm = .group(recipe.shortcutGroups)
        case .layer: term.norm = .group(1)
        case .instance: term.norm = .group(x.value.shape[1])
        case .batch: term.norm = .batch(runningMean: nil, runningVariance: nil, momentum: 0)
        case .none: break
        }
        return term
    }

    private var finalNorm: (any NormLayer)? { recipe.branch.hasMiddle ? bn3 : bn2 }

    /// The last convolution of F and its norm.
    private func finalTerm(_ v: Tensor) -> SumTerm {
        let folded = conv3 == nil ? folded2 : folded3
        if let folded, folded.applies(to: v) { return SumTerm(folded(v)) }
        return term(finalNorm, apply(conv3 ?? conv2, v))
    }

    private func attend(_ h: Tensor) -> Tensor {
        if let squeezeExcitation { return squeezeExcitation(h) }
        if let cbam { return cbam(h) }
        return h
    }

    private func sum(_ terms: [SumTerm], rectified: Bool = false, wantsMoments: Bool) -> Measured {
        guard wantsMoments else { return Measured(value: F.normalizedSum(terms, rectified: rectified)) }
        let (sum, moments) = F.sumWithMoments(terms, rectified: rectified)
        return Measured(value: sum, moments: moments)
    }

    private func rectify(_ norm: (any NormLayer)?, _ x: Measured) -> Tensor {
        needed(norm).rectified(x.value, moments: x.moments)
    }

    private func term(_ norm: (any NormLayer)?, _ x: Tensor, moments: Tensor? = nil) -> SumTerm {
        needed(norm).term(x, moments: moments)
    }

    private func apply(_ layer: (any UnaryLayer)?, _ x: Tensor) -> Tensor {
        let layer = needed(layer)
        return layer(x)
    }

    private func needed<Layer>(_ layer: Layer?) -> Layer {
        guard let layer else { preconditionFailure("\(planned.name) was planned without a layer that its order needs") }
        return layer
    }
}
