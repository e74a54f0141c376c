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

    public static func + (a: Tensor, b: Tensor) -> Tensor { binary("+", ct_add, a, b) }
    public static func - (a: Tensor, b: Tensor) -> Tensor { binary("-", ct_sub, a, b) }
    public static func * (a: Tensor, b: Tensor) -> Tensor { binary("*", ct_mul, a, b) }
    public static func / (a: Tensor, b: Tensor) -> Tensor { binary("/", ct_div, a, b) }
    public static func % (a: Tensor, b: Tensor) -> Tensor { binary("%", ct_remainder, a, b) }

    public static func + (a: Tensor, b: Double) -> Tensor { scalar("+", ct_add_scalar, a, ct_scalar(b)) }
    public static func - (a: Tensor, b: Double) -> Tensor { scalar("-", ct_sub_scalar, a, ct_scalar(b)) }
    public static func * (a: Tensor, b: Double) -> Tensor { scalar("*", ct_mul_scalar, a, ct_scalar(b)) }
    public static func / (a: Tensor, b: Double) -> Tensor { scalar("/", ct_div_scalar, a, ct_scalar(b)) }
    public static func + (a: Double, b: Tensor) -> Tensor { b + a }
    public static func - (a: Double, b: Tensor) -> Tensor { scalar("-", ct_rsub_scalar, b, ct_scalar(a)) }
    public static func * (a: Double, b: Tensor) -> Tensor { b * a }
    public static func / (a: Double, b: Tensor) -> Tensor { b.reciprocal() * a }

    public static func + (a: Tensor, b: Int) -> Tensor { scalar("+", ct_add_scalar, a, ct_scalar(b)) }
    public static func - (a: Tensor, b: Int) -> Tensor { scalar("-", ct_sub_scalar, a, ct_scalar(b)) }
    public static func * (a: Tensor, b: Int) -> Tensor { scalar("*", ct_mul_scalar, a, ct_scalar(b)) }
    public static func / (a: Tensor, b: Int) -> Tensor { scalar("/", ct_div_scalar, a, ct_scalar(b)) }
    public static func % (a: Tensor, b: Int) -> Tensor { scalar("%", ct_remainder_scalar, a, ct_scalar(b)) }
    public static func + (a: Int, b: Tensor) -> Tensor { b + a }
    public static func - (a: Int, b: Tensor) -> Tensor { scalar("-", ct_rsub_scalar, b, ct_scalar(a)) }
    public static func * (a: Int, b: Tensor) -> Tensor { b * a }
    public static func / (a: Int, b: Tensor) -> Tensor { b.reciprocal() * a }

    public static prefix func - (x: Tensor) -> Tensor { x.unary("-", ct_neg) }

    public static func += (a: inout Tensor, b: Tensor) { a = a + b }
    public static func -= (a: inout Tensor, b: Tensor) { a = a - b }
    public static func *= (a: inout Tensor, b: Tensor) { a = a * b }
    public static func /= (a: inout Tensor, b: Tensor) { a = a / b }
    public static func += (a: inout Tensor, b: Double) { a = a + b }
    public static func -= (a: inout Tensor, b: Double) { a = a - b }
    public static func *= (a: inout Tensor, b: Double) { a = a * b }
    public static func /= (a: inout Tensor, b: Double) { a = a / b }

    public static func minimum(_ a: Tensor, _ b: Tensor) -> Tensor { binary("minimum", ct_minimum, a, b) }
    public static func maximum(_ a: Tensor, _ b: Tensor) -> Tensor { binary("maximum", ct_maximum, a, b) }
    public static func atan2(_ y: Tensor, _ x: Tensor) -> Tensor { binary("atan2", ct_atan2, y, x) }
    /// Elements of `a` where the condition holds, else of `b`.
    public static func `where`(_ condition: Tensor, _ a: Tensor, _ b: Tensor) -> Tensor {
        produce("where", [condition, a, b]) { ct_where(condition.raw, a.raw, b.raw, $0) }
    }

    public func pow(_ exponent: Double) -> Tensor { Self.scalar("pow", ct_pow_scalar, self, ct_scalar(exponent)) }
    public func pow(_ exponent: Tensor) -> Tensor { Self.binary("pow", ct_pow, self, exponent) }
    /// Matrix product, batched over leading axes.
    public func matmul(_ other: Tensor) -> Tensor { Self.binary("matmul", ct_matmul, self, other) }

    public func exp() -> Tensor { unary("exp", ct_exp) }
    public func expm1() -> Tensor { unary("expm1", ct_expm1) }
    public func log() -> Tensor { unary("log", ct_log) }
    public func log2() -> Tensor { unary("log2", ct_log2) }
    public func log1p() -> Tensor { unary("log1p", ct_log1p) }
    public func sqrt() -> Tensor { unary("sqrt", ct_sqrt) }
    public func rsqrt() -> Tensor { unary("rsqrt", ct_rsqrt) }
    public func abs() -> Tensor { unary("abs", ct_abs) }
    public func sin() -> Tensor { unary("sin", ct_sin) }
    public func cos() -> Tensor { unary("cos", ct_cos) }
    public func tanh() -> Tensor { unary("tanh", ct_tanh) }
    public func erf() -> Tensor { unary("erf", ct_erf) }
    public func sigmoid() -> Tensor { unary("sigmoid", ct_sigmoid) }
    public func relu() -> Tensor { unary("relu", ct_relu) }
    public func floor() -> Tensor { unary("floor", ct_floor) }
    public func ceil() -> Tensor { unary("ceil", ct_ceil) }
    /// To the nearest integer, halves to the even one.
    public func round() -> Tensor { unary("round", ct_round) }
    public func trunc() -> Tensor { unary("trunc", ct_trunc) }
    public func sign() -> Tensor { unary("sign", ct_sign) }
    public func reciprocal() -> Tensor { unary("reciprocal", ct_reciprocal) }
    public func square() -> Tensor { unary("square", ct_square) }
    public func isFinite() -> Tensor { unary("isFinite", ct_isfinite) }
    public func isNaN() -> Tensor { unary("isNaN", ct_isnan) }

    public func clamp(min: Double? = nil, max: Double? = nil) -> Tensor {
        withOptionalBound(min) { low in
            withOptionalBound(max) { high in produce("clamp", [self]) { ct_clamp(raw, low, high, $0) } }
        }
    }
    public func softmax(dim: Int) -> Tensor { produce("softmax", [self]) { ct_softmax(raw, Int64(dim), $0) } }
    public func logSoftmax(dim: Int) -> Tensor { produce("logSoftmax", [self]) { ct_log_softmax(raw, Int64(dim), $0) } }
}

