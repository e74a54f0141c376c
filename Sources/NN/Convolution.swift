import Tensors

/// A 2D convolution, `[N, C, H, W]` → `[N, outputs, H', W']`.
///
/// Starts as in PyTorch: weight and bias uniform within ±1/√(fan in).
public final class Conv2d: Module, UnaryLayer {
    /// `[outputs, inputs / groups, kernel height, kernel width]`.
    public let weight: Parameter
    /// `[outputs]`.
    public let bias: Parameter?
    /// Input positions between neighbouring outputs, one number an axis.
    public let stride: [Int]
    /// Positions that are added on both sides, one number an axis.
    public let padding: [Int]
    /// Input positions between neighbouring taps of the kernel, one number an axis.
    public let dilation: [Int]
    /// Groups of channels that are computed apart.
    public let groups: Int
    /// Whether it is one of the 3×3 convolutions that `F.conv3x3` computes with fewer multiplications.
    private let isPlain3x3: Bool

    /// A kernel of `kernelSize` (height, width); the settings hold two numbers each.
    public init(
        _ inputs: Int, _ outputs: Int, kernelSize: [Int], stride: [Int] = [1, 1], padding: [Int] = [0, 0],
        dilation: [Int] = [1, 1], groups: Int = 1, bias: Bool = true
    ) {
        (weight, self.bias) = makeConvolution(
            inputs, outputs, kernelSize, [stride, padding, dilation], groups, rank: 2, bias: bias)
        self.stride = stride
        self.padding = padding
        self.dilation = dilation
        self.groups = groups
        isPlain3x3 =
            kernelSize == [3, 3] && stride == [1, 1] && padding == [1, 1] && dilation == [1, 1] && groups == 1
    }

    /// A square kernel; one number for both axes.
    public convenience init(
        _ inputs: Int, _ outputs: Int, kernelSize: Int, stride: Int = 1, padding: Int = 0, dilation: Int = 1,
        groups: Int = 1, bias: Bool = true
    ) {
        self.init(
            inputs, outputs, kernelSize: [kernelSize, kernelSize], stride: [stride, stride],
            padding: [padding, padding], dilation: [dilation, dilation], groups: groups, bias: bias)
    }

    /// The convolution of the map, with the bias.
    public func callAsFunction(_ x: Tensor) -> Tensor { convolve(x, weight: weight.tensor, bias: bias?.tensor) }

    /// Several maps with the one weight, which is laid out for the CPU once for all of them.
    ///
    /// - Parameter relu: takes the ReLU of the results, which then have no gradient.
    package func callAsFunction(_ maps: [Tensor], relu: Bool = false) -> [Tensor] {
        if isPlain3x3 { return F.conv3x3(maps, weight: weight.tensor, bias: bias?.tensor, relu: relu) }
        return maps.map {
            let y = self($0)
            if relu { y.reluInPlace() }
            return y
        }
    }

    /// With its kernel, stride, padding, dilation and groups, but another weight and bias.
    func convolve(_ x: Tensor, weight: Tensor, bias: Tensor?) -> Tensor {
        if isPlain3x3 { return F.conv3x3([x], weight: weight, bias: bias)[0] }
        return F.conv2d(
            x, weight: weight, bias: bias, stride: stride, padding: padding, dilation: dilation, groups: groups)
    }
}

/// A 3D convolution, `[N, C, T, H, W]` → `[N, outputs, T', H', W']`.
///
/// Starts as in PyTorch: weight and bias uniform within ±1/√(fan in).
public final class Conv3d: Module, UnaryLayer {
    /// `[outputs, inputs / groups, kernel time, kernel height, kernel width]`.
    public let weight: Parameter
    /// `[outputs]`.
    public let bias: Parameter?
    /// Input positions between neighbouring outputs, one number an axis.
    public let stride: [Int]
    /// Positions that are added on both sides, one number an axis.
    public let padding: [Int]
    /// Input positions between neighbouring taps of the kernel, one number an axis.
    public let dilation: [Int]
    /// Groups of channels that are computed apart.
    public let groups: Int

    /// The settings hold three numbers each: time, height, width.
    public init(
        _ inputs: Int, _ outputs: Int, kernelSize: [Int], stride: [Int] = [1, 1, 1], padding: [Int] = [0, 0, 0],
        dilation: [Int] = [1, 1, 1], groups: Int = 1, bias: Bool = true
    ) {
        (weight, self.bias) = makeConvolution(
            inputs, outputs, kernelSize, [stride, padding, dilation], groups, rank: 3, bias: bias)
        self.stride = stride
        self.padding = padding
        self.dilation = dilation
        self.groups = groups
    }

    /// The convolution of the map, with the bias.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        F.conv3d(
            x, weight: weight.tensor, bias: bias?.tensor, stride: stride, padding: padding, dilation: dilation,
            groups: groups)
    }
}

private func makeConvolution(
    _ inputs: Int, _ outputs: Int, _ kernelSize: [Int], _ settings: [[Int]], _ groups: Int, rank: Int, bias: Bool
) -> (Parameter, Parameter?) {
    precondition(
        kernelSize.count == rank && settings.allSatisfy { $0.count == rank },
        "a \(rank)D convolution takes \(rank) numbers for kernel size \(kernelSize), stride, padding and dilation \(settings)"
    )
    precondition(
        groups > 0 && inputs % groups == 0 && outputs % groups == 0,
        "\(groups) groups divide neither \(inputs) inputs nor \(outputs) outputs evenly")
    let shape = [outputs, inputs / groups] + kernelSize
    let initialization = Initialization.standard(weightShape: shape)
    let weight = Parameter(shape, initialization)
    return (weight, bias ? Parameter([outputs], initialization) : nil)
}
