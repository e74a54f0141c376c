import Media
import Support

/// Scales to one size, whatever the proportions: SSD's input (torchvision's `Resize((height, width))`).
public struct Resize: ResizingTransform {
    /// The size that every image becomes.
    public let size: ImageSize
    /// How pixels are interpolated.
    public let filter: ResizeFilter

    /// A resize to `width` × `height` pixels, both above 0.
    public init(width: Int, height: Int, filter: ResizeFilter = .bilinearAntialiased) {
        precondition(width > 0 && height > 0, "Resize needs sides above 0, got \(width)×\(height)")
        size = ImageSize(width: width, height: height)
        self.filter = filter
    }

    /// The fixed size; nothing is drawn.
    public func outputSize(for size: ImageSize, random: inout SeededRandom) -> ImageSize { self.size }
}
