import Tensors

/// The numbers of a pooling window, one for every axis, or one for all of them.
private func windowSettings(_ settings: [Int], for x: Tensor, _ what: String) -> [Int] {
    let axes = x.rank - 2
    if settings.count == 1 { return Array(repeating: settings[0], count: axes) }
    precondition(
        settings.count == axes, "pooling's \(what) \(settings) does not suit an input of shape \(x.shape)")
    return settings
}

/// The largest value in each window of `[N, C, H, W]` or `[N, C, T, H, W]` (`torch.nn.MaxPool2d` and `MaxPool3d`). A
/// setting with neither one number nor one for each axis of the input traps.
public final class MaxPool: Module, UnaryLayer {
    /// Positions of a window along each axis of space, or one number for all of them.
    public let kernelSize: [Int]
    /// Positions between neighbouring windows along each axis, or one number for all of them.
    public let stride: [Int]
    /// Positions of −∞ that are added on both sides of each axis, or one number for all of them.
    public let padding: [Int]
    /// Whether a last window that sticks out gives an output too.
    public let ceilMode: Bool

    /// A pooling with one number for each axis, or one for all of them, in each setting; `stride` is `kernelSize` where
    /// it isn't given.
    public init(kernelSize: [Int], stride: [Int]? = nil, padding: [Int] = [0], ceilMode: Bool = false) {
        self.kernelSize = kernelSize
        self.stride = stride ?? kernelSize
        self.padding = padding
        self.ceilMode = ceilMode
    }

    /// A pooling with one number for all axes in each setting; `stride` is `kernelSize` where it isn't given.
    public convenience init(kernelSize: Int, stride: Int? = nil, padding: Int = 0, ceilMode: Bool = false) {
        self.init(kernelSize: [kernelSize], stride: stride.map { [$0] }, padding: [padding], ceilMode: ceilMode)
    }

    /// `[N, C, H, W]` → `[N, C, H', W']`, or `[N, C, T, H, W]` → `[N, C, T', H', W']`.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        let kernelSize = windowSettings(kernelSize, for: x, "kernel size")
        let stride = windowSettings(stride, for: x, "stride")
        let padding = windowSettings(padding, for: x, "padding")
        return x.rank == 5
            ? F.maxPool3d(x, kernelSize: kernelSize, stride: stride, padding: padding, ceilMode: ceilMode)
            : F.maxPool2d(x, kernelSize: kernelSize, stride: stride, padding: padding, ceilMode: ceilMode)
    }
}

/// The mean of each window of `[N, C, H, W]` or `[N, C, T, H, W]`, zeros that were added counting too
/// (`torch.nn.AvgPool2d` and `AvgPool3d`). A setting with neither one number nor one for each axis of the input traps.
public final class AvgPool: Module, UnaryLayer {
    /// Positions of a window along each axis of space, or one number for all of them.
    public let kernelSize: [Int]
    /// Positions between neighbouring windows along each axis, or one number for all of them.
    public let stride: [Int]
    /// Zeros that are added on both sides of each axis, or one number for all of them.
    public let padding: [Int]

    /// A pooling with one number for each axis, or one for all of them, in each setting; `stride` is `kernelSize` where
    /// it isn't given.
    public init(kernelSize: [Int], stride: [Int]? = nil, padding: [Int] = [0]) {
        self.kernelSize = kernelSize
        self.stride = stride ?? kernelSize
        self.padding = padding
    }

    /// A pooling with one number for all axes in each setting; `stride` is `kernelSize` where it isn't given.
    public convenience init(kernelSize: Int, stride: Int? = nil, padding: Int = 0) {
        self.init(kernelSize: [kernelSize], stride: stride.map { [$0] }, padding: [padding])
    }

    /// `[N, C, H, W]` → `[N, C, H', W']`, or `[N, C, T, H, W]` → `[N, C, T', H', W']`.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        let kernelSize = windowSettings(kernelSize, for: x, "kernel size")
        let stride = windowSettings(stride, for: x, "stride")
        let padding = windowSettings(padding, for: x, "padding")
        return F.avgPool(x, kernelSize: kernelSize, stride: stride, padding: padding)
    }
}

/// The mean of every channel over all positions, `[N, C, …]` → `[N, C]`.
public final class GlobalAvgPool: Module, UnaryLayer {
    /// `[N, C, …]` → `[N, C]`.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        x.mean(Array(2..<x.rank))
    }
}
