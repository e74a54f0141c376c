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

    // Operands broadcast: axes of size 1, and missing leading axes, stretch to the other's size.

    /// Element by element, broadcast; kinds of elements are promoted as in PyTorch.
    public static func + (a: Tensor, b: Tensor) -> Tensor { binary("+", ct_add, a, b) }
    /// Element by element, broadcast; kinds of elements are promoted as in PyTorch.
    public static func - (a: Tensor, b: Tensor) -> Tensor { binary("-", ct_sub, a, b) }
    /// Element by element, broadcast; kinds of elements are promoted as in PyTorch.
    public static func * (a: Tensor, b: Tensor) -> Tensor { binary("*", ct_mul, a, b) }
    /// Element by element, broadcast; kinds of elements are promoted as in PyTorch.
    public static func / (a: Tensor, b: Tensor) -> Tensor { binary("/", ct_div, a, b) }
    /// Element by element, broadcast; kinds of elements are promoted as in PyTorch.
    public static func % (a: Tensor, b: Tensor) -> Tensor { binary("%", ct_remainder, a, b) }

    /// Element by element, broadcast; kinds of elements are promoted as in PyTorch.
    public static func + (a: Tensor, b: Double) -> Tensor { scalar("+", ct_add_scalar, a, ct_scalar(b)) }
    /// Element by element, broadcast; kinds of elements are promoted as in PyTorch.
    public static func - (a: Tensor, b: Double) -> Tensor { scalar("-", ct_sub_scalar, a, ct_scalar(b)) }
    /// Element by element, broadcast; kinds of elements are promoted as in PyTorch.
    public static func * (a: Tensor, b: Double) -> Tensor { scalar("*", ct_mul_scalar, a, ct_scalar(b)) }
    /// Element by element, broadcast; kinds of elements are promoted as in PyTorch.
    public static func / (a: Tensor, b: Double) -> Tensor { scalar("/", ct_div_scalar, a, ct_scalar(b)) }
    /// Element by element, broadcast; kinds of elements are promoted as in PyTorch.
    public static func + (a: Double, b: Tensor) -> Tensor { b + a }
    /// Element by element, broadcast; kinds of elements are promoted as in PyTorch.
    public static func - (a: Double, b: Tensor) -> Tensor { scalar("-", ct_rsub_scalar, b, ct_scalar(a)) }
    /// Element by element, broadcast; kinds of elements are promoted as in PyTorch.
    public static func * (a: Double, b: Tensor) -> Tensor { b * a }
    /// Element by element, broadcast; kinds of elements are promoted as in PyTorch.
    public static func / (a: Double, b: Tensor) -> Tensor { b.reciprocal() * a }

    /// Element by element, broadcast; kinds of elements are promoted as in PyTorch.
    public static func + (a: Tensor, b: Int) -> Tensor { scalar("+", ct_add_scalar, a, ct_scalar(b)) }
    /// Element by element, broadcast; kinds of elements are promoted as in PyTorch.
    public static func - (a: Tensor, b: Int) -> Tensor { scalar("-", ct_sub_scalar, a, ct_scalar(b)) }
    /// Element by element, broadcast; kinds of elements are promoted as in PyTorch.
    public static func * (a: Tensor, b: Int) -> Tensor { scalar("*", ct_mul_scalar, a, ct_scalar(b)) }
    /// Element by element, broadcast; kinds of elements are promoted as in PyTorch.
    public static func / (a: Tensor, b: Int) -> Tensor { scalar("/", ct_div_scalar, a, ct_scalar(b)) }
    /// Element by element, broadcast; kinds of elements are promoted as in PyTorch.
    public static func % (a: Tensor, b: Int) -> Tensor { scalar("%", ct_remainder_scalar, a, ct_scalar(b)) }
    /// Element by element, broadcast; kinds of elements are promoted as in PyTorch.
    public static func + (a: Int, b: Tensor) -> Tensor { b + a }
    /// Element by element, broadcast; kinds of elements are promoted as in PyTorch.
    public static func - (a: Int, b: Tensor) -> Tensor { scalar("-", ct_rsub_scalar, b, ct_scalar(a)) }
    /// Element by element, broadcast; kinds of elements are promoted as in PyTorch.
    public static func * (a: Int, b: Tensor) -> Tensor { b * a }
    /// Element by element, broadcast; kinds of elements are promoted as in PyTorch.
    public static func / (a: Int, b: Tensor) -> Tensor { b.reciprocal() * a }

    /// The negative of each element.
    public static prefix func - (x: Tensor) -> Tensor { x.unary("-", ct_neg) }

    /// Replaces the left value by a new tensor; the old elements stay as they are.
    public static func += (a: inout Tensor, b: Tensor) { a = a + b }
    /// Replaces the left value by a new tensor; the old elements stay as they are.
    public static func -= (a: inout Tensor, b: Tensor) { a = a - b }
    /// Replaces the left value by a new tensor; the old elements stay as they are.
    public static func *= (a: inout Tensor, b: Tensor) { a = a * b }
    /// Replaces the left value by a new tensor; the old elements stay as they are.
    public static func /= (a: inout Tensor, b: Tensor) { a = a / b }
    /// Replaces the left value by a new tensor; the old elements stay as they are.
    public static func += (a: inout Tensor, b: Double) { a = a + b }
    /// Replaces the left value by a new tensor; the old elements stay as they are.
    public static func -= (a: inout Tensor, b: Double) { a = a - b }
    /// Replaces the left value by a new tensor; the old elements stay as they are.
    public static func *= (a: inout Tensor, b: Double) { a = a * b }
    /// Replaces the left value by a new tensor; the old elements stay as they are.
    public static func /= (a: inout Tensor, b: Double) { a = a / b }

    /// The smaller of both, element by element.
    public static func minimum(_ a: Tensor, _ b: Tensor) -> Tensor { binary("minimum", ct_minimum, a, b) }
    /// The larger of both, element by element.
    public static func maximum(_ a: Tensor, _ b: Tensor) -> Tensor { binary("maximum", ct_maximum, a, b) }
    /// Angle of the point (x, y), in radians from −π to π.
    public static func atan2(_ y: Tensor, _ x: Tensor) -> Tensor { binary("atan2", ct_atan2, y, x) }
    /// Elements of `a` where the condition holds, else of `b`.
    public static func `where`(_ condition: Tensor, _ a: Tensor, _ b: Tensor) -> Tensor {
        produce("where", [condition, a, b]) { ct_where(condition.raw, a.raw, b.raw, $0) }
    }

    /// Each element raised to the exponent.
    public func pow(_ exponent: Double) -> Tensor { Self.scalar("pow", ct_pow_scalar, self, ct_scalar(exponent)) }
    /// Each element raised to the exponent.
    public func pow(_ exponent: Tensor) -> Tensor { Self.binary("pow", ct_pow, self, exponent) }
    /// Matrix product, batched over leading axes.
    public func matmul(_ other: Tensor) -> Tensor { Self.binary("matmul", ct_matmul, self, other) }

    /// e to the power of each element.
    public func exp() -> Tensor { unary("exp", ct_exp) }
    /// exp(x) − 1, exact near zero.
    public func expm1() -> Tensor { unary("expm1", ct_expm1) }
    /// Natural logarithm.
    public func log() -> Tensor { unary("log", ct_log) }
    /// Logarithm to base 2.
    public func log2() -> Tensor { unary("log2", ct_log2) }
    /// log(1 + x), exact near zero.
    public func log1p() -> Tensor { unary("log1p", ct_log1p) }
    /// Square root.
    public func sqrt() -> Tensor { unary("sqrt", ct_sqrt) }
    /// 1 / √x.
    public func rsqrt() -> Tensor { unary("rsqrt", ct_rsqrt) }
    /// Absolute value.
    public func abs() -> Tensor { unary("abs", ct_abs) }
    /// Sine of an angle in radians.
    public func sin() -> Tensor { unary("sin", ct_sin) }
    /// Cosine of an angle in radians.
    public func cos() -> Tensor { unary("cos", ct_cos) }
    /// Hyperbolic tangent.
    public func tanh() -> Tensor { unary("tanh", ct_tanh) }
    /// Error function.
    public func erf() -> Tensor { unary("erf", ct_erf) }
    /// 1 / (1 + exp(−x)).
    public func sigmoid() -> Tensor { unary("sigmoid", ct_sigmoid) }
    /// max(x, 0), as a new tensor.
    public func relu() -> Tensor { unary("relu", ct_relu) }
    /// Largest whole number not above x.
    public func floor() -> Tensor { unary("floor", ct_floor) }
    /// Smallest whole number not below x.
    public func ceil() -> Tensor { unary("ceil", ct_ceil) }
    /// To the nearest integer, halves to the even one.
    public func round() -> Tensor { unary("round", ct_round) }
    /// x without its fraction.
    public func trunc() -> Tensor { unary("trunc", ct_trunc) }
    /// −1, 0 or 1.
    public func sign() -> Tensor { unary("sign", ct_sign) }
    /// 1 / x.
    public func reciprocal() -> Tensor { unary("reciprocal", ct_reciprocal) }
    /// x · x.
    public func square() -> Tensor { unary("square", ct_square) }
    /// Whether each element is neither infinite nor NaN.
    public func isFinite() -> Tensor { unary("isFinite", ct_isfinite) }
    /// Whether each element is NaN.
    public func isNaN() -> Tensor { unary("isNaN", ct_isnan) }

    /// Each element moved between the bounds.
    public func clamp(min: Double? = nil, max: Double? = nil) -> Tensor {
        withOptionalBound(min) { low in
            withOptionalBound(max) { high in produce("clamp", [self]) { ct_clamp(raw, low, high, $0) } }
        }
    }
    /// exp(x) divided by its sum along the axis.
    public func softmax(dim: Int) -> Tensor { produce("softmax", [self]) { ct_softmax(raw, Int64(dim), $0) } }
    /// Logarithm of the softmax along the axis.
    public func logSoftmax(dim: Int) -> Tensor { produce("logSoftmax", [self]) { ct_log_softmax(raw, Int64(dim), $0) } }
}