prefix operator .!
infix operator .& : LogicalConjunctionPrecedence
infix operator .| : LogicalDisjunctionPrecedence

// Elementwise comparison; the result is a bool tensor.
extension Tensor {
    public static func .== (a: Tensor, b: Tensor) -> Tensor { binary(".==", ct_eq, a, b) }
    public static func .!= (a: Tensor, b: Tensor) -> Tensor { binary(".!=", ct_ne, a, b) }
    public static func .< (a: Tensor, b: Tensor) -> Tensor { binary(".<", ct_lt, a, b) }
    public static func .<= (a: Tensor, b: Tensor) -> Tensor { binary(".<=", ct_le, a, b) }
    public static func .> (a: Tensor, b: Tensor) -> Tensor { binary(".>", ct_gt, a, b) }
    public static func .>= (a: Tensor, b: Tensor) -> Tensor { binary(".>=", ct_ge, a, b) }

    public static func .== (a: Tensor, b: Double) -> Tensor { scalar(".==", ct_eq_scalar, a, ct_scalar(b)) }
    public static func .!= (a: Tensor, b: Double) -> Tensor { scalar(".!=", ct_ne_scalar, a, ct_scalar(b)) }
    public static func .< (a: Tensor, b: Double) -> Tensor { scalar(".<", ct_lt_scalar, a, ct_scalar(b)) }
    public static func .<= (a: Tensor, b: Double) -> Tensor { scalar(".<=", ct_le_scalar, a, ct_scalar(b)) }
    public static func .> (a: Tensor, b: Double) -> Tensor { scalar(".>", ct_gt_scalar, a, ct_scalar(b)) }
    public static func .>= (a: Tensor, b: Double) -> Tensor { scalar(".>=", ct_ge_scalar, a, ct_scalar(b)) }

    public static func .& (a: Tensor, b: Tensor) -> Tensor { binary(".&", ct_logical_and, a, b) }
    public static func .| (a: Tensor, b: Tensor) -> Tensor { binary(".|", ct_logical_or, a, b) }
    public static prefix func .! (x: Tensor) -> Tensor { x.unary(".!", ct_logical_not) }
}

// Changes in place. Autograd allows them on leaves inside `withoutGrad` only.
extension Tensor {
    /// `self += scale · other`.
    public func addInPlace(_ other: Tensor, scale: Double = 1) {
        check(ct_add_in_place(raw, other.raw, scale), "addInPlace", [self, other])
    }
    public func addInPlace(_ value: Double) {
        check(ct_add_scalar_in_place(raw, ct_scalar(value)), "addInPlace", [self])
    }
    public func multiplyInPlace(_ other: Tensor) {
        check(ct_mul_in_place(raw, other.raw), "multiplyInPlace", [self, other])
    }
    public func multiplyInPlace(_ value: Double) {
        check(ct_mul_scalar_in_place(raw, ct_scalar(value)), "multiplyInPlace", [self])
    }
    public func fillInPlace(_ value: Double) {
        check(ct_fill_in_place(raw, ct_scalar(value)), "fillInPlace", [self])
    }
    public func zeroInPlace() { fillInPlace(0) }
    /// Takes over the elements of `source`, which broadcasts, converted and brought to this tensor's device.
    public func copyInPlace(from source: Tensor) {
        check(ct_copy_in_place(raw, source.raw), "copyInPlace", [self, source])
    }
    public func clampInPlace(min: Double? = nil, max: Double? = nil) {
        withOptionalBound(min) { low in
            withOptionalBound(max) { high in check(ct_clamp_in_place(raw, low, high), "clampInPlace", [self]) }
        }
    }
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
