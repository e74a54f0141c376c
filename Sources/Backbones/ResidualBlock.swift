import NN
import Recipes
import Tensors

/// What flows from block to block within a stage.
struct StageFlow {
    /// The output of the last block, `[N, C, …]`.
    var x: Tensor
    /// The same before its last ReLU, where a shortcut asks for it.
    var beforeReLU: Tensor?
    /// What the dense shortcuts of later blocks sum: each earlier block's value, normalised.
    var terms: [Tensor] = []
}

/// One block of any recipe: F(x) + h(x) in the recipe's order.
///
/// Glossary: x the block's input, `[N, C, H, W]` or `[N, C, T, H, W]`; u the rectified output of the first 1×1; v what
/// goes into the last 1×1. Rectifiers and additions work in place on values that no backward pass needs: the outputs
/// of norms, convolutions and additions.
final class ResidualBlock: Module {
    let planned: PlannedBlock
    let recipe: BackboneRecipe
    private let layers: [(name: String, layer: any UnaryLayer)]

    private let conv1: (any UnaryLayer)?
    private let conv2: (any UnaryLayer)?
    private let conv3: (any UnaryLayer)?
    private let bn0: (any UnaryLayer)?
    private let bn1: (any UnaryLayer)?
    private let bn2: (any UnaryLayer)?
    private let bn3: (any UnaryLayer)?
    private let splits: [(convolution: any UnaryLayer, norm: any UnaryLayer)]
    private let projection: [any UnaryLayer]
    private let rg: (any UnaryLayer)?
    private let ds: TermWeights?
    private let innerRG: (any UnaryLayer)?
    private let innerWeights: TermWeights?
    private let gn1: (any UnaryLayer)?
    private let gn2: (any UnaryLayer)?
    private let squeezeExcitation: SqueezeExcitation?
    private let cbam: CBAM?
    private let folded1: FoldedConvolution?
    private let folded2: FoldedConvolution?
    private let folded3: FoldedConvolution?
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
        bn0 = byName["bn0"]
        bn1 = byName["bn1"]
        bn2 = byName["bn2"]
        bn3 = byName["bn3"]
        splits = layers.indices.compactMap { index in
            guard let convolution = byName["convs.\(index)"], let norm = byName["bns.\(index)"] else { return nil }
            return (convolution, norm)
        }
        projection = planned.projection.compactMap { byName[$0.name] }
        rg = byName["rg"]
        ds = byName["ds"] as? TermWeights
        innerRG = byName["rg_inner"]
        innerWeights = byName["ds_inner"] as? TermWeights
        gn1 = byName["gn1"]
        gn2 = byName["gn2"]
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
        foldedProjection = FoldedConvolution(projection.dropLast().last, projection.last)
    }

    /// In the plan's order.
    override func children() -> [(name: String, module: Module)] {
        layers.map { ($0.name, $0.layer) }
    }

    /// The norm behind F that the addition follows, if there is one.
    var normBeforeAddition: (any UnaryLayer)? {
        switch recipe.order {
        case .original: finalNorm
        case .staged: planned.position == .start ? finalNorm : nil
        case .preActivation: nil
        }
    }

    func callAsFunction(_ flow: inout StageFlow) {
        switch recipe.order {
        case .original: original(&flow)
        case .preActivation: preActivation(&flow)
        case .staged(let identity): staged(identity, &flow)
        }
    }

    /// out = ReLU(F(x) + h(x)).
    private func original(_ flow: inout StageFlow) {
        if let output = fusedOriginal(flow.x) { return leave(output, output, in: &flow) }
        let residual = attend(normalize(branch(flow.x)))
        var sum = join(residual, flow, isRectified: true, projecting: flow.x)
        if recipe.shortcut == .gs {
            flow.beforeReLU = sum
            sum = sum.relu()
        } else {
            sum.reluInPlace()
        }
        if recipe.shortcut == .rgb, let rg { sum = rg(sum) }
        leave(sum, residual, in: &flow)
    }

    /// The same with norms, addition and ReLU in the convolutions' own passes; nil where something stands between them, or
    /// a gradient is wanted.
    private func fusedOriginal(_ x: Tensor) -> Tensor? {
        let isPlain = squeezeExcitation == nil && cbam == nil && gn1 == nil && gn2 == nil && !keepsResiduals
        let isStart = planned.position == .start
        // What follows the addition in these depends on the sum before its ReLU, or is one more norm.
        let isMore = recipe.shortcut == .gs || recipe.shortcut == .rgb
        guard isPlain, !isMore, isStart || recipe.shortcut == .identity || recipe.shortcut == .none,
            let last = conv3 == nil ? folded2 : folded3, last.applies(to: x)
        else { return nil }
        let h = conv3 == nil ? convolve(folded1, conv1, bn1, x) : middle(convolve(folded1, conv1, bn1, x))
        guard recipe.shortcut != .none else { return last(h, activation: .relu) }
        return last(h, adding: isStart ? project(x) : x, activation: .relu)
    }

    /// The projection of a Start, without a gradient in one pass.
    private func project(_ x: Tensor) -> Tensor {
        guard let foldedProjection, foldedProjection.applies(to: x) else { return projection.reduce(x) { $1($0) } }
        return foldedProjection(projection.dropLast(2).reduce(x) { $1($0) })
    }

    /// ReLU(norm(convolution(x))), without a gradient in one pass.
    private func convolve(
        _ folded: FoldedConvolution?, _ convolution: (any UnaryLayer)?, _ norm: (any UnaryLayer)?, _ x: Tensor
    ) -> Tensor {
        if let folded, folded.applies(to: x) { return folded(x, activation: .relu) }
        return rectify(norm, apply(convolution, x))
    }

    /// a = ReLU(BN(x)); out = F(a) + h(x), where a projection takes a.
    private func preActivation(_ flow: inout StageFlow) {
        let a = rectify(bn1, flow.x)
        var h = rectify(bn2, apply(conv1, a))
        h = apply(conv2, h)
        if let conv3 { h = conv3(rectify(bn3, h)) }
        let residual = attend(h)
        leave(join(residual, flow, isRectified: false, projecting: a), residual, in: &flow)
    }

    /// Start, Middle and End of a stage. That the block after Start has a rectified identity is done at Start's end.
    private func staged(_ identity: StagedIdentity, _ flow: inout StageFlow) {
        let x = flow.x
        let isRectified = planned.index == 1 && identity == .rectified
        let residual: Tensor
        if planned.position == .start {
            residual = attend(normalize(branch(x)))
        } else if let bn0 {
            residual = attend(branch(rectify(bn0, x)))
        } else {
            residual = attend(branch(isRectified ? x : x.relu()))
        }
        var sum = join(residual, flow, isRectified: isRectified, projecting: x)
        switch planned.position {
        case .start: if identity == .rectified { sum.reluInPlace() }
        case .middle: break
        case .end: sum = rectify(finalNorm, sum)
        }
        leave(sum, residual, in: &flow)
    }

    /// F without its last norm: conv-BN-ReLU-conv(-BN-ReLU-conv).
    private func branch(_ x: Tensor) -> Tensor {
        var u = convolve(folded1, conv1, bn1, x)
        if let gn1 { u = gn1(u) }
        guard let conv3 else { return apply(conv2, u) }
        return conv3(middle(u))
    }

    /// From behind the first 1×1 to the last: u to v, rectified.
    private func middle(_ u: Tensor) -> Tensor {
        if splits.isEmpty, innerRG == nil, innerWeights == nil, gn2 == nil {
            return convolve(folded2, conv2, bn2, u)
        }
        var v = splits.isEmpty ? apply(bn2, apply(conv2, u)) : splitMiddle(u)
        if let innerRG { v.addInPlace(innerRG(gn1 == nil ? u : u.relu())) }
        if let innerWeights, case .weighted(let normalization) = recipe.innerShortcut {
            v.addInPlace(innerWeights(normalizeTerm(u, normalization)))
        }
        v.reluInPlace()
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
            outputs.append(rectify(split.norm, split.convolution(piece)))
        }
        let last = u.narrow(dim: 1, start: splits.count * width, length: width)
        let window = planned.stride.map { _ in 3 }
        outputs.append(
            isStart
                ? F.avgPool(last, kernelSize: window, stride: planned.stride, padding: window.map { $0 / 2 }) : last)
        return Tensor.cat(outputs, dim: 1)
    }

    /// F(x) + h(x). Adds in place, but for residuals that a later dense shortcut sums.
    private func join(_ residual: Tensor, _ flow: StageFlow, isRectified: Bool, projecting y: Tensor) -> Tensor {
        var sum = residual
        var isOwn = !keepsResiduals
        func add(_ term: Tensor) {
            if isOwn { sum.addInPlace(term) } else { sum = sum + term }
            isOwn = true
        }
        if planned.position == .start {
            if recipe.shortcut != .none { add(projection.isEmpty ? flow.x : project(y)) }
            return sum
        }
        switch recipe.shortcut {
        case .none, .concatenation: break
        case .identity, .rgb: add(flow.x)
        case .rg, .rbs: add(apply(rg, isRectified ? flow.x : flow.x.relu()))
        case .identityAndRG:
            add(apply(rg, isRectified ? flow.x : flow.x.relu()))
            add(flow.x)
        case .gs: add(apply(rg, flow.beforeReLU ?? flow.x))
        case .dense, .denseIdentity:
            for (index, term) in flow.terms.enumerated() { add(ds?.apply(to: term, term: index) ?? term) }
        }
        return sum
    }

    private var keepsResiduals: Bool {
        if case .dense(.residuals, _, _) = recipe.shortcut { return true }
        return false
    }

    /// Hands the output, and what later blocks need, on.
    private func leave(_ output: Tensor, _ residual: Tensor, in flow: inout StageFlow) {
        flow.x = output
        guard planned.position != .end else { return }
        switch recipe.shortcut {
        case .dense(let source, let normalization, _):
            let value = source == .aggregates || planned.position == .start ? output : residual
            flow.terms.append(normalizeTerm(value, normalization))
        case .denseIdentity: flow.terms.append(output)
        default: break
        }
    }

    /// N of the dense shortcuts.
    private func normalizeTerm(_ x: Tensor, _ normalization: DenseNormalization) -> Tensor {
        switch normalization {
        case .group: F.groupNorm(x, groups: recipe.shortcutGroups)
        case .layer: F.groupNorm(x, groups: 1)
        case .instance: F.groupNorm(x, groups: x.shape[1])
        case .batch: F.batchNorm(x, weight: nil, bias: nil, runningMean: nil, runningVariance: nil, training: true)
        case .none: x
        }
    }

    private var finalNorm: (any UnaryLayer)? { recipe.branch.hasMiddle ? bn3 : bn2 }

    private func normalize(_ h: Tensor) -> Tensor { apply(finalNorm, h) }

    private func attend(_ h: Tensor) -> Tensor {
        if let squeezeExcitation { return squeezeExcitation(h) }
        if let cbam { return cbam(h) }
        return h
    }

    /// ReLU of a layer's output, in place.
    private func rectify(_ layer: (any UnaryLayer)?, _ x: Tensor) -> Tensor {
        let h = apply(layer, x)
        h.reluInPlace()
        return h
    }

    private func apply(_ layer: (any UnaryLayer)?, _ x: Tensor) -> Tensor {
        guard let layer else { preconditionFailure("\(planned.name) was planned without a layer that its order needs") }
        return layer(x)
    }
}
