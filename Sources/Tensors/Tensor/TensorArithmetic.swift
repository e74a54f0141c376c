import CTorch

extension Tensor {
    typealias BinaryCall = (OpaquePointer?, OpaquePointer?, UnsafeMutablePointer<OpaquePointer?>?) -> ct_status
    typealias ScalarCall = (OpaquePointer?, ct_scalar, UnsafeMutablePointer<OpaquePointer?>?) -> ct_status
    typealias UnaryCall = (OpaquePointer?, UnsafeMutablePointer<OpaquePointer?>?) -> ct_status

    static func binary(_ name: StaticString, _ call: BinaryCall, _ a: Tensor, _ b: Tensor) -> Tensor {
        produce(name, [a, b]) { call(a.raw, b.raw, $0) }
    }
    static func scalar(_ name: StaticString, _ call: ScalarCall, _ a: Tensor, _ b: ct_scalar) -> Tensor {
        produce(name, [a]) { call(a.raw, b, $0) }
    }
    func unary(_ name: StaticString, _ call: UnaryCall) -> Tensor { produce(name, [self]) { call(raw, $0) } }

    // Two tensors broadcast: axes of size 1, and missing leading axes, stretch to the other's size. Types are promoted
    // as in PyTorch; a number beside a tensor changes its type only where that can't hold a number of this kind.

    /// Sum, element by element (`torch.add`). Shapes broadcast, types are promoted.
    public static func + (a: Tensor, b: Tensor) -> Tensor { binary("+", ct_add, a, b) }
    /// Difference, element by element (`torch.sub`). Shapes broadcast, types are promoted.
    public static func - (a: Tensor, b: Tensor) -> Tensor { binary("-", ct_sub, a, b) }
    /// Product, element by element (`torch.mul`). Shapes broadcast, types are promoted.
    public static func * (a: Tensor, b: Tensor) -> Tensor { binary("*", ct_mul, a, b) }
    /// Quotient, element by element, floating-point even of integers (`torch.div`). Shapes broadcast, types are
    /// promoted.
    public static func / (a: Tensor, b: Tensor) -> Tensor { binary("/", ct_div, a, b) }
    /// Remainder, element by element, with the sign of the divisor `b` (`torch.remainder`). Shapes broadcast, types are
    /// promoted.
    public static func % (a: Tensor, b: Tensor) -> Tensor { binary("%", ct_remainder, a, b) }

    /// Each element plus a number. A tensor of integers becomes float32.
    public static func + (a: Tensor, b: Double) -> Tensor { scalar("+", ct_add_scalar, a, ct_scalar(b)) }
    /// Each element minus a number. A tensor of integers becomes float32.
    public static func - (a: Tensor, b: Double) -> Tensor { scalar("-", ct_sub_scalar, a, ct_scalar(b)) }
    /// Each element times a number. A tensor of integers becomes float32.
    public static func * (a: Tensor, b: Double) -> Tensor { scalar("*", ct_mul_scalar, a, ct_scalar(b)) }
    /// Each element divided by a number. A tensor of integers becomes float32.
    public static func / (a: Tensor, b: Double) -> Tensor { scalar("/", ct_div_scalar, a, ct_scalar(b)) }
    /// A number plus each element. A tensor of integers becomes float32.
    public static func + (a: Double, b: Tensor) -> Tensor { b + a }
    /// A number minus each element. A tensor of integers becomes float32.
    public static func - (a: Double, b: Tensor) -> Tensor { scalar("-", ct_rsub_scalar, b, ct_scalar(a)) }
    /// A number times each element. A tensor of integers becomes float32.
    public static func * (a: Double, b: Tensor) -> Tensor { b * a }
    /// A number divided by each element, computed as the number times the reciprocal. A tensor of integers becomes
    /// float32.
    public static func / (a: Double, b: Tensor) -> Tensor { b.reciprocal() * a }

