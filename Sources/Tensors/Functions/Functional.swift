import CTorch

/// What becomes of the per-element values of a loss.
public enum Reduction: Sendable {
    case none, mean, sum

    var code: ct_reduction {
        switch self {
        case .none: CT_REDUCE_NONE
        case .mean: CT_REDUCE_MEAN
        case .sum: CT_REDUCE_SUM
        }
    }
}

/// The operations of networks, as functions. Images are `[N, C, H, W]`, clips `[N, C, T, H, W]`.
public enum F {
    /// - Parameters:
    ///   - weight: `[out, in / groups, kH, kW]`
    ///   - bias: `[out]`
    public static func conv2d(
        _ x: Tensor, weight: Tensor, bias: Tensor? = nil, stride: [Int] = [1, 1], padding: [Int] = [0, 0],
        dilation: [Int] = [1, 1], groups: Int = 1
    ) -> Tensor {
        convolution("conv2d", x, weight, bias, stride, padding, dilation, groups)
    }

    /// - Parameter weight: `[out, in / groups, kT, kH, kW]`
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

    /// `x · weightᵀ + bias`, with weight `[out, in]`.
    public static func linear(_ x: Tensor, weight: Tensor, bias: Tensor? = nil) -> Tensor {
        produce("linear", [x, weight] + [bias].compactMap { $0 }) { ct_linear(x.raw, weight.raw, bias?.raw, $0) }
    }

    /// Normalisation per channel over the batch (training) or with running statistics, which training updates in place.
    public static func batchNorm(
        _ x: Tensor, weight: Tensor?, bias: Tensor?, runningMean: Tensor?, runningVariance: Tensor?, training: Bool,
        momentum: Double = 0.1, epsilon: Double = 1e-5
    ) -> Tensor {
        produce("batchNorm", [x] + [weight, bias, runningMean, runningVariance].compactMap { $0 }) {
            ct_batch_norm(
                x.raw, weight?.raw, bias?.raw, runningMean?.raw, runningVariance?.raw, training, momentum, epsilon, $0)
        }
    }

    /// Normalises each of `groups` groups of the channels of `[N, C, …]` per image (Wu and He 2018); weight and bias
    /// `[C]`.
    public static func groupNorm(
        _ x: Tensor, groups: Int, weight: Tensor? = nil, bias: Tensor? = nil, epsilon: Double = 1e-5
    ) -> Tensor {
        produce("groupNorm", [x] + [weight, bias].compactMap { $0 }) {
            ct_group_norm(x.raw, Int64(groups), weight?.raw, bias?.raw, epsilon, $0)
        }
    }

    /// Maxima over windows, `[N, C, H, W]` → `[N, C, H', W']`; two numbers (height, width) for each setting.
    public static func maxPool2d(
        _ x: Tensor, kernelSize: [Int], stride: [Int], padding: [Int] = [0, 0], ceilMode: Bool = false
    ) -> Tensor {
        maxPool("maxPool2d", x, kernelSize, stride, padding, ceilMode)
    }

    /// Maxima over windows, `[N, C, T, H, W]` → `[N, C, T', H', W']`; three numbers (time, height, width) for each
    /// setting.
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

    /// Average over windows; two or three axes, by the number of sizes.
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

    /// Averages over windows, `[N, C, H, W]` → `[N, C, H', W']`; two numbers (height, width) for each setting.
    public static func avgPool2d(
        _ x: Tensor, kernelSize: [Int], stride: [Int], padding: [Int] = [0, 0], ceilMode: Bool = false,
        countPadding: Bool = true
    ) -> Tensor {
        avgPool(
            x, kernelSize: kernelSize, stride: stride, padding: padding, ceilMode: ceilMode, countPadding: countPadding)
    }

    /// Average over as many windows as `size` says along each of the last two or three axes.
    public static func adaptiveAvgPool(_ x: Tensor, _ size: [Int]) -> Tensor {
        produce("adaptiveAvgPool", [x]) { out in
            withSizes(size) { ct_adaptive_average_pool(x.raw, $0, $1, out) }
        }
    }

    /// max(x, 0), element by element.
    public static func relu(_ x: Tensor) -> Tensor { x.relu() }

    /// Zeroes elements with this probability and scales the others up, while training; draws from `Random`.
    public static func dropout(_ x: Tensor, _ probability: Double, training: Bool) -> Tensor {
        produce("dropout", [x]) { ct_dropout(x.raw, probability, training, $0) }
    }

    /// How values between pixels are found.
    public enum Interpolation: Sendable { case nearest, bilinear }

    /// Resizes `[N, C, H, W]` to `size` = [height, width], pixel centres at halves (`align_corners` off).
    ///
    /// - Parameter scales: the factors for height and width to sample with; without them, the sizes' ratios.
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

    /// Pads with a constant: two amounts (before, after) an axis, from the last axis on.
    public static func pad(_ x: Tensor, _ amounts: [Int], value: Double = 0) -> Tensor {
        produce("pad", [x]) { out in withSizes(amounts) { ct_pad(x.raw, $0, $1, value, out) } }
    }

    /// - Parameters:
    ///   - logits: `[N, classes]` (or with further axes)
    ///   - targets: int64 classes `[N]`, or probabilities of the logits' shape
    public static func crossEntropy(
        _ logits: Tensor, _ targets: Tensor, classWeights: Tensor? = nil, reduction: Reduction = .mean,
        ignoreIndex: Int = -100, labelSmoothing: Double = 0
    ) -> Tensor {
        produce("crossEntropy", [logits, targets]) {
            ct_cross_entropy(
                logits.raw, targets.raw, classWeights?.raw, reduction.code, Int64(ignoreIndex), labelSmoothing, $0)
        }
    }

    /// `0.5 d² / beta` for differences below `beta`, else `d − 0.5 beta`.
    public static func smoothL1(_ x: Tensor, _ y: Tensor, beta: Double = 1, reduction: Reduction = .mean) -> Tensor {
        produce("smoothL1", [x, y]) { ct_smooth_l1(x.raw, y.raw, reduction.code, beta, $0) }
    }

    /// Cross entropy of sigmoid(x) with targets `y` between 0 and 1, both of one shape.
    public static func binaryCrossEntropyWithLogits(
        _ x: Tensor, _ y: Tensor, reduction: Reduction = .mean
    ) -> Tensor {
        produce("binaryCrossEntropyWithLogits", [x, y]) {
            ct_binary_cross_entropy_with_logits(x.raw, y.raw, reduction.code, $0)
        }
    }

    /// Negative log-likelihood of classes `targets` (int64 `[N]`) under log-probabilities `[N, classes]`.
    public static func nllLoss(
        _ logProbabilities: Tensor, _ targets: Tensor, reduction: Reduction = .mean, ignoreIndex: Int = -100
    ) -> Tensor {
        produce("nllLoss", [logProbabilities, targets]) {
            ct_nll_loss(logProbabilities.raw, targets.raw, reduction.code, Int64(ignoreIndex), $0)
        }
    }
}
