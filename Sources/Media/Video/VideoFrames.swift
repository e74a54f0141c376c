/// Frames of a video, `[N, height, width, 3]`, RGB.
public struct VideoFrames: Sendable {
    /// The numbers of the frames, in the order in which they were asked for. N of them.
    public let indices: [Int]
    /// In pixels.
    public let width: Int
    /// In pixels.
    public let height: Int
    /// N * height * width * 3 samples. A missing frame is black.
    public let pixels: [UInt8]
    /// The frames that could not be decoded, ascending. Only under `VideoOptions.Damage.keepDecodable`.
    public let missing: [Int]

    /// The frame at `position` of `indices`.
    public func image(_ position: Int) -> ByteImage {
        precondition(
            indices.indices.contains(position), "VideoFrames: no frame \(position) among \(indices.count)")
        let count = width * height * 3
        return ByteImage(width: width, height: height, channels: 3) { memory in
            pixels.withUnsafeBytes {
                memory.copyMemory(from: .init(rebasing: $0[position * count..<(position + 1) * count]))
            }
        }
    }

    /// Every frame, in the order of `indices`.
    public var images: [ByteImage] { indices.indices.map(image) }
}