    /// Each element plus a number. The tensor's type stays; of bools it becomes int64.
    public static func + (a: Tensor, b: Int) -> Tensor { scalar("+", ct_add_scalar, a, ct_scalar(b)) }
    /// Each element minus a number. The tensor's type stays.
    public static func - (a: Tensor, b: Int) -> Tensor { scalar("-", ct_sub_scalar, a, ct_scalar(b)) }
    /// Each element times a number. The tensor's type stays; of bools it becomes int64.
    public static func * (a: Tensor, b: Int) -> Tensor { scalar("*", ct_mul_scalar, a, ct_scalar(b)) }
    /// Each element divided by a number. A tensor of integers becomes float32.
    public static func / (a: Tensor, b: Int) -> Tensor { scalar("/", ct_div_scalar, a, ct_scalar(b)) }
    /// Remainder of each element by a number, with the sign of the number (`torch.remainder`). The tensor's type stays.
    public static func % (a: Tensor, b: Int) -> Tensor { scalar("%", ct_remainder_scalar, a, ct_scalar(b)) }
    /// A number plus each element. The tensor's type stays; of bools it becomes int64.
    public static func + (a: Int, b: Tensor) -> Tensor { b + a }
    /// A number minus each element. The tensor's type stays.
    public static func - (a: Int, b: Tensor) -> Tensor { scalar("-", ct_rsub_scalar, b, ct_scalar(a)) }
    /// A number times each element. The tensor's type stays; of bools it becomes int64.
    public static func * (a: Int, b: Tensor) -> Tensor { b * a }
    /// A number divided by each element, computed as the number times the reciprocal. A tensor of integers becomes
    /// float32.
    public static func / (a: Int, b: Tensor) -> Tensor { b.reciprocal() * a }

    /// Each element with the other sign (`torch.neg`).
    public static prefix func - (x: Tensor) -> Tensor { x.unary("-", ct_neg) }

    /// Puts the new tensor `a + b` in the place of `a`; other values that share the old elements keep them as they are.
    public static func += (a: inout Tensor, b: Tensor) { a = a + b }
    /// Puts the new tensor `a - b` in the place of `a`; other values that share the old elements keep them as they are.
    public static func -= (a: inout Tensor, b: Tensor) { a = a - b }
    /// Puts the new tensor `a * b` in the place of `a`; other values that share the old elements keep them as they are.
    public static func *= (a: inout Tensor, b: Tensor) { a = a * b }
    /// Puts the new tensor `a / b` in the place of `a`; other values that share the old elements keep them as they are.
    public static func /= (a: inout Tensor, b: Tensor) { a = a / b }
    /// Puts the new tensor `a + b` in the place of `a`; other values that share the old elements keep them as they are.
    public static func += (a: inout Tensor, b: Double) { a = a + b }
    /// Puts the new tensor `a - b` in the place of `a`; other values that share the old elements keep them as they are.
    public static func -= (a: inout Tensor, b: Double) { a = a - b }
    /// Puts the new tensor `a * b` in the place of `a`; other values that share the old elements keep them as they are.
    public static func *= (a: inout Tensor, b: Double) { a = a * b }
    /// Puts the new tensor `a / b` in the place of `a`; other values that share the old elements keep them as they are.
    public static func /= (a: inout Tensor, b: Double) { a = a / b }

    /// The smaller of two elements at every place, NaN if either is (`torch.minimum`). Shapes broadcast.
    public static func minimum(_ a: Tensor, _ b: Tensor) -> Tensor { binary("minimum", ct_minimum, a, b) }
    /// The larger of two elements at every place, NaN if either is (`torch.maximum`). Shapes broadcast.
    public static func maximum(_ a: Tensor, _ b: Tensor) -> Tensor { binary("maximum", ct_maximum, a, b) }
    /// Elements of `a` where the bool condition holds, of `b` elsewhere (`torch.where`). All three shapes broadcast.
    public static func `where`(_ condition: Tensor, _ a: Tensor, _ b: Tensor) -> Tensor {
        produce("where", [condition, a, b]) { ct_where(condition.raw, a.raw, b.raw, $0) }
    }

    /// Each element raised to the exponent (`torch.pow`).
    public func pow(_ exponent: Double) -> Tensor { Self.scalar("pow", ct_pow_scalar, self, ct_scalar(exponent)) }
    /// Each element raised to the exponent at its place (`torch.pow`). Shapes broadcast.
    public func pow(_ exponent: Tensor) -> Tensor { Self.binary("pow", ct_pow, self, exponent) }
    /// Matrix product `[…, n, k] · […, k, m]` → `[…, n, m]`, whose leading axes broadcast; one-axis operands are
    /// vectors (`torch.matmul`).
    public func matmul(_ other: Tensor) -> Tensor { Self.binary("matmul", ct_matmul, self, other) }

