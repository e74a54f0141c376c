import Annotations
import Foundation
import Media
import Support

/// A folder whose JPEG and PNG files are the frames of a video, in the order of the numbers in their names.
package struct FrameFolder {
    /// The paths of the frames.
    let files: [String]
    /// How many frames seem to be missing in between, by the numbers.
    let lacking: Int
    /// The first frame's size; the others are scaled from their own.
    let size: ImageSize
    private let decodeOptions: DecodeOptions

    /// Lists the frames of a folder.
    ///
    /// - Parameters:
    ///   - prefix: What the names of the frames begin with; nil takes `img_`, or what all names begin with.
    ///   - decodeOptions: How the frames are decoded, and what becomes of damaged ones.
    /// - Throws: `MediaError`, naming the folder or its first frame.
    init(_ path: String, prefix: String?, decodeOptions: DecodeOptions) throws {
        self.decodeOptions = decodeOptions
        let series = try Self.series(in: path, prefix: prefix)
        files = series.names.map { path + "/" + $0 }
        lacking = series.lacking
        guard let first = files.first else {
            throw MediaError(kind: .notAVideo, name: path, cause: "a folder without JPEG or PNG files")
        }
        size = try ImageFile.header(first).size
    }

    /// The frames among the files of a folder.
    ///
    /// - Throws: `MediaError`, naming the folder.
    static func series(in path: String, prefix: String?) throws(MediaError) -> FrameSeries {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else {
            throw MediaError(kind: .unreadable, name: path, cause: "its files can't be listed")
        }
        do {
            return try FrameSeries(of: names, prefix: prefix)
        } catch {
            throw MediaError(kind: .unclearFrames, name: path, cause: "\(error)")
        }
    }

    func frames(at indices: [Int], size: ImageSize) throws -> [ByteImage] {
        var known: [Int: ByteImage] = [:]
        var options = decodeOptions
        options.minimumSize = size
        return try indices.map { index in
            if let frame = known[index] { return frame }
            let image = try ImageFile.read(files[index], options: options)
            let frame = image.resized(to: size).convertedToRGB()
            known[index] = frame
            return frame
        }
    }
}
