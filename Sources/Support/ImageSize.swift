/// The width and height of an image in pixels.
public struct ImageSize: Hashable, Sendable, Codable {
    /// Pixels from left to right.
    public var width: Int
    /// Pixels from top to bottom.
    public var height: Int

    /// A size from its two sides.
    public init(width: Int, height: Int) {
        self.width = width
        self.height = height
    }
}
