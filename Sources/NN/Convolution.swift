import Tensors

/// A convolution of images, `[N, inputs, H, W]` → `[N, outputs, H', W']` (`torch.nn.Conv2d`).
///
/// Starts as in PyTorch: weight and bias uniform within ±1/√(fan in).
public final class Conv2d: Module, UnaryLayer {
    /// The kernels, `[outputs, inputs / groups, kernel height, kernel width]`.
    public let weight: Parameter
    /// What is added to each output channel, `[outputs]`; nil for nothing.
    public let bias: Parameter?
    /// Input positions between neighbouring outputs, [height, width].
    public let stride: [Int]
    /// Zeros that are added on both sides, [height, width].
    public let padding: [Int]
    /// Input positions between neighbouring taps of the kernel, [height, width].
    public let dilation: [Int]
    /// Parts of the channels that are convolved apart.
    public let groups: Int
    /// Whether this is one of the 3×3 convolutions that `F.conv3x3` computes with fewer multiplications.
    private let isPlain3x3: Bool

    /// A convolution with one number for height and one for width in each setting. Another number of them, and groups
    /// that don't divide inputs and outputs, trap.
    ///
    /// - Parameters:
    ///   - inputs: channels of the input.
    ///   - outputs: channels of the output.
    ///   - kernelSize: [height, width]
    ///   - stride: input pixels between neighbouring outputs, [height, width].
    ///   - padding: zeros added on both sides, [height, width].
    ///   - dilation: input pixels between neighbouring taps of the kernel, [height, width].
    ///   - groups: parts of the channels that are convolved apart.
    ///   - bias: whether a number is added to each output channel.
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

    /// A convolution with a square kernel, and one number for both axes in each setting. Groups that don't divide
    /// inputs and outputs trap.
    public convenience init(
        _ inputs: Int, _ outputs: Int, kernelSize: Int, stride: Int = 1, padding: Int = 0, dilation: Int = 1,
        groups: Int = 1, bias: Bool = true
    ) {
        self.init(
            inputs, outputs, kernelSize: [kernelSize, kernelSize], stride: [stride, stride],
            padding: [padding, padding], dilation: [dilation, dilation], groups: groups, bias: bias)
    }

    /// `[N, inputs, H, W]` → `[N, outputs, H', W']`.
    public func callAsFunction(_ x: Tensor) -> Tensor { convolve(x, weight: weight.tensor, bias: bias?.tensor) }

    /// The convolutions of several maps with the one weight, which is laid out for the CPU once for all of them.
    ///
    /// - Parameters:
    ///   - maps: `[N, inputs, H, W]` each, of any sizes.
    ///   - relu: takes the ReLU of the results. For inference: with operands that require a gradient it may trap.
    package func callAsFunction(_ maps: [Tensor], relu: Bool = false) -> [Tensor] {
        if isPlain3x3 { return F.conv3x3(maps, weight: weight.tensor, bias: bias?.tensor, relu: relu) }
        return maps.map {
            let y = self($0)
            if relu { y.reluInPlace() }
            return y
        }
    }

    /// The convolution with this layer's stride, padding, dilation and groups, and another weight and bias.
    func convolve(_ x: Tensor, weight: Tensor, bias: Tensor?) -> Tensor {
        if isPlain3x3 { return F.conv3x3([x], weight: weight, bias: bias)[0] }
        return F.conv2d(
            x, weight: weight, bias: bias, stride: stride, padding: padding, dilation: dilation, groups: groups)
    }
}

/// A convolution of clips, `[N, inputs, T, H, W]` → `[N, outputs, T', H', W']` (`torch.nn.Conv3d`).
///
/// Starts as in PyTorch: weight and bias uniform within ±1/√(fan in).
public final class Conv3d: Module, UnaryLayer {
    /// The kernels, `[outputs, inputs / groups, kernel time, kernel height, kernel width]`.
    public let weight: Parameter
    /// What is added to each output channel, `[outputs]`; nil for nothing.
    public let bias: Parameter?
    /// Input positions between neighbouring outputs, [time, height, width].
    public let stride: [Int]
    /// Zeros that are added on both sides, [time, height, width].
    public let padding: [Int]
    /// Input positions between neighbouring taps of the kernel, [time, height, width].
    public let dilation: [Int]
    /// Parts of the channels that are convolved apart.
    public let groups: Int

    /// A convolution with one number for time, height and width in each setting. Another number of them, and groups
    /// that don't divide inputs and outputs, trap.
    ///
    /// - Parameters:
    ///   - inputs: channels of the input.
    ///   - outputs: channels of the output.
    ///   - kernelSize: [time, height, width]
    ///   - stride: input positions between neighbouring outputs, [time, height, width].
    ///   - padding: zeros added on both sides, [time, height, width].
    ///   - dilation: input positions between neighbouring taps of the kernel, [time, height, width].
    ///   - groups: parts of the channels that are convolved apart.
    ///   - bias: whether a number is added to each output channel.
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

    /// `[N, inputs, T, H, W]` → `[N, outputs, T', H', W']`.
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
