import Architectures
import NN
import Tensors

/// F(x), the layers whose output a shortcut is added to.
extension ResidualBlock {
    /// F up to what goes into its last convolution: conv-BN-ReLU(-conv-BN-ReLU).
    func branch(_ x: Measured) -> Tensor {
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
            if let innerWeights, case .weighted(let normalization) = architecture.innerShortcut {
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

    /// ReLU(norm(convolution(x))), without a gradient in one pass.
    private func convolve(
        _ folded: FoldedConvolution?, _ convolution: (any UnaryLayer)?, _ norm: (any NormLayer)?, _ x: Tensor,
        wantsMoments: Bool = false
    ) -> Measured {
        if let folded, folded.applies(to: x) { return Measured(value: folded(x, activation: .relu)) }
        return sum([term(norm, apply(convolution, x))], rectified: true, wantsMoments: wantsMoments)
    }

    /// The last convolution of F and its norm.
    func finalTerm(_ v: Tensor) -> SumTerm {
        let folded = conv3 == nil ? folded2 : folded3
        if let folded, folded.applies(to: v) { return SumTerm(folded(v)) }
        return term(finalNorm, apply(conv3 ?? conv2, v))
    }

    /// F as one addend. Where something else works on it, or a later block sums it, it is computed first.
    func residual(_ term: SumTerm) -> SumTerm {
        guard isAttended || keepsResiduals else { return term }
        return SumTerm(attend(F.normalizedSum([term])))
    }

    private func attend(_ h: Tensor) -> Tensor {
        if let squeezeExcitation { return squeezeExcitation(h) }
        if let cbam { return cbam(h) }
        return h
    }

    var isAttended: Bool { squeezeExcitation != nil || cbam != nil }

    var keepsResiduals: Bool {
        if case .dense(.residuals, _, _) = architecture.shortcut { return true }
        return false
    }

    /// Likewise of u.
    private var wantsMomentsOfMiddle: Bool {
        guard gn1 == nil else { return false }
        if innerRG != nil { return true }
        if case .weighted(let normalization) = architecture.innerShortcut { return normalization != .none }
        return false
    }
}
