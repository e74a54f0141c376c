import Foundation
import Media
import Support

/// Where a clip's frames come from: a video file, or a folder with an image for each frame.
package enum ClipSource {
    case video(VideoReader)
    case folder(FrameFolder)

    /// Opens a video file or a folder of frames.
    ///
    /// - Parameters:
    ///   - framePrefix: What the names of a folder's frames begin with; nil takes `img_`, or what all begin with.
    ///   - frameOptions: How the frames of a folder are decoded, and what becomes of damaged ones.
    /// - Throws: `MediaError`, naming the file or the folder.
    package init(
        _ path: String, options: VideoOptions, framePrefix: String? = nil, frameOptions: DecodeOptions = DecodeOptions()
    ) throws {
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
            self = .folder(try FrameFolder(path, prefix: framePrefix, decodeOptions: frameOptions))
        } else {
            self = .video(try VideoReader(path: path, options: options))
        }
    }

    /// How many frames there are.
    package var frameCount: Int {
        switch self {
        case .video(let reader): reader.frameCount
        case .folder(let folder): folder.files.count
        }
    }

    /// The order of a video's frames, where only decoding all of them tells.
    var order: VideoOrder? { video?.order }

    /// Frames a second on average, by how long the frames are shown and not by what a file calls its rate; nil where
    /// nothing says.
    package var frameRate: Double? {
        switch self {
        case .video(let reader): reader.duration.map { Double(reader.frameCount) / $0 } ?? reader.frameRate
        case .folder: nil
        }
    }

    /// The file, with the times of its frames; nil for a folder.
    package var video: VideoReader? {
        switch self {
        case .video(let reader): reader
        case .folder: nil
        }
    }

    /// How many frames seem to be missing in between, by the numbers in the names of a folder's files.
    var lacking: Int {
        switch self {
        case .video: 0
        case .folder(let folder): folder.lacking
        }
    }

    /// The size that frames come out in, if they are not scaled.
    package var size: ImageSize {
        switch self {
        case .video(let reader): reader.size
        case .folder(let folder): folder.size
        }
    }

    /// Frames in any order, RGB, scaled to `size`; each is decoded once.
    ///
    /// - Throws: `MediaError`, naming the file, and the frame.
    package func frames(at indices: [Int], size: ImageSize) throws -> [ByteImage] {
        switch self {
        case .video(let reader): try reader.frames(at: indices, size: size).images
        case .folder(let folder): try folder.frames(at: indices, size: size)
        }
    }

    /// Frames one after the other, RGB, scaled to `size`, with one in memory at a time.
    ///
    /// - Throws: `MediaError`, naming the file, and the frame; what `body` throws.
    package func forEachFrame(size: ImageSize, _ body: (Int, ByteImage) throws -> Void) throws {
        switch self {
        case .video(let reader):
            try reader.forEachFrame(size: size) { index, frame in if let frame { try body(index, frame) } }
        case .folder(let folder):
            for index in folder.files.indices {
                for frame in try folder.frames(at: [index], size: size) { try body(index, frame) }
            }
        }
    }
}
