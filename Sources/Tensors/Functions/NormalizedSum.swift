import CTorch

/// One addend of ``F/normalizedSum(_:rectified:)``: a map x, a norm of it with an affine, or both.
public struct SumTerm {
    /// How an addend is normalised: which mean and variance are taken.
    public enum Norm {
        /// No norm: the addend is `weight ⊙ x + bias`, or x itself where there is neither.
        case none
        /// Those of each channel over the batch, as
        /// ``F/batchNorm(_:weight:bias:runningMean:runningVariance:training:momentum:epsilon:)`` takes them in
        /// training; the running statistics, `[C]`, are moved where there are any.
        case batch(runningMean: Tensor?, runningVariance: Tensor?, momentum: Double)
        /// Given ones, `[C]`, such as running statistics; they stay as they are.
        case fixed(mean: Tensor, variance: Tensor)
        /// Those of so many groups of channels in every image, as ``F/groupNorm(_:groups:weight:bias:epsilon:)`` takes
        /// them.
        case group(Int)
    }

    /// The map, `[N, C, H, W]` or `[N, C, T, H, W]`.
    public var x: Tensor
    /// The norm of the map.
    public var norm: Norm
    /// Factor on each channel after the norm, `[C]`; nil is 1.
    public var weight: Tensor?
    /// What is added to each channel after that, `[C]`; nil is 0.
    public var bias: Tensor?
    /// What is added to the variance before its root.
    public var epsilon: Double
    /// Whether x itself is added too, beside its norm.
    public var isPlain: Bool
    /// Means and variances of every image and channel of x, `[N, 2, C]`, as ``F/sumWithMoments(_:rectified:)`` gave
    /// them when it made x; nil reads x for its statistics.
    public var moments: Tensor?

    /// An addend of a normalised sum.
    ///
    /// - Parameters:
    ///   - x: the map, `[N, C, H, W]` or `[N, C, T, H, W]`.
    ///   - norm: the norm of the map.
    ///   - weight: factor on each channel after the norm, `[C]`; nil is 1.
    ///   - bias: what is added to each channel after that, `[C]`; nil is 0.
    ///   - epsilon: what is added to the variance before its root.
    ///   - isPlain: whether x itself is added too.
    ///   - moments: what ``F/sumWithMoments(_:rectified:)`` said of x.
    public init(
        _ x: Tensor, norm: Norm = .none, weight: Tensor? = nil, bias: Tensor? = nil, epsilon: Double = 1e-5,
        isPlain: Bool = false, moments: Tensor? = nil
    ) {
        self.x = x
        self.norm = norm
        self.weight = weight
        self.bias = bias
        self.epsilon = epsilon
        self.isPlain = isPlain
        self.moments = moments
    }

    /// Whether the addend is x alone.
    fileprivate var isBare: Bool {
        guard case .none = norm else { return false }
        return weight == nil && bias == nil
    }

    /// The addend without x itself, by operations that are not fused.
    fileprivate func composed() -> Tensor {
        switch norm {
        case .none:
            var value = x
            if let weight { value = value * perChannel(weight) }
            if let bias { value = value + perChannel(bias) }
            return value
        case .batch(let mean, let variance, let momentum):
            return F.batchNorm(
                x, weight: weight, bias: bias, runningMean: mean, runningVariance: variance, training: true,
                momentum: momentum, epsilon: epsilon)
        case .fixed(let mean, let variance):
            return F.batchNorm(
                x, weight: weight, bias: bias, runningMean: mean, runningVariance: variance, training: false,
                momentum: 0, epsilon: epsilon)
        case .group(let groups):
            guard let weight, bias == nil else {
                return F.groupNorm(x, groups: groups, weight: weight, bias: bias, epsilon: epsilon)
            }
            return F.groupNorm(x, groups: groups, epsilon: epsilon) * perChannel(weight)
        }
    }

    private func perChannel(_ values: Tensor) -> Tensor {
        values.reshape([1, x.shape[1]] + [Int](repeating: 1, count: x.rank - 2))
    }