prefix operator .!
infix operator .& : LogicalConjunctionPrecedence
infix operator .| : LogicalDisjunctionPrecedence

// Elementwise comparison; the result is a bool tensor.
extension Tensor {
    /// Compares element by element, broadcast; the result is of bools.
    public static func .== (a: Tensor, b: Tensor) -> Tensor { binary(".==", ct_eq, a, b) }
    /// Compares element by element, broadcast; the result is of bools.
    public static func .!= (a: Tensor, b: Tensor) -> Tensor { binary(".!=", ct_ne, a, b) }
    /// Compares element by element, broadcast; the result is of bools.
    public static func .< (a: Tensor, b: Tensor) -> Tensor { binary(".<", ct_lt, a, b) }
    /// Compares element by element, broadcast; the result is of bools.
    public static func .<= (a: Tensor, b: Tensor) -> Tensor { binary(".<=", ct_le, a, b) }
    /// Compares element by element, broadcast; the result is of bools.
    public static func .> (a: Tensor, b: Tensor) -> Tensor { binary(".>", ct_gt, a, b) }
    /// Compares element by element, broadcast; the result is of bools.
    public static func .>= (a: Tensor, b: Tensor) -> Tensor { binary(".>=", ct_ge, a, b) }

    /// Compares element by element, broadcast; the result is of bools.
    public static func .== (a: Tensor, b: Double) -> Tensor { scalar(".==", ct_eq_scalar, a, ct_scalar(b)) }
    /// Compares element by element, broadcast; the result is of bools.
    public static func .!= (a: Tensor, b: Double) -> Tensor { scalar(".!=", ct_ne_scalar, a, ct_scalar(b)) }
    /// Compares element by element, broadcast; the result is of bools.
    public static func .< (a: Tensor, b: Double) -> Tensor { scalar(".<", ct_lt_scalar, a, ct_scalar(b)) }
    /// Compares element by element, broadcast; the result is of bools.
    public static func .<= (a: Tensor, b: Double) -> Tensor { scalar(".<=", ct_le_scalar, a, ct_scalar(b)) }
    /// Compares element by element, broadcast; the result is of bools.
    public static func .> (a: Tensor, b: Double) -> Tensor { scalar(".>", ct_gt_scalar, a, ct_scalar(b)) }
    /// Compares element by element, broadcast; the result is of bools.
    public static func .>= (a: Tensor, b: Double) -> Tensor { scalar(".>=", ct_ge_scalar, a, ct_scalar(b)) }

