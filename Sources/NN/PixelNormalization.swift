import Tensors

/// Brings the red, green and blue of images to zero mean and unit deviation over a data set (torchvision's
/// `Normalize`).
public struct PixelNormalization: Hashable, Sendable {
    /// The mean of red, green and blue, of images in 0…1.
    public let mean: [Double]
    /// The standard deviation of red, green and blue, of images in 0…1.
    public let deviation: [Double]

    /// A normalisation by these statistics; traps unless there are three means and three deviations.
    public init(mean: [Double], deviation: [Double]) {
        precondition(
            mean.count == 3 && deviation.count == 3,
            "PixelNormalization: \(mean.count) means and \(deviation.count) deviations, where pixels have three channels"
        )
        self.mean = mean
        self.deviation = deviation
    }

    /// Normalises floating-point pixels in place.
    ///
    /// - Parameters:
    ///   - pixels: `[3, H, W]` or `[N, 3, H, W]`, or clips `[N, 3, T, H, W]`.
    ///   - isByte: whether the values are in 0…255, and not in 0…1.
    public func normalizeInPlace(_ pixels: Tensor, isByte: Bool) {
        let range: Float = isByte ? 255 : 1
        let shape = pixels.rank == 5 ? [3, 1, 1, 1] : [3, 1, 1]
        func perChannel(_ numbers: [Double], _ value: (Float) -> Float) -> Tensor {
            // Filled on the device: a copy from the host would have it wait.
            Tensor.stack(numbers.map { Tensor.full([], Double(value(Float($0))), device: pixels.device) }).reshape(
                shape)
        }
        pixels.addInPlace(perChannel(mean) { -$0 * range })
        pixels.multiplyInPlace(perChannel(deviation) { 1 / ($0 * range) })
    }
}
