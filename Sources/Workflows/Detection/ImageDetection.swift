import Annotations
import DataPipeline
import Detectors
import Foundation
import Media
import Support
import Tensors

/// What a detector found in one image file.
public struct ImageDetections: Encodable, Sendable {
    public struct Object: Encodable, Sendable {
        public let name: String
        /// 1…n, in the order of the checkpoint's classes.
        public let label: Int
        public let score: Float
        /// XYXY pixels of the file.
        public let box: [Float]
    }

    public let image: String
    public let width: Int
    public let height: Int
    /// Best first.
    public let detections: [Object]
    /// The file of the picture with its boxes, once one was drawn.
    public internal(set) var picture: String?
}

/// Finds objects in image files with a trained detector.
public struct ImageDetection {
    public let model: DetectorModel

    /// - Throws: `CheckpointError`, `RecipeFileError`.
    public init(checkpoint: String, settings: [String] = [], device: Device = .cpu) throws {
        model = try DetectorModel(checkpoint: checkpoint, settings: settings, device: device)
    }

    /// Detects in one file; objects below `threshold` are left out.
    ///
    /// - Throws: `MediaError` naming the file.
    public func detect(_ path: String, threshold: Float) throws -> ImageDetections {
        let header = try ImageFile.header(path)
        let size = model.recipe.input.evaluationRule.size(of: header.size)
        let image = try ImageFile.read(path, options: DecodeOptions(minimumSize: size, targetSize: size))
        let detections = model.detect([Tensor(image)]).map { $0.scaled(from: size, to: header.size) }
        return ImageDetections(
            image: path, width: header.width, height: header.height,
            detections: detections.flatMap { objects(in: $0, threshold: threshold) })
    }

    /// A detector's tensors as values, those below `threshold` left out.
    func objects(in detections: Detections, threshold: Float) -> [ImageDetections.Object] {
        DetectedObject.list(detections).filter { $0.score >= threshold }.map {
            ImageDetections.Object(
                name: model.classNames[$0.label - 1], label: $0.label, score: $0.score,
                box: [$0.box.x0, $0.box.y0, $0.box.x1, $0.box.y1])
        }
    }
}

extension ImageDetections.Object {
    var drawn: DrawnObject {
        DrawnObject(
            name: name, label: label, score: Double(score),
            box: Box(x0: box[0], y0: box[1], x1: box[2], y1: box[3]))
    }
}

extension ImageDetections {
    /// The picture with every object's box, name and score; a small one is enlarged so that the labels can be read.
    ///
    /// - Throws: `MediaError` naming the file.
    public func drawn(shorterSide: Int = 480) throws -> ByteImage {
        try DrawnObject.draw(detections.map(\.drawn), on: ImageFile.read(image), shorterSide: shorterSide)
    }

    /// Draws the picture into a JPEG file and remembers its name.
    public mutating func writePicture(to path: String) throws {
        try ImageFile.writeJPEG(drawn(), to: path)
        picture = path
    }
}

extension ImageDetection {
    /// The image files that arguments name: files as they are, and of folders every JPEG and PNG, by name.
    ///
    /// - Throws: `RunFolderError` for a path that is not there and for a folder without images.
    public static func imageFiles(_ arguments: [String]) throws -> [String] {
        try files(arguments, endingWith: ImageFile.endings, called: "JPEG or PNG files")
    }

    /// Files to look through, with the videos of folders: MP4 and its relatives, Matroska, WebM, AVI.
    public static func imageAndVideoFiles(_ arguments: [String]) throws -> [String] {
        try files(arguments, endingWith: ImageFile.endings.union(videoEndings), called: "JPEG, PNG or video files")
    }

    /// The video files that arguments name: files as they are, and of folders every video, by name.
    public static func videoFiles(_ arguments: [String]) throws -> [String] {
        try files(arguments, endingWith: videoEndings, called: "videos")
    }

    /// Images and videos in a folder of drawings that are not drawings: those that its detections.json does not name.
    public static func strangers(in folder: String) -> [String] {
        struct Drawn: Decodable {
            let picture: String?
            let drawing: String?
        }
        let data = FileManager.default.contents(atPath: folder + "/detections.json") ?? Data()
        let drawn = (try? JSONDecoder().decode([Drawn].self, from: data)) ?? []
        let own = Set(drawn.compactMap { ($0.picture ?? $0.drawing).map { ($0 as NSString).lastPathComponent } })
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { !own.contains($0) && (ImageFile.endings.contains(ending(of: $0)) || isVideo($0)) }
            .map { folder + "/" + $0 }
    }

    /// Whether a file is taken for a video, by the end of its name.
    public static func isVideo(_ path: String) -> Bool { videoEndings.contains(ending(of: path)) }

    private static let videoEndings = VideoFolder.endings

    private static func ending(of path: String) -> String { (path as NSString).pathExtension.lowercased() }

    private static func files(
        _ arguments: [String], endingWith endings: Set<String>, called kind: String
    ) throws -> [String] {
        let files = FileManager.default
        return try arguments.flatMap { argument -> [String] in
            var isDirectory: ObjCBool = false
            guard files.fileExists(atPath: argument, isDirectory: &isDirectory) else {
                throw RunFolderError(
                    path: argument, reason: "there is no such \(isVideo(argument) ? "video" : "image")")
            }
            guard isDirectory.boolValue else { return [argument] }
            let names: [String]
            do {
                names = try files.contentsOfDirectory(atPath: argument).sorted().filter {
                    endings.contains(ending(of: $0))
                }
            } catch {
                throw RunFolderError(path: argument, reason: "the folder can't be read (\(Support.reason(of: error)))")
            }
            guard !names.isEmpty else {
                throw RunFolderError(path: argument, reason: "this folder holds no \(kind)")
            }
            return names.map { argument + "/" + $0 }
        }
    }
}
