import CMedia
import Support

/// Reads frames of a video file, by their numbers: MP4 and its relatives, Matroska, WebM, AVI, MPEG transport and program
/// streams, FLV and GIF, told by their content and not by their name. Of several streams of pictures it reads the one that
/// FFmpeg prefers, or the one that the options name.
///
/// Frame i is the one that comes out i-th when the file is decoded from its start, bit for bit, in whatever order
/// frames are asked for. Opening a file reads through its packets. Where these leave the order of the frames in doubt
/// (timestamps that are missing or equal, interlaced fields, pictures that are not coded, packets that are lost), all
/// frames are decoded once to find it.
///
/// Colours become RGB by the matrix (BT.601, BT.709, BT.2020) and the range that the stream names. Where it names none,
/// they are taken as players take them: limited range, and BT.709 for pictures wider than 1279 or higher than 576
/// pixels, BT.601 for smaller ones. Chroma is interpolated bilinearly. High dynamic range is not mapped, and pixels are
/// taken as square.
///
/// A reader is for one thread at a time; several threads open a reader each.
public final class VideoReader {
    /// The file's path, or what the caller called the bytes.
    public let name: String
    /// How the file is read.
    public let options: VideoOptions
    /// How many frames there are. In a truncated file those count that it still holds.
    public let frameCount: Int
    /// Frames a second on average; nil when the file doesn't say.
    public let frameRate: Double?
    /// Seconds from the start of the first frame to the end of the last; nil when the file doesn't say.
    public let duration: Double?
    /// Width and height of a frame in pixels, upright unless the options say otherwise.
    public let size: ImageSize
    /// How far the file asks players to turn its pictures, in degrees clockwise: at least 0 and below 360. The frames
    /// are turned that way, and mirrored where the file asks for it, if ``VideoOptions/appliesRotation`` is set and it
    /// is a multiple of 90.
    public let rotation: Double
    /// Whether the file ends early.
    public let isTruncated: Bool
    /// FFmpeg's name of the codec, for example `h264`.
    public let codec: String
    /// The kind of file: `mp4`, `matroska` (WebM too), `avi`, `mpegts`, `mpeg`, `flv` or `gif`.
    public let container: String
    /// The number of the stream that is read, counted from 0 as FFmpeg counts all streams of the file.
    public let stream: Int
    /// The frames' order, where only decoding tells; nil where the packets tell.
    package let order: VideoOrder?
    /// Whether all frames had to be decoded to find their order when the file was opened.
    package let isCounted: Bool

    let video: OpaquePointer
    private let memory: UnsafeMutableRawBufferPointer?
    /// The EXIF orientation that frames are turned upright from.
    let orientation: Int32
    /// The last frame of the last call that read any; nil before the first.
    private var lastRead: Int?

    /// Columns of pixels of a frame.
    public var width: Int { size.width }
    /// Rows of pixels of a frame.
    public var height: Int { size.height }

    /// Opens the video file at `path`.
    /// - Throws: ``MediaError``, which names the file, and the frame where there is one to name.
    public convenience init(path: String, options: VideoOptions = VideoOptions()) throws {
        var opened: OpaquePointer?
        try Self.open(name: path, options) { o, frame, report in
            cm_video_open_file(path, o, &opened, frame, report)
        } describe: {
            let start = try FileBytes(path, first: 512)
            return start.withUnsafeBytes { FileKind.describe($0) }
        }
        try self.init(opened, memory: nil, name: path, options)
    }

