extension StringProtocol {
    /// The number that the text is, as tables and annotations write it; unlike `Double.init` no hexadecimal one, which other
    /// readers of the same file refuse. It may be infinite or not a number.
    package var decimalNumber: Double? {
        utf8.contains { $0 | 0x20 == UInt8(ascii: "x") } ? nil : Double(self)
    }
}
