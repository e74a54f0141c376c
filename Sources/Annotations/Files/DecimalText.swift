extension Double {
    /// A number as tables and annotations write it; unlike `Double.init` without hexadecimal ones, which other readers of the
    /// same file refuse. It may be infinite or not a number.
    package init?(decimal text: some StringProtocol) {
        guard !text.utf8.contains(where: { $0 | 0x20 == UInt8(ascii: "x") }), let value = Double(text) else { return nil }
        self = value
    }
}
