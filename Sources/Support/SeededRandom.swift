/// A counter-based random generator. A sample's numbers depend only on (seed, epoch, index, stream), not on the number of
/// threads or the step at which a run starts.
///
/// It is SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014) as a counter:
/// draw n of key k is `mix(k + (n + 1) · 0x9E3779B97F4A7C15)`, and the key folds in one number after the other,
/// `k ← mix(k + 0x9E3779B97F4A7C15) xor number`, mixed once more at the end. Derived draws (`uniform`, `integer`,
/// `shuffle`, …) are implemented here, so that no change of the standard library can change them.
public struct SeededRandom: RandomNumberGenerator, Hashable, Sendable {
    private static let gamma: UInt64 = 0x9E37_79B9_7F4A_7C15

    private let key: UInt64
    private var counter: UInt64 = 0

    private init(key: UInt64) { self.key = key }

    /// The generator of sample `index` in epoch `epoch`. Streams are independent sequences of the same sample.
    public init(seed: UInt64, epoch: Int, index: Int, stream: Int = 0) {
        var key = seed
        for number in [epoch, index, stream] {
            key = Self.mix(key &+ Self.gamma) ^ UInt64(bitPattern: Int64(number))
        }
        self.init(key: Self.mix(key &+ Self.gamma))
    }

    /// An independent generator derived from this one's key, whatever this one has drawn. Each transform has one, so that
    /// adding a transform does not change the draws of others.
    public func stream(_ number: Int) -> SeededRandom {
        let folded = Self.mix(key &+ Self.gamma) ^ UInt64(bitPattern: Int64(number))
        return SeededRandom(key: Self.mix(folded &+ Self.gamma))
    }

    private static func mix(_ value: UInt64) -> UInt64 {
        var z = value
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// 64 random bits.
    public mutating func next() -> UInt64 {
        counter &+= 1
        return Self.mix(key &+ counter &* Self.gamma)
    }

    /// A uniform number in [0, 1), with 53 random bits.
    public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// A uniform number between the bounds.
    public mutating func uniform(_ low: Double, _ high: Double) -> Double { low + (high - low) * uniform() }

    /// True with probability `p`; draws a number even if `p` is 0 or 1.
    public mutating func chance(_ p: Double) -> Bool { uniform() < p }

    /// A uniform integer in 0 ..< bound, without bias (Lemire's multiplication with rejection).
    public mutating func integer(below bound: Int) -> Int {
        precondition(bound > 0, "integer(below: \(bound)) has no value to give")
        let width = UInt64(bound)
        var product = next().multipliedFullWidth(by: width)
        if product.low < width {
            let threshold = (0 &- width) % width
            while product.low < threshold { product = next().multipliedFullWidth(by: width) }
        }
        return Int(product.high)
    }

    /// A uniform integer in the range, bounds included.
    public mutating func integer(in range: ClosedRange<Int>) -> Int {
        range.lowerBound + integer(below: range.upperBound - range.lowerBound + 1)
    }

    /// A roughly normal number with mean 0 and standard deviation 1, within ±6: the sum of twelve uniform 16-bit numbers.
    /// Integer arithmetic makes it the same on every machine.
    public mutating func normal() -> Double {
        var sum: UInt64 = 0
        for _ in 0..<3 {
            let bits = next()
            sum += (bits & 0xFFFF) + (bits >> 16 & 0xFFFF) + (bits >> 32 & 0xFFFF) + (bits >> 48)
        }
        return (Double(sum) + 6) / 65536 - 6
    }

    /// One of the elements, all equally likely. The array must not be empty.
    public mutating func element<Element>(of elements: [Element]) -> Element {
        elements[integer(below: elements.count)]
    }

    /// Shuffles the elements by Fisher and Yates's method, from the last one down.
    public mutating func shuffle<Element>(_ elements: inout [Element]) {
        // For other modules this is compiled for elements of any type, whose swaps take ten times as long as those of numbers.
        elements = permutation(of: elements.count).map { elements[$0] }
    }

    /// The numbers 0 ..< count as ``shuffle(_:)`` leaves them.
    public mutating func permutation(of count: Int) -> [Int] {
        var numbers = Array(0..<count)
        var i = count - 1
        while i > 0 {
            numbers.swapAt(i, integer(below: i + 1))
            i -= 1
        }
        return numbers
    }
}
