import Media
import Support

/// Scales so that the shorter side gets one of several lengths, unless the longer one would exceed `longestSide`
/// (detectron2's `ResizeShortestEdge`; sizes are those of `ResizeRule.shortestEdge`).
public struct ResizeShortestEdge: ResizingTransform {
    /// Lengths in pixels, of which each sample draws one.
    public let shorterSides: [Int]
    /// Pixels of the longer side, at most.
    public let longestSide: Int
    /// How pixels are interpolated.
    public let filter: ResizeFilter

    /// One length for every sample.
    public init(_ shorterSide: Int, longestSide: Int, filter: ResizeFilter = .bilinearAntialiased) {
        self.init([shorterSide], longestSide: longestSide, filter: filter)
    }

    /// A length drawn for each sample; all must be above 0.
    public init(_ shorterSides: [Int], longestSide: Int, filter: ResizeFilter = .bilinearAntialiased) {
        precondition(
            !shorterSides.isEmpty && shorterSides.allSatisfy { $0 > 0 } && longestSide > 0,
            "ResizeShortestEdge needs sides above 0, got \(shorterSides) and \(longestSide)")
        self.shorterSides = shorterSides
        self.longestSide = longestSide
        self.filter = filter
    }

    /// The size by the drawn length; with a single one, nothing is drawn.
    public func outputSize(for size: ImageSize, random: inout SeededRandom) -> ImageSize {
        let side = shorterSides.count == 1 ? shorterSides[0] : random.element(of: shorterSides)
        return ResizeRule.shortestEdge(side, longest: longestSide).size(of: size)
    }
}