    /// e to the power of each element.
    public func exp() -> Tensor { unary("exp", ct_exp) }
    /// exp(x) − 1 of each element, exact near zero.
    public func expm1() -> Tensor { unary("expm1", ct_expm1) }
    /// Natural logarithm of each element; NaN below 0.
    public func log() -> Tensor { unary("log", ct_log) }
    /// Logarithm of each element to base 2; NaN below 0.
    public func log2() -> Tensor { unary("log2", ct_log2) }
    /// log(1 + x) of each element, exact near zero.
    public func log1p() -> Tensor { unary("log1p", ct_log1p) }
    /// Square root of each element; NaN below 0.
    public func sqrt() -> Tensor { unary("sqrt", ct_sqrt) }
    /// 1 / √x of each element.
    public func rsqrt() -> Tensor { unary("rsqrt", ct_rsqrt) }
    /// Absolute value of each element.
    public func abs() -> Tensor { unary("abs", ct_abs) }
    /// Sine of each element, an angle in radians.
    public func sin() -> Tensor { unary("sin", ct_sin) }
    /// Cosine of each element, an angle in radians.
    public func cos() -> Tensor { unary("cos", ct_cos) }
    /// Hyperbolic tangent of each element.
    public func tanh() -> Tensor { unary("tanh", ct_tanh) }
    /// Error function of each element.
    public func erf() -> Tensor { unary("erf", ct_erf) }
    /// Logistic function of each element, 1 / (1 + exp(−x)).
    public func sigmoid() -> Tensor { unary("sigmoid", ct_sigmoid) }
    /// max(x, 0) of each element, as a new tensor.
    public func relu() -> Tensor { unary("relu", ct_relu) }
    /// Each element rounded down to a whole number; the gradient is 0.
    public func floor() -> Tensor { unary("floor", ct_floor) }
    /// Each element rounded up to a whole number; the gradient is 0.
    public func ceil() -> Tensor { unary("ceil", ct_ceil) }
    /// Each element rounded to the nearest whole number, halves to the even one; the gradient is 0.
    public func round() -> Tensor { unary("round", ct_round) }
    /// Sign of each element: −1, 0 or 1; the gradient is 0.
    public func sign() -> Tensor { unary("sign", ct_sign) }
    /// 1 / x of each element.
    public func reciprocal() -> Tensor { unary("reciprocal", ct_reciprocal) }
    /// x · x of each element.
    public func square() -> Tensor { unary("square", ct_square) }
    /// Whether each element is neither infinite nor NaN, as bools.
    public func isFinite() -> Tensor { unary("isFinite", ct_isfinite) }
    /// Whether each element is NaN, as bools.
    public func isNaN() -> Tensor { unary("isNaN", ct_isnan) }

    /// Each element moved between the bounds, which are part of the range; a bound of nil doesn't limit
    /// (`torch.clamp`). No gradient flows through elements that are moved. Traps without any bound.
    public func clamp(min: Double? = nil, max: Double? = nil) -> Tensor {
        withOptionalBound(min) { low in
            withOptionalBound(max) { high in produce("clamp", [self]) { ct_clamp(raw, low, high, $0) } }
        }
    }
    /// exp(x) divided by its sum along the axis, so that the elements along it sum to 1 (`torch.softmax`).
    public func softmax(dim: Int) -> Tensor { produce("softmax", [self]) { ct_softmax(raw, Int64(dim), $0) } }
    /// Logarithm of the softmax along the axis, exact where the softmax would be 0 (`torch.log_softmax`).
    public func logSoftmax(dim: Int) -> Tensor { produce("logSoftmax", [self]) { ct_log_softmax(raw, Int64(dim), $0) } }
}

prefix operator .!
infix operator .& : LogicalConjunctionPrecedence
infix operator .| : LogicalDisjunctionPrecedence

// Comparisons and logic, element by element; the result is a tensor of bools, through which no gradient flows.
extension Tensor {
    /// Whether each element of `a` equals the one of `b`, as bools. Shapes broadcast.
    public static func .== (a: Tensor, b: Tensor) -> Tensor { binary(".==", ct_eq, a, b) }
    /// Whether each element of `a` differs from the one of `b`, as bools. Shapes broadcast.
    public static func .!= (a: Tensor, b: Tensor) -> Tensor { binary(".!=", ct_ne, a, b) }
    /// Whether each element of `a` is below the one of `b`, as bools. Shapes broadcast.
    public static func .< (a: Tensor, b: Tensor) -> Tensor { binary(".<", ct_lt, a, b) }
    /// Whether each element of `a` is at most the one of `b`, as bools. Shapes broadcast.
    public static func .<= (a: Tensor, b: Tensor) -> Tensor { binary(".<=", ct_le, a, b) }
    /// Whether each element of `a` is above the one of `b`, as bools. Shapes broadcast.
    public static func .> (a: Tensor, b: Tensor) -> Tensor { binary(".>", ct_gt, a, b) }
    /// Whether each element of `a` is at least the one of `b`, as bools. Shapes broadcast.
    public static func .>= (a: Tensor, b: Tensor) -> Tensor { binary(".>=", ct_ge, a, b) }

