import Media
import Support

/// Scales so that the shorter side becomes `shorterSide` unless the longer one would exceed `longestSide`: torchvision's
/// `GeneralizedRCNNTransform`, whose sizes are floor(size · scale) in double precision.
public struct ResizeShortestEdge: ResizingTransform {
    /// Candidates, of which each sample draws one.
    public let shorterSides: [Int]
    public let longestSide: Int
    public let filter: ResizeFilter

    public init(_ shorterSide: Int, longestSide: Int, filter: ResizeFilter = .bilinearAntialiased) {
        self.init([shorterSide], longestSide: longestSide, filter: filter)
    }

    /// One of several shorter sides per sample.
    public init(_ shorterSides: [Int], longestSide: Int, filter: ResizeFilter = .bilinearAntialiased) {
        precondition(
            !shorterSides.isEmpty && shorterSides.allSatisfy { $0 > 0 } && longestSide > 0,
            "ResizeShortestEdge needs sides above 0, got \(shorterSides) and \(longestSide)")
        self.shorterSides = shorterSides
        self.longestSide = longestSide
        self.filter = filter
    }

    public func outputSize(
        for size: (width: Int, height: Int), random: inout SeededRandom
    ) -> (width: Int, height: Int) {
        let side = shorterSides.count == 1 ? shorterSides[0] : random.element(of: shorterSides)
        return Self.outputSize(for: size, shorterSide: side, longestSide: longestSide)
    }

    /// The rule itself; no side becomes less than one pixel.
    public static func outputSize(
        for size: (width: Int, height: Int), shorterSide: Int, longestSide: Int
    ) -> (width: Int, height: Int) {
        let shorter = Double(min(size.width, size.height))
        let longer = Double(max(size.width, size.height))
        let scale = min(Double(shorterSide) / shorter, Double(longestSide) / longer)
        return (max(1, Int(Double(size.width) * scale)), max(1, Int(Double(size.height) * scale)))
    }
}

/// Scales to one size, whatever the proportions: SSD's input.
public struct ResizeFixed: ResizingTransform {
    public let width: Int
    public let height: Int
    public let filter: ResizeFilter

    public init(width: Int, height: Int, filter: ResizeFilter = .bilinearAntialiased) {
        precondition(width > 0 && height > 0, "ResizeFixed needs sides above 0, got \(width)×\(height)")
        self.width = width
        self.height = height
        self.filter = filter
    }

    public func outputSize(
        for size: (width: Int, height: Int), random: inout SeededRandom
    ) -> (width: Int, height: Int) { (width, height) }
}

/// Shrinks what is longer than `limit`, in proportion: for transforms whose time goes with the pixels, in front of a
/// resize to far less.
public struct LimitLongestSide: ResizingTransform {
    public let limit: Int
    public let filter: ResizeFilter

    public init(_ limit: Int, filter: ResizeFilter = .bilinearAntialiased) {
        precondition(limit > 0, "LimitLongestSide needs a limit above 0, got \(limit)")
        self.limit = limit
        self.filter = filter
    }

    public func outputSize(
        for size: (width: Int, height: Int), random: inout SeededRandom
    ) -> (width: Int, height: Int) {
        let longest = max(size.width, size.height)
        guard longest > limit else { return size }
        return (max(1, size.width * limit / longest), max(1, size.height * limit / longest))
    }
}
