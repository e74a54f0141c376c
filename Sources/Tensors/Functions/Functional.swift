import CTorch

/// What becomes of the values of a loss, one for each element or each sample.
public enum Reduction: Sendable {
    /// `none` leaves the values as they are, `mean` gives their mean and `sum` their sum, tensors without axes.
    case none, mean, sum

    var code: ct_reduction {
        switch self {
        case .none: CT_REDUCE_NONE
        case .mean: CT_REDUCE_MEAN
        case .sum: CT_REDUCE_SUM
        }
    }
}

/// The operations of networks as functions: `torch.nn.functional`. Images are `[N, C, H, W]`, clips `[N, C, T, H, W]`.
/// Gradients flow through all of them but where they say otherwise.
public enum F {
    /// The convolution of images, `[N, in, H, W]` → `[N, out, H', W']` (`torch.nn.functional.conv2d`).
    ///
    /// On the CPU it is a product of matrices of this package where that is faster, and then differentiable once;
    /// elsewhere it is libtorch's.
    ///
    /// - Parameters:
    ///   - x: `[N, in, H, W]`
    ///   - weight: `[out, in / groups, kH, kW]`
    ///   - bias: `[out]`
    ///   - stride: input pixels between neighbouring outputs, [height, width].
    ///   - padding: zeros added on both sides, [height, width].
    ///   - dilation: input pixels between neighbouring taps of the kernel, [height, width].
    ///   - groups: parts of the channels that are convolved apart.
    public static func conv2d(
        _ x: Tensor, weight: Tensor, bias: Tensor? = nil, stride: [Int] = [1, 1], padding: [Int] = [0, 0],
        dilation: [Int] = [1, 1], groups: Int = 1
    ) -> Tensor {
        convolution("conv2d", x, weight, bias, stride, padding, dilation, groups)
    }

    /// The convolution of clips, `[N, in, T, H, W]` → `[N, out, T', H', W']` (`torch.nn.functional.conv3d`).
    ///
    /// On the CPU it is a product of matrices of this package where that is faster, and then differentiable once;
    /// elsewhere it is libtorch's.
    ///
    /// - Parameters:
    ///   - x: `[N, in, T, H, W]`
    ///   - weight: `[out, in / groups, kT, kH, kW]`
    ///   - bias: `[out]`
    ///   - stride: input positions between neighbouring outputs, [time, height, width].
    ///   - padding: zeros added on both sides, [time, height, width].
    ///   - dilation: input positions between neighbouring taps of the kernel, [time, height, width].
    ///   - groups: parts of the channels that are convolved apart.
    public static func conv3d(
        _ x: Tensor, weight: Tensor, bias: Tensor? = nil, stride: [Int] = [1, 1, 1], padding: [Int] = [0, 0, 0],
        dilation: [Int] = [1, 1, 1], groups: Int = 1
    ) -> Tensor {
        convolution("conv3d", x, weight, bias, stride, padding, dilation, groups)
    }

    private static func convolution(
        _ name: StaticString, _ x: Tensor, _ weight: Tensor, _ bias: Tensor?, _ stride: [Int], _ padding: [Int],
        _ dilation: [Int], _ groups: Int
    ) -> Tensor {
        precondition(
            stride.count == padding.count && stride.count == dilation.count,
            "\(name): stride \(stride), padding \(padding) and dilation \(dilation) name different numbers of axes")
        return produce(name, [x, weight] + [bias].compactMap { $0 }) { out in
            withSizes(stride) { stride, rank in
                withSizes(padding) { padding, _ in
                    withSizes(dilation) { dilation, _ in
                        ct_convolution(
                            x.raw, weight.raw, bias?.raw, stride, padding, dilation, rank, Int64(groups), out)
                    }
                }
            }
        }
    }