    /// Whether each element equals the number, as bools.
    public static func .== (a: Tensor, b: Double) -> Tensor { scalar(".==", ct_eq_scalar, a, ct_scalar(b)) }
    /// Whether each element differs from the number, as bools.
    public static func .!= (a: Tensor, b: Double) -> Tensor { scalar(".!=", ct_ne_scalar, a, ct_scalar(b)) }
    /// Whether each element is below the number, as bools.
    public static func .< (a: Tensor, b: Double) -> Tensor { scalar(".<", ct_lt_scalar, a, ct_scalar(b)) }
    /// Whether each element is at most the number, as bools.
    public static func .<= (a: Tensor, b: Double) -> Tensor { scalar(".<=", ct_le_scalar, a, ct_scalar(b)) }
    /// Whether each element is above the number, as bools.
    public static func .> (a: Tensor, b: Double) -> Tensor { scalar(".>", ct_gt_scalar, a, ct_scalar(b)) }
    /// Whether each element is at least the number, as bools.
    public static func .>= (a: Tensor, b: Double) -> Tensor { scalar(".>=", ct_ge_scalar, a, ct_scalar(b)) }

    /// Whether both elements are true, or not zero, as bools. Shapes broadcast.
    public static func .& (a: Tensor, b: Tensor) -> Tensor { binary(".&", ct_logical_and, a, b) }
    /// Whether at least one of two elements is true, or not zero, as bools. Shapes broadcast.
    public static func .| (a: Tensor, b: Tensor) -> Tensor { binary(".|", ct_logical_or, a, b) }
    /// Whether each element is false, or zero, as bools.
    public static prefix func .! (x: Tensor) -> Tensor { x.unary(".!", ct_logical_not) }
}

// Changes in place, seen by every value and view that shares the elements. Autograd allows them on a leaf that requires
// a gradient inside `withoutGrad` only, and traps otherwise.
extension Tensor {
    /// Adds `scale · other`, which broadcasts, to this tensor.
    public func addInPlace(_ other: Tensor, scale: Double = 1) {
        check(ct_add_in_place(raw, other.raw, scale), "addInPlace", [self, other])
    }
    /// Adds a number to each element of this tensor.
    public func addInPlace(_ value: Double) {
        check(ct_add_scalar_in_place(raw, ct_scalar(value)), "addInPlace", [self])
    }
    /// Multiplies this tensor by `other`, which broadcasts, element by element.
    public func multiplyInPlace(_ other: Tensor) {
        check(ct_mul_in_place(raw, other.raw), "multiplyInPlace", [self, other])
    }
    /// Multiplies each element of this tensor by a number.
    public func multiplyInPlace(_ value: Double) {
        check(ct_mul_scalar_in_place(raw, ct_scalar(value)), "multiplyInPlace", [self])
    }
    /// Sets each element of this tensor to a number.
    public func fillInPlace(_ value: Double) {
        check(ct_fill_in_place(raw, ct_scalar(value)), "fillInPlace", [self])
    }
    /// Sets each element of this tensor to 0.
    public func zeroInPlace() { fillInPlace(0) }
    /// Sets the elements of this tensor to those of `source`, which broadcasts and is converted to this tensor's type
    /// and device (`torch.Tensor.copy_`).
    public func copyInPlace(from source: Tensor) {
        check(ct_copy_in_place(raw, source.raw), "copyInPlace", [self, source])
    }
    /// Moves each element of this tensor between the bounds; a bound of nil doesn't limit. Traps without any bound.
    public func clampInPlace(min: Double? = nil, max: Double? = nil) {
        withOptionalBound(min) { low in
            withOptionalBound(max) { high in check(ct_clamp_in_place(raw, low, high), "clampInPlace", [self]) }
        }
    }
    /// Sets the negative elements of this tensor to 0.
    public func reluInPlace() { check(ct_relu_in_place(raw), "reluInPlace", [self]) }
    /// Draws every element of this tensor uniformly from `low..<high`, from libtorch's generator (``Random``).
    public func uniformInPlace(_ low: Double, _ high: Double) {
        check(ct_uniform_in_place(raw, low, high), "uniformInPlace", [self])
    }
    /// Draws every element of this tensor from a normal distribution, from libtorch's generator (``Random``).
    public func normalInPlace(mean: Double = 0, deviation: Double = 1) {
        check(ct_normal_in_place(raw, mean, deviation), "normalInPlace", [self])
    }
}
