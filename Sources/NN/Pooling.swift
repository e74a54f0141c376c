import Tensors

/// The numbers of a pooling window, one for every axis, or one for all of them.
private func windowSettings(_ settings: [Int], for x: Tensor, _ what: String) -> [Int] {
    let axes = x.rank - 2
    if settings.count == 1 { return Array(repeating: settings[0], count: axes) }
    precondition(
        settings.count == axes, "pooling's \(what) \(settings) does not suit an input of shape \(x.shape)")
    return settings
}

/// The largest value in each window of `[N, C, H, W]` or `[N, C, T, H, W]`.
public final class MaxPool: Module, UnaryLayer {
    /// Positions of a window, one number an axis.
    public let kernelSize: [Int]
    /// Input positions between neighbouring outputs, one number an axis.
    public let stride: [Int]
    /// Positions that are added on both sides, one number an axis.
    public let padding: [Int]
    /// Whether a last window that sticks out gives an output too.
    public let ceilMode: Bool

    /// One number for every axis; `stride` is `kernelSize` where it isn't given.
    public init(kernelSize: [Int], stride: [Int]? = nil, padding: [Int] = [0], ceilMode: Bool = false) {
        self.kernelSize = kernelSize
        self.stride = stride ?? kernelSize
        self.padding = padding
        self.ceilMode = ceilMode
    }

    /// One number for all axes.
    public convenience init(kernelSize: Int, stride: Int? = nil, padding: Int = 0, ceilMode: Bool = false) {
        self.init(kernelSize: [kernelSize], stride: stride.map { [$0] }, padding: [padding], ceilMode: ceilMode)
    }

    /// `[N, C, …]` → `[N, C, …]`, with fewer positions.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        let kernelSize = windowSettings(kernelSize, for: x, "kernel size")
        let stride = windowSettings(stride, for: x, "stride")
        let padding = windowSettings(padding, for: x, "padding")
        return x.rank == 5
            ? F.maxPool3d(x, kernelSize: kernelSize, stride: stride, padding: padding, ceilMode: ceilMode)
            : F.maxPool2d(x, kernelSize: kernelSize, stride: stride, padding: padding, ceilMode: ceilMode)
    }
}

/// The mean of each window of `[N, C, H, W]` or `[N, C, T, H, W]`; padding counts as zeros.
public final class AvgPool: Module, UnaryLayer {
    /// Positions of a window, one number an axis.
    public let kernelSize: [Int]
    /// Input positions between neighbouring outputs, one number an axis.
    public let stride: [Int]
    /// Positions that are added on both sides, one number an axis.
    public let padding: [Int]

    /// One number for every axis; `stride` is `kernelSize` where it isn't given.
    public init(kernelSize: [Int], stride: [Int]? = nil, padding: [Int] = [0]) {
        self.kernelSize = kernelSize
        self.stride = stride ?? kernelSize
        self.padding = padding
    }

    /// One number for all axes.
    public convenience init(kernelSize: Int, stride: Int? = nil, padding: Int = 0) {
        self.init(kernelSize: [kernelSize], stride: stride.map { [$0] }, padding: [padding])
    }

    /// `[N, C, …]` → `[N, C, …]`, with fewer positions.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        let kernelSize = windowSettings(kernelSize, for: x, "kernel size")
        let stride = windowSettings(stride, for: x, "stride")
        let padding = windowSettings(padding, for: x, "padding")
        return F.avgPool(x, kernelSize: kernelSize, stride: stride, padding: padding)
    }
}

/// The mean of every channel over all positions: `[N, C, …]` → `[N, C]`.
public final class GlobalAvgPool: Module, UnaryLayer {
    /// `[N, C, …]` → `[N, C, …]`, with fewer positions.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        x.mean(Array(2..<x.rank))
    }
}
