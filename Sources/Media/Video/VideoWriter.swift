import CMedia
import Support

/// How pictures are encoded as a video.
public struct VideoEncoding: Hashable, Sendable {
    /// A kind of video file that is written.
    public enum Format: Hashable, Sendable {
        /// H.264 in MP4, or MPEG-4 part 2 where FFmpeg has no libx264.
        case mp4
        /// VP9 in WebM, or VP8 where FFmpeg can't encode VP9.
        case webm
        /// The pictures of `mp4` in Matroska, which takes nearly every kind of sound.
        case matroska

        var code: cm_video_format {
            switch self {
            case .mp4: CM_VIDEO_MP4
            case .webm: CM_VIDEO_WEBM
            case .matroska: CM_VIDEO_MATROSKA
            }
        }

        /// The format that a file's name asks for by its ending, `mp4`, `m4v`, `webm` or `mkv`; nil for another.
        public init?(ofFile path: String) {
            let name = path.split(separator: "/").last ?? ""
            switch name.split(separator: ".", omittingEmptySubsequences: false).dropFirst().last?.lowercased() {
            case "mp4", "m4v": self = .mp4
            case "webm": self = .webm
            case "mkv": self = .matroska
            default: return nil
            }
        }
    }

    /// The kind of file, whatever its name ends with.
    public var format: Format
    /// Frames a second.
    public var rate: Double
    /// The quality, 1 (smallest file) to 100 (nearest to the pictures).
    public var quality: Int
    /// The most frames from one key frame to the next, which is how many must be decoded at most to read one.
    public var keyFrameDistance: Int
    /// The threads of the encoder, at least 1.
    public var threads: Int

    /// An encoding as MP4 with 25 frames a second, quality 75 and a key frame every 48 frames, in one thread, unless
    /// said otherwise.
    public init(
        format: Format = .mp4, rate: Double = 25, quality: Int = 75, keyFrameDistance: Int = 48, threads: Int = 1
    ) {
        precondition(
            rate > 0 && rate.isFinite && (1...100).contains(quality) && keyFrameDistance > 0 && threads > 0,
            "VideoEncoding: rate \(rate), quality \(quality), key frame distance \(keyFrameDistance), \(threads) threads"
        )
        self.format = format
        self.rate = rate
        self.quality = quality
        self.keyFrameDistance = keyFrameDistance
        self.threads = threads
    }
}

/// Writes a video file picture by picture. The file appears under its name when ``finish()`` is called, whole or not at
/// all.
///
/// Colours are stored as BT.709 when the picture is wider than 1279 or higher than 576 pixels and as BT.601 otherwise,
/// in limited range and at half resolution (4:2:0), and the file says so. An odd side is stored with its last row or
/// column repeated. On one machine, the same pictures always make the same bytes.
public final class VideoWriter {
    /// Where the file will be.
    public let path: String
    /// Columns of pixels of every picture.
    public let width: Int
    /// Rows of pixels of every picture.
    public let height: Int
    /// How the pictures are encoded.
    public let encoding: VideoEncoding
    /// FFmpeg's name of the encoder: `libx264`, `mpeg4`, `libvpx-vp9` or `libvpx`.
    public let encoder: String

    /// Why the sound of the video that was drawn on is left out or ends early; nil when it is copied or there is none.
    public private(set) var soundLeftOut: String?

    private let file: WholeFile
    private var writer: OpaquePointer?
    /// The video whose times the pictures have.
    private let original: VideoReader?
    /// The frame of the original whose time the next picture has.
    private var next = 0

    /// Begins a video of `width` x `height` pixels for `path`, in the format of `encoding`, whatever the path ends
    /// with.
    /// - Throws: ``MediaError``, which names the file.
    public convenience init(
        path: String, width: Int, height: Int, encoding: VideoEncoding = VideoEncoding()
    ) throws {
        try self.init(path: path, width: width, height: height, encoding: encoding, syncs: true)
    }

    /// Begins a video of pictures that are drawn on the frames of another one: they have the times of those frames, so
    /// that the video lasts as long, and pixels of their shape. The original must have been read from once.
    ///
    /// - Parameters:
    ///   - path: Where the file will be.
    ///   - width: Columns of pixels of every picture.
    ///   - height: Rows of pixels of every picture.
    ///   - encoding: How the pictures are encoded; its rate is for frames without a time.
    ///   - original: The video that is drawn on. It is not read from, and other frames of it may be.
    ///   - keepsSound: Whether its sound is copied without being encoded again, all its streams that the format takes;
    ///     ``soundLeftOut`` says which it does not. Sound that begins before the first frame does so in the copy too.
    /// - Throws: ``MediaError``, which names the file.
    public convenience init(
        path: String, width: Int, height: Int, encoding: VideoEncoding = VideoEncoding(),
        drawnOn original: VideoReader, keepsSound: Bool = true
    ) throws {
        try self.init(
            path: path, width: width, height: height, encoding: encoding, syncs: true, original: original,
            keepsSound: keepsSound)
    }

