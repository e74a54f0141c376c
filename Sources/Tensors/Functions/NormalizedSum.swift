import CTorch

/// One addend of ``F/normalizedSum(_:rectified:)``: x, its norm with an affine, or both.
public struct SumTerm {
    /// Where an addend's mean and variance come from.
    public enum Norm {
        /// `weight ⊙ x + bias`; x itself where there is neither.
        case none
        /// Over the batch, as ``F/batchNorm(_:weight:bias:runningMean:runningVariance:training:momentum:epsilon:)`` in
        /// training, moving the running statistics if there are any.
        case batch(runningMean: Tensor?, runningVariance: Tensor?, momentum: Double)
        /// By running statistics, which are left as they are.
        case fixed(mean: Tensor, variance: Tensor)
        /// Over groups of channels of one image.
        case group(Int)
    }

    /// `[N, C, H, W]`, or `[N, C, T, H, W]`.
    public var x: Tensor
    /// The norm that is applied to the map.
    public var norm: Norm
    /// `[C]`
    public var weight: Tensor?
    /// `[C]`
    public var bias: Tensor?
    /// What is added to the variance before its square root.
    public var epsilon: Double
    /// Whether x itself is added too, beside its norm.
    public var isPlain: Bool
    /// What ``F/sumWithMoments(_:rectified:)`` said of x, which spares reading it for its statistics.
    public var moments: Tensor?

    /// An addend of a normalised sum: the map `[N, C, …]`, its norm, and weight and bias `[C]`.
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

    /// x alone.
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
    /// Σ addends, with or without a ReLU: what stands at the end of a residual block, and behind each of its convolutions.
    ///
    /// On the CPU, with the channels last, 16 or a multiple of them, in float32 or bfloat16, it is one pass over the
    /// addends, after one that takes the statistics of those that have a norm and are not known. Its backward pass is two
    /// more, and what it keeps is the addends that it has to read again and a bit for each output; no normalised value
    /// is ever stored. Elsewhere it is ``composedSum(_:rectified:)``.
    public static func normalizedSum(_ terms: [SumTerm], rectified: Bool = false) -> Tensor {
        sum(terms, rectified: rectified, wantsMoments: false).sum
    }

    /// The normalised sum, with the means and variances of each image and channel of the result, `[N, 2, C]`, taken while it is in
    /// the cache: for a norm that follows. Nil where the sum was composed.
    public static func sumWithMoments(_ terms: [SumTerm], rectified: Bool = false) -> (sum: Tensor, moments: Tensor?) {
        sum(terms, rectified: rectified, wantsMoments: true)
    }

    /// The normalised sum by libtorch's own operations, on any device.
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
