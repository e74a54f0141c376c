import Media
import Support
import Tensors

/// A video of drawn frames. Its file is begun with the first frame, which gives the size.
struct DrawnVideo {
    let path: String
    let original: VideoReader
    let keepsSound: Bool
    private var writer: VideoWriter?

    var soundLeftOut: String? { writer?.soundLeftOut }

    init(path: String, original: VideoReader, keepsSound: Bool) {
        self.path = path
        self.original = original
        self.keepsSound = keepsSound
    }

    /// The writer of a drawn video; of frames that have no times, 25 are shown a second.
    static func writer(_ path: String, size: ImageSize, on original: VideoReader?, keepsSound: Bool) throws
        -> VideoWriter
    {
        // Frames that have times need no rate, and files state odd ones.
        let rate = min(max(original?.frameRate ?? 25, 1), 1000)
        let encoding = VideoEncoding(
            format: VideoEncoding.Format(ofFile: path) ?? .mp4, rate: rate, threads: Threads.count)
        guard let original else {
            return try VideoWriter(path: path, width: size.width, height: size.height, encoding: encoding)
        }
        return try VideoWriter(
            path: path, width: size.width, height: size.height, encoding: encoding, drawnOn: original,
            keepsSound: keepsSound)
    }

    /// Draws on frame number `frame` of the original. Frames come in order; one that is left out leaves the one before shown.
    mutating func append(_ image: ByteImage, frame: Int, objects: [ImageDetections.Object]) throws {
        let picture = try DrawnObject.draw(objects.map(\.drawn), on: image)
        let writer =
            try self.writer ?? Self.writer(path, size: picture.size, on: original, keepsSound: keepsSound)
        self.writer = writer
        try writer.append(picture, asFrame: frame)
    }

    /// Completes the file and returns its path; nil if there were no frames.
    func finish() throws -> String? {
        guard let writer else { return nil }
        try writer.finish()
        return path
    }
}