    /// Opens a video from the bytes of its file, of which the reader keeps a copy.
    /// - Throws: ``MediaError``, which calls the bytes `name`.
    public convenience init(bytes: [UInt8], name: String = "video", options: VideoOptions = VideoOptions()) throws {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: max(bytes.count, 1), alignment: 16)
        memory.copyBytes(from: bytes)
        var opened: OpaquePointer?
        do {
            try Self.open(name: name, options) { o, frame, report in
                cm_video_open_bytes(memory.bytePointer, bytes.count, o, &opened, frame, report)
            } describe: {
                FileKind.describe(UnsafeRawBufferPointer(rebasing: memory.prefix(bytes.count)))
            }
        } catch {
            memory.deallocate()
            throw error
        }
        try self.init(opened, memory: memory, name: name, options)
    }

    private init(
        _ opened: OpaquePointer?, memory: UnsafeMutableRawBufferPointer?, name: String, _ options: VideoOptions
    ) throws {
        guard let opened else { throw MediaError(kind: .outOfMemory, name: name, cause: "opening it") }
        var info = cm_video_info()
        cm_video_describe(opened, &info)
        video = opened
        self.memory = memory
        self.name = name
        self.options = options
        frameCount = Int(info.frame_count)
        let duration = info.duration > 0 ? info.duration : nil
        frameRate = Self.frameRate(info.frame_rate, frames: Int(info.frame_count), seconds: duration)
        self.duration = duration
        orientation = options.appliesRotation ? info.orientation : 1
        let stored = ImageSize(width: Int(info.width), height: Int(info.height))
        size = orientation >= 5 ? ImageSize(width: stored.height, height: stored.width) : stored
        rotation = info.rotation
        isTruncated = info.truncated
        isCounted = info.counted
        stream = Int(info.stream)
        var key: UInt64 = 0
        order = cm_video_order(opened, &key).map {
            VideoOrder(key: key, packets: Array(UnsafeBufferPointer(start: $0, count: Int(info.frame_count))))
        }
        codec = text(of: info.codec)
        container = text(of: info.container)
    }

    deinit {
        cm_video_close(video)
        memory?.deallocate()
    }

    /// Whether the first bytes of the file at `path` are those of a video, of a kind that is read or another. False for a
    /// file that can't be read.
    package static func looksLikeVideo(_ path: String) -> Bool {
        guard let start = try? FileBytes(path, first: 1024) else { return false }
        return start.withUnsafeBytes { looksLikeVideo($0) }
    }

    /// Whether bytes, of which the first thousand are enough, are the beginning of a video's file.
    package static func looksLikeVideo(_ bytes: UnsafeRawBufferPointer) -> Bool {
        cm_video_is_container(bytes.bytePointer, bytes.count) || FileKind.isVideo(bytes)
    }

    /// When frame `index` is shown, in seconds after the first frame; nil when the file doesn't say.
    public func time(ofFrame index: Int) -> Double? {
        check([index])
        let seconds = cm_video_time(video, Int64(index))
        return seconds >= 0 ? seconds : nil
    }

    /// Decodes frames, in any order and as often as they are asked for. Each is decoded once.
    ///
    /// - Parameters:
    ///   - indices: The frames' numbers, from 0.
    ///   - size: The size in pixels to scale them to, bilinearly and antialiased; nil for the video's own.
    /// - Throws: ``MediaError``, which names the frame that is damaged.
    public func frames(at indices: [Int], size: ImageSize? = nil) throws -> VideoFrames {
        let size = size ?? self.size
        var missing: [Int] = []
        let count = indices.count * size.width * size.height * 3
        let pixels = try [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            missing = try read(frames: indices, into: UnsafeMutableRawBufferPointer(buffer), size: size)
            initialized = count
        }
        return VideoFrames(indices: indices, size: size, pixels: pixels, missing: missing)
    }

    /// Decodes frame `index`, at the video's own size.
    /// - Throws: ``MediaError`` when the frame is damaged, whatever ``VideoOptions/damage`` says.
    public func image(at index: Int) throws -> ByteImage {
        let frames = try frames(at: [index])
        guard frames.missing.isEmpty else {
            throw MediaError(kind: .corrupt, name: name, cause: "it can't be decoded", frame: index)
        }
        return frames.image(0)
    }

    /// Decodes frames into memory of the caller's, in any order and as often as they are asked for. Each is decoded
    /// once.
    ///
    /// - Parameters:
    ///   - indices: The frames' numbers, from 0.
    ///   - buffer: Where the samples go, uint8 `[N, height, width, 3]`, RGB; it must have exactly that many bytes.
    ///   - size: The size in pixels to scale them to, bilinearly and antialiased; nil for the video's own.
    /// - Returns: The numbers of the frames that are missing, ascending, whose samples are zeros. Always none unless
    ///   ``VideoOptions/damage`` is ``VideoOptions/Damage/keepDecodable``.
    /// - Throws: ``MediaError``, which names the frame that is damaged.
    @discardableResult
    public func read(
        frames indices: [Int], into buffer: UnsafeMutableRawBufferPointer, size: ImageSize? = nil
    ) throws -> [Int] {
        // A caller who walks on from where the last call ended will probably do so again.
        let goesOn = lastRead.map { last in indices.allSatisfy { $0 > last } } ?? false
        return try read(indices, into: buffer, size: size ?? self.size, goingOn: goesOn)
    }

    /// Decodes frames one after the other in a single pass, with one in memory at a time.
    ///
    /// - Parameters:
    ///   - range: The frames' numbers, from 0; nil for all.
    ///   - size: The size in pixels to scale them to, bilinearly and antialiased; nil for the video's own.
    ///   - body: Called with each frame's number and its picture, RGB, which is nil where the frame is missing.
    /// - Throws: ``MediaError``, which names the frame that is damaged, and what `body` throws.
    public func forEachFrame(
        in range: Range<Int>? = nil, size: ImageSize? = nil, _ body: (Int, ByteImage?) throws -> Void
    ) throws {
        let size = size ?? self.size
        for index in range ?? 0..<frameCount {
            var missing: [Int] = []
            let image = try ByteImage(width: size.width, height: size.height, channels: 3) { memory in
                missing = try read([index], into: memory, size: size, goingOn: true)
            }
            try body(index, missing.isEmpty ? image : nil)
        }
    }

    /// Traps unless all `indices` are numbers of frames.
    private func check(_ indices: [Int]) {
        for index in indices {
            precondition(
                index >= 0 && index < frameCount, "VideoReader: no frame \(index) among the \(frameCount) of \(name)")
        }
    }

    private func read(
        _ indices: [Int], into buffer: UnsafeMutableRawBufferPointer, size: ImageSize, goingOn: Bool
    ) throws -> [Int] {
        let (width, height) = (size.width, size.height)
        let bytes = width * height * 3
        precondition(width > 0 && height > 0, "VideoReader: no size \(width) x \(height)")
        precondition(
            buffer.count == indices.count * bytes,
            "VideoReader: \(buffer.count) bytes do not hold \(indices.count) frames of \(width) x \(height) pixels")
        check(indices)
        guard let base = buffer.bytePointer, !indices.isEmpty else { return [] }
        // The first place of each frame that is asked for; the others are copies.
        let ordered = indices.indices.sorted { (indices[$0], $0) < (indices[$1], $1) }
        let firsts = ordered.enumerated().filter { $0 == 0 || indices[ordered[$0 - 1]] != indices[$1] }.map(\.element)
        let frames = firsts.map { Int64(indices[$0]) }
        let targets: [UnsafeMutablePointer<UInt8>?] = firsts.map { base + $0 * bytes }
        var missing = [UInt8](repeating: 0, count: frames.count)
        var report = cm_report()
        var frame: Int64 = -1
        let status = frames.withUnsafeBufferPointer { frames in
            targets.withUnsafeBufferPointer { targets in
                missing.withUnsafeMutableBufferPointer { missing in
                    var request = cm_video_request(
                        frames: frames.baseAddress, count: frames.count, width: Int32(clamping: width),
                        height: Int32(clamping: height), orientation: orientation, targets: targets.baseAddress,
                        missing: missing.baseAddress, going_on: goingOn)
                    return cm_video_read(video, &request, &frame, &report)
                }
            }
        }
        lastRead = indices[ordered[ordered.count - 1]]
        guard status == CM_OK else {
            throw MediaError(status, name: name, report: report, frame: frame >= 0 ? Int(frame) : nil)
        }
        var source = ordered[0]
        for place in ordered {
            if indices[place] == indices[source], place != source {
                UnsafeMutableRawPointer(base + place * bytes).copyMemory(from: base + source * bytes, byteCount: bytes)
            } else {
                source = place
            }
        }
        return zip(frames, missing).filter { $1 != 0 }.map { Int($0.0) }
    }

    /// Opens a video with a C call, and says by way of `describe` what a file is that holds none.
    private static func open(
        name: String, _ options: VideoOptions,
        _ body: (
            UnsafePointer<cm_video_options>, UnsafeMutablePointer<Int64>, UnsafeMutablePointer<cm_report>
        ) -> cm_status,
        describe: () throws -> String
    ) throws {
        var o = cm_video_options(
            threads: options.decoderThreads, accept_damage: options.damage == .keepDecodable,
            max_pixels: UInt64(clamping: options.maxPixels), max_frames: UInt64(clamping: options.maxFrames),
            // A negative number is no stream's, but means FFmpeg's choice to the decoder.
            stream: options.stream.map { $0 < 0 ? .max : Int32(clamping: $0) } ?? -1, order: nil, order_count: 0,
            order_key: options.order?.key ?? 0)
        var frame: Int64 = -1
        var report = cm_report()
        let status = (options.order?.packets ?? []).withUnsafeBufferPointer { packets in
            o.order = packets.baseAddress
            o.order_count = packets.count
            return body(&o, &frame, &report)
        }
        if status == CM_NOT_A_VIDEO {
            throw MediaError(kind: .notAVideo, name: name, cause: try describe())
        }
        guard status == CM_OK else {
            throw MediaError(status, name: name, report: report, frame: frame >= 0 ? Int(frame) : nil)
        }
    }
}