    fileprivate var handle: ct_sum_term {
        var term = ct_sum_term(
            x: x.raw, is_plain: isPlain || isBare, norm: CT_NORM_NONE, groups: 1, weight: weight?.raw, bias: bias?.raw,
            running_mean: nil, running_variance: nil, uses_running: false, momentum: 0, epsilon: epsilon,
            moments: moments?.raw)
        switch norm {
        case .none: break
        case .batch(let mean, let variance, let momentum):
            term.norm = CT_NORM_BATCH
            term.running_mean = mean?.raw
            term.running_variance = variance?.raw
            term.momentum = momentum
        case .fixed(let mean, let variance):
            term.norm = CT_NORM_BATCH
            term.running_mean = mean.raw
            term.running_variance = variance.raw
            term.uses_running = true
        case .group(let groups):
            term.norm = CT_NORM_GROUP
            term.groups = Int64(groups)
        }
        return term
    }
}

extension F {
    /// Sums the addends, and takes the ReLU of the sum if `rectified`: what stands at the end of a residual block, and
    /// behind each of its convolutions. `[N, C, …]` like each addend; a list without any traps.
    ///
    /// On the CPU, with channels last, a multiple of 16 of them, in float32 or bfloat16, this is one pass over the
    /// addends, after one that takes the statistics of those whose norm needs them and that are not known from
    /// ``SumTerm/moments``. The backward pass takes two more. It keeps the addends that it reads again and a bit for
    /// each output, and never a normalised value. Elsewhere it is ``composedSum(_:rectified:)``.
    public static func normalizedSum(_ terms: [SumTerm], rectified: Bool = false) -> Tensor {
        sum(terms, rectified: rectified, wantsMoments: false).sum
    }

    /// The normalised sum, and the means and variances of every image and channel of it, `[N, 2, C]`, for a norm that
    /// reads it next: taken while the sum is in the cache, which saves that norm a pass. Nil where the sum was
    /// composed.
    public static func sumWithMoments(_ terms: [SumTerm], rectified: Bool = false) -> (sum: Tensor, moments: Tensor?) {
        sum(terms, rectified: rectified, wantsMoments: true)
    }

    /// The normalised sum by libtorch's own operations: on any device, and the reference that the fused one is tested
    /// against.
    public static func composedSum(_ terms: [SumTerm], rectified: Bool = false) -> Tensor {
        var total: Tensor?
        var isOwn = false
        func add(_ value: Tensor, isNew: Bool) {
            if let sum = total {
                if isOwn { sum.addInPlace(value) } else { total = sum + value }
                isOwn = true
            } else {
                total = value
                isOwn = isNew
            }
        }
        for term in terms {
            if !term.isBare { add(term.composed(), isNew: true) }
            if term.isPlain || term.isBare { add(term.x, isNew: false) }
        }
        guard let total else { preconditionFailure("normalizedSum: nothing to add") }
        guard rectified else { return total }
        guard isOwn else { return total.relu() }
        total.reluInPlace()
        return total
    }

    private static func sum(
        _ terms: [SumTerm], rectified: Bool, wantsMoments: Bool
    ) -> (sum: Tensor, moments: Tensor?) {
        precondition(!terms.isEmpty, "normalizedSum: nothing to add")
        return withExtendedLifetime(terms) {
            let handles = terms.map(\.handle)
            guard ct_normalized_sum_applies(handles, Int32(handles.count)) else {
                return (composedSum(terms, rectified: rectified), nil)
            }
            var out: OpaquePointer?
            var moments: OpaquePointer?
            let status =
                wantsMoments
                ? ct_normalized_sum(handles, Int32(handles.count), rectified, &out, &moments)
                : ct_normalized_sum(handles, Int32(handles.count), rectified, &out, nil)
            check(status, "normalizedSum", terms.map(\.x))
            guard let out else { fatalError("normalizedSum: the engine returned no tensor") }
            return (Tensor(owning: out), moments.map { Tensor(owning: $0) })
        }
    }
}