    /// `x · weightᵀ + bias`, `[…, in]` → `[…, out]`, with weight `[out, in]` and bias `[out]`
    /// (`torch.nn.functional.linear`).
    public static func linear(_ x: Tensor, weight: Tensor, bias: Tensor? = nil) -> Tensor {
        produce("linear", [x, weight] + [bias].compactMap { $0 }) { ct_linear(x.raw, weight.raw, bias?.raw, $0) }
    }

    /// Normalises every channel of `[N, C, …]` over the batch and all positions (Ioffe and Szegedy, 2015;
    /// `torch.nn.functional.batch_norm`).
    ///
    /// - Parameters:
    ///   - x: `[N, C, …]`
    ///   - weight: γ, `[C]`; nil is 1.
    ///   - bias: β, `[C]`; nil is 0.
    ///   - runningMean: `[C]`, moved in place in training, taken as the mean otherwise.
    ///   - runningVariance: `[C]`, moved in place in training, taken as the variance otherwise.
    ///   - training: whether the batch's own statistics are taken.
    ///   - momentum: share of this batch in the running statistics.
    ///   - epsilon: what is added to the variance before its root.
    public static func batchNorm(
        _ x: Tensor, weight: Tensor?, bias: Tensor?, runningMean: Tensor?, runningVariance: Tensor?, training: Bool,
        momentum: Double = 0.1, epsilon: Double = 1e-5
    ) -> Tensor {
        produce("batchNorm", [x] + [weight, bias, runningMean, runningVariance].compactMap { $0 }) {
            ct_batch_norm(
                x.raw, weight?.raw, bias?.raw, runningMean?.raw, runningVariance?.raw, training, momentum, epsilon, $0)
        }
    }

    /// Normalises each of `groups` groups of the channels of `[N, C, …]` in every image (Wu and He, 2018;
    /// `torch.nn.functional.group_norm`), then multiplies by `weight` and adds `bias`, `[C]`. Groups that don't divide
    /// the channels trap.
    public static func groupNorm(
        _ x: Tensor, groups: Int, weight: Tensor? = nil, bias: Tensor? = nil, epsilon: Double = 1e-5
    ) -> Tensor {
        produce("groupNorm", [x] + [weight, bias].compactMap { $0 }) {
            ct_group_norm(x.raw, Int64(groups), weight?.raw, bias?.raw, epsilon, $0)
        }
    }

    /// The largest value in each window, `[N, C, H, W]` → `[N, C, H', W']` (`torch.nn.functional.max_pool2d`); each
    /// setting is [height, width]. With `ceilMode` a last window that sticks out gives an output too.
    public static func maxPool2d(
        _ x: Tensor, kernelSize: [Int], stride: [Int], padding: [Int] = [0, 0], ceilMode: Bool = false
    ) -> Tensor {
        maxPool("maxPool2d", x, kernelSize, stride, padding, ceilMode)
    }

    /// The largest value in each window, `[N, C, T, H, W]` → `[N, C, T', H', W']` (`torch.nn.functional.max_pool3d`);
    /// each setting is [time, height, width]. With `ceilMode` a last window that sticks out gives an output too.
    public static func maxPool3d(
        _ x: Tensor, kernelSize: [Int], stride: [Int], padding: [Int] = [0, 0, 0], ceilMode: Bool = false
    ) -> Tensor {
        maxPool("maxPool3d", x, kernelSize, stride, padding, ceilMode)
    }

    private static func maxPool(
        _ name: StaticString, _ x: Tensor, _ kernel: [Int], _ stride: [Int], _ padding: [Int], _ ceilMode: Bool
    ) -> Tensor {
        produce(name, [x]) { out in
            withSizes(kernel) { kernel, rank in
                withSizes(stride) { stride, _ in
                    withSizes(padding) { padding, _ in ct_max_pool(x.raw, kernel, stride, padding, rank, ceilMode, out)
                    }
                }
            }
        }
    }

