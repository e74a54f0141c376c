import Foundation
import Media
import Support

/// Where a clip's frames come from: a video file, or a folder with an image for each frame.
enum ClipSource {
    case video(VideoReader)
    case folder(FrameFolder)

    /// Opens a video file or a folder of frames.
    ///
    /// - Throws: `MediaError`, naming the file or the folder.
    init(_ path: String, options: VideoOptions) throws {
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
            self = .folder(try FrameFolder(path))
        } else {
            self = .video(try VideoReader(path: path, options: options))
        }
    }

    var frameCount: Int {
        switch self {
        case .video(let reader): reader.frameCount
        case .folder(let folder): folder.files.count
        }
    }

    /// The order of a video's frames, where only decoding all of them tells.
    var order: VideoOrder? {
        switch self {
        case .video(let reader): reader.order
        case .folder: nil
        }
    }

    /// Frames a second on average; nil where nothing says.
    var frameRate: Double? {
        switch self {
        case .video(let reader): reader.frameRate
        case .folder: nil
        }
    }

    /// The size that frames come out in, if they are not scaled.
    var size: ImageSize {
        switch self {
        case .video(let reader): reader.size
        case .folder(let folder): folder.size
        }
    }

    /// Frames in any order, RGB, scaled to `size`; each is decoded once.
    ///
    /// - Throws: `MediaError`, naming the file, and the frame.
    func frames(at indices: [Int], size: ImageSize) throws -> [ByteImage] {
        switch self {
        case .video(let reader): try reader.frames(at: indices, size: size).images
        case .folder(let folder): try folder.frames(at: indices, size: size)
        }
    }
}

/// A folder whose JPEG and PNG files are the frames of a video, in the order of their names.
struct FrameFolder {
    let files: [String]
    /// The first frame's size; the others are scaled from their own.
    let size: ImageSize

    /// Lists the frames of a folder.
    ///
    /// - Throws: `MediaError`, naming the folder or its first frame.
    init(_ path: String) throws {
        files = try Self.names(in: path).map { path + "/" + $0 }
        guard let first = files.first else {
            throw MediaError(kind: .notAVideo, name: path, cause: "a folder without JPEG or PNG files")
        }
        size = try ImageFile.header(first).size
    }

    /// The names of the images in a folder, ascending.
    ///
    /// - Throws: `MediaError`, naming the folder.
    static func names(in path: String) throws(MediaError) -> [String] {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else {
            throw MediaError(kind: .unreadable, name: path, cause: "its files can't be listed")
        }
        return names.filter { ImageFile.endings.contains(($0 as NSString).pathExtension.lowercased()) }.sorted()
    }

    func frames(at indices: [Int], size: ImageSize) throws -> [ByteImage] {
        var known: [Int: ByteImage] = [:]
        return try indices.map { index in
            if let frame = known[index] { return frame }
            let image = try ImageFile.read(files[index], options: DecodeOptions(minimumSize: size))
            let frame = image.resized(to: size).convertedToRGB()
            known[index] = frame
            return frame
        }
    }
}
