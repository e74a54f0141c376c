import Tensors

/// Gradients whose norm is not a finite number.
public struct NonFiniteGradientError: Error, CustomStringConvertible {
    /// The gradients' norm, infinite or NaN.
    public let norm: Double
    /// The norm, and what it means.
    public var description: String { "the gradients' norm is \(norm); some gradient is not a finite number" }
}

/// The Euclidean norm of the gradients of all `parameters` together; those without a gradient are passed over.
public func gradientNorm(_ parameters: [Parameter]) -> Double {
    OptimizerOps.gradientNorm(parameters.map(\.tensor))
}

/// Scales all gradients down, together, so that their common Euclidean norm is at most `maxNorm`.
///
/// As in PyTorch, a norm above the limit is scaled by `maxNorm / (norm + 1e-6)`.
/// - Returns: The norm before.
/// - Throws: `NonFiniteGradientError` where the norm is not finite, if `errorIfNonFinite`; the gradients stay as they
///   were. Otherwise such gradients are scaled like any other.
@discardableResult
public func clipGradientNorm(
    _ parameters: [Parameter], maxNorm: Double, errorIfNonFinite: Bool
) throws -> Double {
    let tensors = parameters.map(\.tensor)
    let norm = OptimizerOps.gradientNorm(tensors)
    if errorIfNonFinite && !norm.isFinite { throw NonFiniteGradientError(norm: norm) }
    scaleDown(tensors, norm: norm, maxNorm: maxNorm)
    return norm
}

/// Scales all gradients down, together, so that their common Euclidean norm is at most `maxNorm`; returns the norm
/// before.
@discardableResult
public func clipGradientNorm(_ parameters: [Parameter], maxNorm: Double) -> Double {
    let tensors = parameters.map(\.tensor)
    let norm = OptimizerOps.gradientNorm(tensors)
    scaleDown(tensors, norm: norm, maxNorm: maxNorm)
    return norm
}

private func scaleDown(_ tensors: [Tensor], norm: Double, maxNorm: Double) {
    let factor = maxNorm / (norm + 1e-6)
    if !(factor >= 1) { OptimizerOps.scaleGradients(tensors, by: factor) }
}