    /// The mean of each window, over the last two axes or the last three.
    ///
    /// - Parameters:
    ///   - x: `[N, C, H, W]` or `[N, C, T, H, W]`
    ///   - kernelSize: positions of a window along each axis; two or three numbers.
    ///   - stride: positions between neighbouring windows along each axis.
    ///   - padding: zeros added on both sides of each axis; nil for none.
    ///   - ceilMode: whether a last window that sticks out gives an output too.
    ///   - countPadding: whether the mean counts the zeros that were added.
    public static func avgPool(
        _ x: Tensor, kernelSize: [Int], stride: [Int], padding: [Int]? = nil, ceilMode: Bool = false,
        countPadding: Bool = true
    ) -> Tensor {
        produce("avgPool", [x]) { out in
            withSizes(kernelSize) { kernel, rank in
                withSizes(stride) { stride, _ in
                    withSizes(padding ?? kernelSize.map { _ in 0 }) { padding, _ in
                        ct_average_pool(x.raw, kernel, stride, padding, rank, ceilMode, countPadding, out)
                    }
                }
            }
        }
    }

    /// The mean of each of `size` windows along the last two or three axes, [height, width] or [time, height, width],
    /// which together cover all positions (`torch.nn.functional.adaptive_avg_pool2d` and `…3d`).
    public static func adaptiveAvgPool(_ x: Tensor, _ size: [Int]) -> Tensor {
        produce("adaptiveAvgPool", [x]) { out in
            withSizes(size) { ct_adaptive_average_pool(x.raw, $0, $1, out) }
        }
    }

    /// max(x, 0) of each element, as a new tensor.
    public static func relu(_ x: Tensor) -> Tensor { x.relu() }

    /// In training, sets each element to 0 with this probability and divides the others by 1 − probability; otherwise
    /// `x` as it is (`torch.nn.functional.dropout`). Draws from libtorch's generator (``Random``).
    public static func dropout(_ x: Tensor, _ probability: Double, training: Bool) -> Tensor {
        produce("dropout", [x]) { ct_dropout(x.raw, probability, training, $0) }
    }

    /// How values between pixels are found.
    public enum Interpolation: Sendable {
        /// `nearest` takes the pixel's that is nearest, `bilinear` weighs the four pixels around by their distance.
        case nearest, bilinear
    }

    /// Resizes images to another height and width, `[N, C, H, W]` → `[N, C, size[0], size[1]]`
    /// (`torch.nn.functional.interpolate` with `align_corners=False`: pixels are areas, with their centres at halves).
    ///
    /// - Parameters:
    ///   - x: `[N, C, H, W]`
    ///   - size: [height, width]; another number of sizes traps.
    ///   - mode: how values between pixels are found.
    ///   - antialias: in bilinear mode, averages over all pixels that a smaller output's pixel covers.
    ///   - scales: the factors for height and width to sample with; nil takes the sizes' ratios.
    public static func interpolate(
        _ x: Tensor, size: [Int], mode: Interpolation, antialias: Bool = false, scales: (Double, Double)? = nil
    ) -> Tensor {
        precondition(size.count == 2, "interpolate: \(size) is not [height, width]")
        let code: ct_interpolation =
            switch (mode, antialias) {
            case (.nearest, _): CT_NEAREST
            case (.bilinear, false): CT_BILINEAR
            case (.bilinear, true): CT_BILINEAR_ANTIALIASED
            }
        return produce("interpolate", [x]) { out in
            guard let scales else { return ct_interpolate(x.raw, Int64(size[0]), Int64(size[1]), code, nil, out) }
            return withUnsafePointer(to: scales) {
                $0.withMemoryRebound(to: Double.self, capacity: 2) {
                    ct_interpolate(x.raw, Int64(size[0]), Int64(size[1]), code, $0, out)
                }
            }
        }
    }

