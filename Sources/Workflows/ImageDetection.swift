import Annotations
import DataPipeline
import Detectors
import Foundation
import Media
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
    public init(checkpoint: String, settings: [String] = [], device: DeviceChoice = .cpu) throws {
        model = try DetectorModel(checkpoint: checkpoint, settings: settings, device: device)
    }

    /// Detects in one file; objects below `threshold` are left out.
    ///
    /// - Throws: `MediaError` naming the file.
    public func detect(_ path: String, threshold: Float) throws -> ImageDetections {
        let header = try ImageFile.header(path)
        let size = model.recipe.input.evaluationSize(of: (header.width, header.height))
        var options = DecodeOptions()
        options.minimumSize = size
        options.targetSize = size
        let image = try ImageFile.read(path, options: options)
        let original = ImageSize(height: header.height, width: header.width)
        let detections = model.detect([Tensor(image)]).map {
            $0.scaled(from: ImageSize(height: size.height, width: size.width), to: original)
        }
        let objects = detections.flatMap(DetectedObject.list).filter { $0.score >= threshold }.map {
            ImageDetections.Object(
                name: model.classNames[$0.label - 1], label: $0.label, score: $0.score,
                box: [$0.box.x0, $0.box.y0, $0.box.x1, $0.box.y1])
        }
        return ImageDetections(image: path, width: header.width, height: header.height, detections: objects)
    }
}

extension ImageDetections {
    /// The picture with every object's box, name and score; a small one is enlarged so that the labels can be read.
    ///
    /// - Throws: `MediaError` naming the file.
    public func drawn(shorterSide: Int = 480) throws -> ByteImage {
        let objects = detections.map {
            DrawnObject(
                name: $0.name, label: $0.label, score: Double($0.score),
                box: Box(x0: $0.box[0], y0: $0.box[1], x1: $0.box[2], y1: $0.box[3]))
        }
        return try DrawnObject.draw(objects, on: ImageFile.read(image), shorterSide: shorterSide)
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
        let files = FileManager.default
        return try arguments.flatMap { argument -> [String] in
            var isDirectory: ObjCBool = false
            guard files.fileExists(atPath: argument, isDirectory: &isDirectory) else {
                throw RunFolderError(path: argument, reason: "there is no such image")
            }
            guard isDirectory.boolValue else { return [argument] }
            let names = try files.contentsOfDirectory(atPath: argument).sorted().filter {
                ["jpg", "jpeg", "png"].contains(($0 as NSString).pathExtension.lowercased())
            }
            guard !names.isEmpty else {
                throw RunFolderError(path: argument, reason: "this folder holds no JPEG or PNG files")
            }
            return names.map { argument + "/" + $0 }
        }
    }
}
