import NN
import Tensors

/// A convolution with the norm behind it, if there is one.
struct NormedConvolution {
    let convolution: any UnaryLayer
    let norm: (any NormLayer)?
    private let folded: FoldedConvolution?

    /// A convolution and the norm behind it.
    ///
    /// - Parameters:
    ///   - convolution: the convolution.
    ///   - norm: the norm behind it, if there is one.
    ///   - folds: whether inference makes one operation of the two.
    init(_ convolution: any UnaryLayer, _ norm: (any NormLayer)?, folds: Bool = true) {
        self.convolution = convolution
        self.norm = norm
        folded = folds ? FoldedConvolution(convolution, norm) : nil
    }

    /// norm(convolution(x)) as an addend, whose norm is left to the sum.
    func term(_ x: Tensor) -> SumTerm {
        guard norm != nil else { return SumTerm(convolution(x)) }
        if let folded, folded.applies(to: x) { return SumTerm(folded(x)) }
        return unfoldedTerm(x)
    }

    /// The addend by the two layers as they are.
    func unfoldedTerm(_ x: Tensor) -> SumTerm {
        let y = convolution(x)
        return norm?.term(y) ?? SumTerm(y)
    }

    /// ReLU(norm(convolution(x))); in inference, one pass.
    func rectified(_ x: Tensor, wantsMoments: Bool = false) -> Measured {
        if let folded, folded.applies(to: x) { return Measured(value: folded(x, activation: .relu)) }
        return Measured(sumOf: [unfoldedTerm(x)], rectified: true, wantsMoments: wantsMoments)
    }

    /// Whether ``fused(_:adding:rectified:)`` may be asked for this input: no gradient is wanted, and the norm goes by
    /// its running statistics.
    func isFused(on x: Tensor) -> Bool { folded?.applies(to: x) ?? false }

    /// norm(convolution(x)) + addend, and ReLU of that, in the convolution's pass.
    func fused(_ x: Tensor, adding addend: Tensor?, rectified: Bool) -> Tensor {
        guard let folded else { preconditionFailure("fused: a convolution that isn't folded") }
        return folded(x, adding: addend, activation: rectified ? .relu : .none)
    }
}

extension SumTerm {
    /// Whether the addend is a tensor as it is, without norm, weight or bias.
    var isTensor: Bool {
        guard case .none = norm else { return false }
        return weight == nil && bias == nil
    }
}
