/// Numbers that follow from a name, so that golden values need no stored weights.
///
/// Element i is `lo + (hi − lo) · u`, in float64 rounded to float32, where u is the upper 24 bits of splitmix64 seeded
/// with the FNV-1a hash of `salt + name`, over 2²⁴.
package func goldenFill(
    name: String, count: Int, lo: Double, hi: Double, salt: String = ""
) -> [Float] {
    var seed: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in (salt + name).utf8 { seed = (seed ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
        var state = seed
        for i in 0..<count {
            state = state &+ 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            z = z ^ (z >> 31)
            buffer[i] = Float(lo + (hi - lo) * (Double(z >> 40) / 16_777_216))
        }
        initialized = count
    }
}

/// What golden values assume in a state dict's tensor of this name and shape: weights uniform within ±√(6 / fan in),
/// scales in 0.4…0.9, biases and running means in ±0.1, running variances in 0.5…1.5, counters 0.
package func goldenWeights(name: String, shape: [Int], salt: String = "") -> [Float] {
    let count = shape.reduce(1, *)
    func fill(_ low: Double, _ high: Double) -> [Float] {
        goldenFill(name: name, count: count, lo: low, hi: high, salt: salt)
    }
    if name.hasSuffix("num_batches_tracked") { return [Float](repeating: 0, count: count) }
    if name.hasSuffix("running_var") { return fill(0.5, 1.5) }
    if name.hasSuffix("running_mean") || name.hasSuffix("bias") { return fill(-0.1, 0.1) }
    if name.contains(".ds") { return fill(0, 0.5) }
    if shape.count >= 2 {
        let bound = (6 / Double(shape.dropFirst().reduce(1, *))).squareRoot()
        return fill(-bound, bound)
    }
    return fill(0.4, 0.9)
}
