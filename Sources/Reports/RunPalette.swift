import Media

/// Colours that colour-blind eyes tell apart (Okabe and Ito, "Color universal design", 2008), and dashes that tell lines apart
/// without colours.
enum RunPalette {
    private static let colors: [UInt32] = [0x0072B2, 0xD55E00, 0x009E73, 0xCC79A7, 0xE69F00, 0x56B4E9, 0x000000]
    private static let strokes: [[Int]] = [[], [7, 3], [2, 2], [9, 3, 2, 3]]

    /// The colour of run `index`, from 0.
    static func color(_ index: Int) -> Color { Color(hex: colors[index % colors.count]) }

    /// Lengths of strokes and gaps of run `index`, from 0; empty for a line without gaps. With seven colours and four kinds of
    /// dashes, 28 runs differ.
    static func dashes(_ index: Int) -> [Int] { strokes[index % strokes.count] }
}
