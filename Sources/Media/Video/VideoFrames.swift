import Support

/// Frames of a video, decoded: N pictures of one size, RGB.
public struct VideoFrames: Sendable {
    /// The numbers of the N frames, counted from 0 in the video, in the order in which they were asked for.
    public let indices: [Int]
    /// Width and height of every frame in pixels.
    public let size: ImageSize
    /// The samples of all frames, uint8 `[N, height, width, 3]`, RGB. A missing frame is black.
    public let pixels: [UInt8]
    /// The numbers of the frames that could not be decoded, ascending. Always none unless the video was opened with
    /// ``VideoOptions/Damage/keepDecodable``.
    public let missing: [Int]

    /// Columns of pixels of every frame.
    public var width: Int { size.width }
    /// Rows of pixels of every frame.
    public var height: Int { size.height }

    /// The frame at `position` of ``indices``, as a picture.
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

    /// All frames as pictures, in the order of ``indices``.
    public var images: [ByteImage] { indices.indices.map(image) }
}
