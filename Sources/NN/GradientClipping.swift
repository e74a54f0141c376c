import Tensors

/// The norm of gradients is not a finite number.
public struct NonFiniteGradientError: Error, CustomStringConvertible {
    /// The norm, infinite or NaN.
    public let norm: Double
    /// The norm and what it means, in one line.
    public var description: String { "the gradients' norm is \(norm); some gradient is not a finite number" }
}

/// The Euclidean norm of the gradients of all `parameters` taken together; those without a gradient are passed over.
public func gradientNorm(_ parameters: [Parameter]) -> Double {
    OptimizerOps.gradientNorm(parameters.map(\.tensor))
}

/// Scales all gradients down by one factor, so that their common Euclidean norm is at most `maxNorm`
/// (`torch.nn.utils.clip_grad_norm_`): maxNorm / (norm + 1e-6), where that is below 1.
///
/// - Parameters:
///   - parameters: those whose gradients are scaled, in place.
///   - maxNorm: the greatest norm.
///   - errorIfNonFinite: whether a norm that is not finite throws. Otherwise such gradients are scaled like any other.
/// - Returns: the norm before.
/// - Throws: ``NonFiniteGradientError`` where the norm is not finite and `errorIfNonFinite` is true; the gradients stay
///   as they were.
@discardableResult
public func clipGradientNorm(
    _ parameters: [Parameter], maxNorm: Double, errorIfNonFinite: Bool
) throws -> Double {
    let norm = gradientNorm(parameters)
    if errorIfNonFinite && !norm.isFinite { throw NonFiniteGradientError(norm: norm) }
    scaleGradients(parameters, ofNorm: norm, to: maxNorm)
    return norm
}

/// Scales all gradients down by one factor, so that their common Euclidean norm is at most `maxNorm`, and returns the
/// norm before. Gradients that are not finite are scaled like any other.
@discardableResult
public func clipGradientNorm(_ parameters: [Parameter], maxNorm: Double) -> Double {
    let norm = gradientNorm(parameters)
    scaleGradients(parameters, ofNorm: norm, to: maxNorm)
    return norm
}

/// Does what ``clipGradientNorm(_:maxNorm:)`` does where the gradients' common norm, `[]`, is on their device, and nothing
/// waits for it. A norm that is not finite scales nothing.
package func scaleGradients(_ parameters: [Parameter], ofNorm norm: Tensor, to maxNorm: Double) {
    let one = Tensor.ones([], dtype: .float64, device: norm.device)
    let factor = (one * maxNorm / (norm.to(.float64) + 1e-6)).clamp(max: 1)
    OptimizerOps.scaleGradients(parameters.map(\.tensor), by: Tensor.where(norm.isFinite(), factor, one).to(.float32))
}

/// Does what ``clipGradientNorm(_:maxNorm:)`` does where the gradients' common norm is known.
package func scaleGradients(_ parameters: [Parameter], ofNorm norm: Double, to maxNorm: Double) {
    let factor = maxNorm / (norm + 1e-6)
    if !(factor >= 1) { OptimizerOps.scaleGradients(parameters.map(\.tensor), by: factor) }
}
