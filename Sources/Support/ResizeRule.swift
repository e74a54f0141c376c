/// A rule for the size that an image is scaled to, shared by data sets, detectors and classifiers. No side becomes less
/// than one pixel.
public enum ResizeRule: Hashable, Sendable {
    /// The shorter side gets this length, unless the longer one would then exceed `longest`: torchvision's
    /// `GeneralizedRCNNTransform`, whose sides are ⌊side · scale⌋ in double precision.
    case shortestEdge(Int, longest: Int)
    /// The shorter side gets exactly this length, and the longer one is rounded: with `.down` as in torchvision's `Resize`,
    /// with `.toNearestOrAwayFromZero` for frames of clips.
    case shorterSide(Int, FloatingPointRoundingRule)
    /// A longer side above this length gets this length, the other one in proportion, rounded down; a smaller image stays.
    case longestSide(Int)
    /// This size, whatever the proportions.
    case fixed(ImageSize)

    /// The size in pixels that an image of `size` is scaled to.
    public func size(of size: ImageSize) -> ImageSize {
        let shorter = min(size.width, size.height)
        let longer = max(size.width, size.height)
        switch self {
        case .shortestEdge(let side, let longest):
            let scale = min(Double(side) / Double(shorter), Double(longest) / Double(longer))
            return ImageSize(
                width: max(1, Int(Double(size.width) * scale)), height: max(1, Int(Double(size.height) * scale)))
        case .shorterSide(let side, let rounding):
            // The product is exact, so the quotient rounds as the rational number would.
            let other = max(1, Int((Double(longer * side) / Double(shorter)).rounded(rounding)))
            return size.width < size.height
                ? ImageSize(width: side, height: other) : ImageSize(width: other, height: side)
        case .longestSide(let limit):
            guard longer > limit else { return size }
            return ImageSize(
                width: max(1, size.width * limit / longer), height: max(1, size.height * limit / longer))
        case .fixed(let fixed):
            return fixed
        }
    }
}