    /// Begins a video for `path`. Without `syncs` the file may be lost when the machine stops, which is right for one
    /// of many files that count only together.
    /// - Throws: ``MediaError``, which names the file.
    package init(
        path: String, width: Int, height: Int, encoding: VideoEncoding, syncs: Bool, original: VideoReader? = nil,
        keepsSound: Bool = false
    ) throws {
        precondition(width > 0 && height > 0, "VideoWriter: no pictures of \(width) x \(height)")
        self.path = path
        self.width = width
        self.height = height
        self.encoding = encoding
        self.original = original
        do throws(WholeFileError) {
            file = try WholeFile(path: path, syncs: syncs)
        } catch {
            throw MediaError(error)
        }
        var options = cm_video_writer_options(
            format: encoding.format.code, width: Int32(clamping: width),
            height: Int32(clamping: height), rate: encoding.rate, quality: Int32(encoding.quality),
            key_distance: Int32(clamping: encoding.keyFrameDistance), threads: Int32(clamping: encoding.threads),
            timed: original != nil, aspect_width: Int32(clamping: original?.pixelAspect?.width ?? 0),
            aspect_height: Int32(clamping: original?.pixelAspect?.height ?? 0),
            sound_of: keepsSound ? original?.video : nil)
        var report = cm_report()
        var opened: OpaquePointer?
        let status = cm_video_writer_open(file.descriptor, &options, &opened, &report)
        guard status == CM_OK, let opened else {
            file.abandon()
            throw Self.failure(status, path, report)
        }
        encoder = String(cString: cm_video_writer_encoder(opened))
        writer = opened
    }

    deinit { abandon() }

    /// Appends a picture, which must have the video's size; a grey one becomes RGB.
    ///
    /// - Parameters:
    ///   - image: The picture.
    ///   - frame: The frame of the original whose time it has; nil for the one after the last picture's.
    /// - Throws: ``MediaError``, which names the file; what was written is then removed, and the writer is of no more
    ///   use.
    public func append(_ image: ByteImage, asFrame frame: Int? = nil) throws {
        precondition(
            image.width == width && image.height == height,
            "VideoWriter: a picture of \(image.width) x \(image.height) in a video of \(width) x \(height)")
        guard let writer else { preconditionFailure("VideoWriter: append to \(path) after its end") }
        var report = cm_report()
        let frame = frame ?? next
        let time = original.flatMap { frame < $0.frameCount ? $0.time(ofFrame: frame) : nil } ?? -1
        next = frame + 1
        let status = image.convertedToRGB().withUnsafeBytes {
            cm_video_writer_add(writer, $0.bytePointer, time, &report)
        }
        guard status == CM_OK else {
            abandon()
            throw Self.failure(status, path, report)
        }
    }

    /// Ends the video and gives the file its name. Nothing can be appended after that.
    /// - Throws: ``MediaError``, which names the file; what was written is then removed.
    public func finish() throws {
        guard let writer else { preconditionFailure("VideoWriter: \(path) has ended already") }
        var report = cm_report()
        let status = cm_video_writer_finish(writer, original?.duration ?? -1, &report)
        soundLeftOut = cm_video_writer_left_out(writer).map { String(cString: $0) }
        guard status == CM_OK else {
            abandon()
            throw Self.failure(status, path, report)
        }
        cm_video_writer_close(writer)
        self.writer = nil
        do throws(WholeFileError) {
            try file.commit()
        } catch {
            throw MediaError(error)
        }
    }

    /// Writes `images`, at least one and all of one size, to `path` as a video.
    /// - Throws: ``MediaError``, which names the file.
    public static func write(_ images: [ByteImage], to path: String, encoding: VideoEncoding = VideoEncoding()) throws {
        guard let first = images.first else { preconditionFailure("VideoWriter: no pictures for \(path)") }
        let writer = try VideoWriter(path: path, width: first.width, height: first.height, encoding: encoding)
        for image in images { try writer.append(image) }
        try writer.finish()
    }

    /// Removes what was written, unless the video has ended.
    private func abandon() {
        guard let writer else { return }
        cm_video_writer_close(writer)
        self.writer = nil
        file.abandon()
    }

    private static func failure(_ status: cm_status, _ path: String, _ report: cm_report) -> MediaError {
        let kind: MediaError.Kind = status == CM_OUT_OF_MEMORY ? .outOfMemory : .unwritable
        return MediaError(kind: kind, name: path, cause: text(of: report.error))
    }
}