    /// Weighted sums of rows (`torch.nn.functional.embedding_bag` with `per_sample_weights`). Gradients flow to the rows and
    /// the weights. No sum keeps its terms, forwards or backwards.
    ///
    /// - Parameters:
    ///   - rows: `[M, C]`
    ///   - indices: int64 `[N, n]`, the rows of each sum; `[T]` where the sums have `starts`.
    ///   - weights: of the indices' shape and the rows' type.
    ///   - starts: int64 `[N]`, growing: each sum is of the indices from its start to that of the next one. A sum of none is 0.
    /// - Returns: `[N, C]`
    public static func weightedRowSums(
        _ rows: Tensor, indices: Tensor, weights: Tensor, starts: Tensor? = nil
    ) -> Tensor {
        produce("weightedRowSums", [rows, indices, weights]) {
            ct_weighted_row_sums(rows.raw, indices.raw, weights.raw, starts?.raw, $0)
        }
    }

    /// A copy with a constant around `x` (`torch.nn.functional.pad`): two amounts (before, after) for each axis, from
    /// the last axis on. A negative amount cuts off.
    public static func pad(_ x: Tensor, _ amounts: [Int], value: Double = 0) -> Tensor {
        produce("pad", [x]) { out in withSizes(amounts) { ct_pad(x.raw, $0, $1, value, out) } }
    }

    /// The cross entropy of softmax(logits) with the targets (`torch.nn.functional.cross_entropy`).
    ///
    /// - Parameters:
    ///   - logits: `[N, classes]`, or `[N, classes, …]`
    ///   - targets: the classes, int64 `[N]` or `[N, …]`, or probabilities of the logits' shape.
    ///   - classWeights: `[classes]`, a factor on each class's values; a mean divides by the sum of the factors.
    ///   - reduction: what becomes of the values.
    ///   - ignoreIndex: targets of this class count for nothing.
    ///   - labelSmoothing: share of the target, in 0…1, that is spread evenly over all classes.
    public static func crossEntropy(
        _ logits: Tensor, _ targets: Tensor, classWeights: Tensor? = nil, reduction: Reduction = .mean,
        ignoreIndex: Int = -100, labelSmoothing: Double = 0
    ) -> Tensor {
        produce("crossEntropy", [logits, targets]) {
            ct_cross_entropy(
                logits.raw, targets.raw, classWeights?.raw, reduction.code, Int64(ignoreIndex), labelSmoothing, $0)
        }
    }

    /// The smooth L1 distance of `x` and `y`, of one shape, element by element (`torch.nn.functional.smooth_l1_loss`;
    /// Girshick, "Fast R-CNN", 2015, equation 3): with d = |x − y|, it is 0.5 d² / β for d < β, else d − 0.5 β.
    public static func smoothL1(_ x: Tensor, _ y: Tensor, beta: Double = 1, reduction: Reduction = .mean) -> Tensor {
        produce("smoothL1", [x, y]) { ct_smooth_l1(x.raw, y.raw, reduction.code, beta, $0) }
    }

    /// The cross entropy of sigmoid(x) with targets `y` in 0…1 of one shape, element by element
    /// (`torch.nn.functional.binary_cross_entropy_with_logits`).
    public static func binaryCrossEntropyWithLogits(
        _ x: Tensor, _ y: Tensor, reduction: Reduction = .mean
    ) -> Tensor {
        produce("binaryCrossEntropyWithLogits", [x, y]) {
            ct_binary_cross_entropy_with_logits(x.raw, y.raw, reduction.code, $0)
        }
    }

    /// The negative of the log-probability that each row of `[N, classes]` gives to its target, int64 `[N]`
    /// (`torch.nn.functional.nll_loss`). Targets equal to `ignoreIndex` count for nothing.
    public static func nllLoss(
        _ logProbabilities: Tensor, _ targets: Tensor, reduction: Reduction = .mean, ignoreIndex: Int = -100
    ) -> Tensor {
        produce("nllLoss", [logProbabilities, targets]) {
            ct_nll_loss(logProbabilities.raw, targets.raw, reduction.code, Int64(ignoreIndex), $0)
        }
    }
}