    /// Whether both are true or not zero.
    public static func .& (a: Tensor, b: Tensor) -> Tensor { binary(".&", ct_logical_and, a, b) }
    /// Whether either is true or not zero.
    public static func .| (a: Tensor, b: Tensor) -> Tensor { binary(".|", ct_logical_or, a, b) }
    /// Whether the element is false or zero.
    public static prefix func .! (x: Tensor) -> Tensor { x.unary(".!", ct_logical_not) }
}

// Changes in place. Autograd allows them on leaves inside `withoutGrad` only.
extension Tensor {
    /// `self += scale · other`.
    public func addInPlace(_ other: Tensor, scale: Double = 1) {
        check(ct_add_in_place(raw, other.raw, scale), "addInPlace", [self, other])
    }
    /// Adds to each element of this tensor.
    public func addInPlace(_ value: Double) {
        check(ct_add_scalar_in_place(raw, ct_scalar(value)), "addInPlace", [self])
    }
    /// Multiplies each element of this tensor.
    public func multiplyInPlace(_ other: Tensor) {
        check(ct_mul_in_place(raw, other.raw), "multiplyInPlace", [self, other])
    }
    /// Multiplies each element of this tensor.
    public func multiplyInPlace(_ value: Double) {
        check(ct_mul_scalar_in_place(raw, ct_scalar(value)), "multiplyInPlace", [self])
    }
    /// Sets each element of this tensor.
    public func fillInPlace(_ value: Double) {
        check(ct_fill_in_place(raw, ct_scalar(value)), "fillInPlace", [self])
    }
    /// Sets each element of this tensor to 0.
    public func zeroInPlace() { fillInPlace(0) }
    /// Takes over the elements of `source`, which broadcasts, converted and brought to this tensor's device.
    public func copyInPlace(from source: Tensor) {
        check(ct_copy_in_place(raw, source.raw), "copyInPlace", [self, source])
    }
    /// Moves each element of this tensor between the bounds.
    public func clampInPlace(min: Double? = nil, max: Double? = nil) {
        withOptionalBound(min) { low in
            withOptionalBound(max) { high in check(ct_clamp_in_place(raw, low, high), "clampInPlace", [self]) }
        }
    }
    /// Sets the negative elements of this tensor to 0.
    public func reluInPlace() { check(ct_relu_in_place(raw), "reluInPlace", [self]) }
    /// Draws every element uniformly from `low..<high`.
    public func uniformInPlace(_ low: Double, _ high: Double) {
        check(ct_uniform_in_place(raw, low, high), "uniformInPlace", [self])
    }
    /// Draws every element from a normal distribution.
    public func normalInPlace(mean: Double = 0, deviation: Double = 1) {
        check(ct_normal_in_place(raw, mean, deviation), "normalInPlace", [self])
    }
}
