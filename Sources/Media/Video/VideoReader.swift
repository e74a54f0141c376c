import CMedia

/// A video file, read frame by frame: MP4 and its relatives, Matroska, WebM, AVI, by what they hold and not by their name.
///
/// Frame i is the one that comes out i-th when the file is decoded from its start, bit for bit, in whatever order frames
/// are asked for. Opening reads through the packets; when these leave the order of the frames in doubt (timestamps that
/// are missing or equal, interlaced fields, pictures that are not coded), it decodes them all once to find out.
///
/// Colours: the stream's matrix (BT.601, BT.709, BT.2020) and range; where it names none, BT.709 for pictures wider than
/// 1279 or higher than 576 pixels and BT.601 for smaller ones, limited range, as players have it. Chroma is interpolated
/// bilinearly. High dynamic range is not mapped, and pixels are taken as square.
///
/// A reader is for one thread at a time; several threads open a reader each.
public final class VideoReader {
    /// The file's path, or what the caller called the bytes.
    public let name: String
    public let options: VideoOptions
    public let frameCount: Int
    /// Frames a second on average; nil when the file doesn't say.
    public let frameRate: Double?
    /// Seconds, from the start of the first frame to the end of the last; nil when the file doesn't say.
    public let duration: Double?
    /// In pixels, as frames come out.
    public let width: Int
    /// In pixels, as frames come out.
    public let height: Int
    /// What the file asks players to turn its pictures by, in degrees clockwise, 0 to 360 exclusive. Undone, with any
    /// mirroring, when it is a multiple of 90 and `VideoOptions.appliesRotation`.
    public let rotation: Double
    /// The file ends early, and `frameCount` counts what there is.
    public let isTruncated: Bool
    /// FFmpeg's name, for example `h264`.
    public let codec: String
    /// `mp4`, `matroska` (WebM too) or `avi`.
    public let container: String
    /// Whether the order of the frames was found by decoding all of them at first.
    public let isCounted: Bool

    private let video: OpaquePointer
    private let memory: UnsafeMutableRawBufferPointer?
    private let orientation: Int32
    /// The last frame that was read, when it was.
    private var lastRead: Int?

    /// Opens the file at `path`.
    /// - Throws: `MediaError`, naming the file, and the frame where there is one to name.
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

    /// Opens a video in memory, of which it keeps a copy; `name` is what an error calls it.
    /// - Throws: `MediaError`.
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
        frameRate =
            info.frame_rate.numerator > 0
            ? Double(info.frame_rate.numerator) / Double(info.frame_rate.denominator) : nil
        duration = info.duration > 0 ? info.duration : nil
        orientation = options.appliesRotation ? info.orientation : 1
        width = Int(orientation >= 5 ? info.height : info.width)
        height = Int(orientation >= 5 ? info.width : info.height)
        rotation = info.rotation
        isTruncated = info.truncated
        isCounted = info.counted
        codec = text(of: info.codec)
        container = text(of: info.container)
    }

    deinit {
        cm_video_close(video)
        memory?.deallocate()
    }

    /// When frame `index` is shown: seconds after the first frame; nil when the file doesn't say.
    public func time(ofFrame index: Int) -> Double? {
        check([index])
        let seconds = cm_video_time(video, Int64(index))
        return seconds >= 0 ? seconds : nil
    }

    /// Decodes frames in any order, each once however often it is asked for; scaled while they are converted, if `size`
    /// says so.
    /// - Throws: `MediaError`, naming the frame that is damaged.
    public func frames(at indices: [Int], size: (width: Int, height: Int)? = nil) throws -> VideoFrames {
        let (width, height) = size ?? (self.width, self.height)
        var missing: [Int] = []
        let count = indices.count * width * height * 3
        let pixels = try [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            missing = try read(frames: indices, into: UnsafeMutableRawBufferPointer(buffer), size: size)
            initialized = count
        }
        return VideoFrames(indices: indices, width: width, height: height, pixels: pixels, missing: missing)
    }

    /// The frame at `index` at the video's own size.
    /// - Throws: `MediaError`; under `keepDecodable` too, when this frame is missing.
    public func image(at index: Int) throws -> ByteImage {
        let frames = try frames(at: [index])
        guard frames.missing.isEmpty else {
            throw MediaError(kind: .corrupt, name: name, cause: "it can't be decoded", frame: index)
        }
        return frames.image(0)
    }

    /// Decodes frames in any order into the caller's memory, `[N, height, width, 3]`, RGB; `size` scales them.
    /// - Returns: the frames that are missing, ascending; these are zeros. Always none unless `VideoOptions.damage` is
    ///   `keepDecodable`.
    /// - Throws: `MediaError`, naming the frame that is damaged.
    @discardableResult
    public func read(
        frames indices: [Int], into buffer: UnsafeMutableRawBufferPointer, size: (width: Int, height: Int)? = nil
    ) throws -> [Int] {
        // A caller who walks on from where the last call ended will probably do so again.
        let goesOn = lastRead.map { last in indices.allSatisfy { $0 > last } } ?? false
        return try read(indices, into: buffer, size: size, goingOn: goesOn)
    }

    /// Decodes the frames of `range` (all, when nil) one after the other in a single pass, with one in memory at a time.
    /// `body` gets a frame's number and its pixels, nil where it is missing.
    /// - Throws: `MediaError`, naming the frame that is damaged; what `body` throws.
    public func forEachFrame(
        in range: Range<Int>? = nil, size: (width: Int, height: Int)? = nil,
        _ body: (Int, ByteImage?) throws -> Void
    ) throws {
        let (width, height) = size ?? (self.width, self.height)
        for index in range ?? 0..<frameCount {
            var missing: [Int] = []
            let image = try ByteImage(width: width, height: height, channels: 3) { memory in
                missing = try read([index], into: memory, size: size, goingOn: true)
            }
            try body(index, missing.isEmpty ? image : nil)
        }
    }

    private func check(_ indices: [Int]) {
        for index in indices {
            precondition(
                index >= 0 && index < frameCount, "VideoReader: no frame \(index) among the \(frameCount) of \(name)")
        }
    }

    private func read(
        _ indices: [Int], into buffer: UnsafeMutableRawBufferPointer, size: (width: Int, height: Int)?, goingOn: Bool
    ) throws -> [Int] {
        let (width, height) = size ?? (self.width, self.height)
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

    private static func open(
        name: String, _ options: VideoOptions,
        _ body: (
            UnsafePointer<cm_video_options>, UnsafeMutablePointer<Int64>, UnsafeMutablePointer<cm_report>
        ) -> cm_status,
        describe: () throws -> String
    ) throws {
        var o = cm_video_options(
            threads: Int32(clamping: options.threads), accept_damage: options.damage == .keepDecodable,
            max_pixels: UInt64(clamping: options.maxPixels), max_frames: UInt64(clamping: options.maxFrames))
        var frame: Int64 = -1
        var report = cm_report()
        let status = body(&o, &frame, &report)
        if status == CM_NOT_A_VIDEO {
            throw MediaError(kind: .notAVideo, name: name, cause: try describe())
        }
        guard status == CM_OK else {
            throw MediaError(status, name: name, report: report, frame: frame >= 0 ? Int(frame) : nil)
        }
    }
}
