import Media
import Support

/// Shrinks what is longer than `limit` in proportion: for transforms whose time goes with the pixels, in front of a resize
/// to far less.
public struct LimitLongestSide: ResizingTransform {
    /// Pixels of the longer side, at most.
    public let limit: Int
    /// How pixels are interpolated.
    public let filter: ResizeFilter

    /// A limit in pixels, above 0.
    public init(_ limit: Int, filter: ResizeFilter = .bilinearAntialiased) {
        precondition(limit > 0, "LimitLongestSide needs a limit above 0, got \(limit)")
        self.limit = limit
        self.filter = filter
    }

    /// The size within the limit (`ResizeRule.longestSide`); nothing is drawn.
    public func outputSize(for size: ImageSize, random: inout SeededRandom) -> ImageSize {
        ResizeRule.longestSide(limit).size(of: size)
    }
}
