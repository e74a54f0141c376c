import Annotations
import DataPipeline
import Detectors
import Foundation
import Media
import Support
import Tensors

/// What a detector found in one image file.
public struct ImageDetections: Encodable, Sendable {
    /// An object that was found.
    public struct Object: Encodable, Sendable {
        /// The name of its class.
        public let name: String
        /// The class's label, 1…n, in the order of the checkpoint's classes.
        public let label: Int
        /// How sure the detector is, 0…1.
        public let score: Float
        /// The box in XYXY pixels of the file.
        public let box: [Float]
        /// The number of the object that this is, where objects are followed over the frames of a video; nil elsewhere, and
        /// until it has been seen often enough.
        public internal(set) var track: Int?
    }

    /// The file.
    public let image: String
    /// Width of the upright image in pixels.
    public let width: Int
    /// Height of the upright image in pixels.
    public let height: Int
    /// What is wrong with the file, where it is damaged and was accepted; nil for a sound one.
    public let damage: MediaWarning?
    /// The objects that were found, best first.
    public let detections: [Object]
    /// Path of the picture with the boxes drawn in; nil until it is written.
    public internal(set) var picture: String?
}

/// Finds objects in image files with a trained detector.
public struct ImageDetection {
    /// The detector.
    public let model: DetectorModel

    /// Loads a saved detector onto a device.
    ///
    /// - Throws: `JobError` for a classifier; `RecipeFileError`, `CheckpointError`, `MissingDevice`.
    public init(_ saved: SavedModel, device: Device = .cpu) throws {
        model = try DetectorModel(saved, device: device)
    }

    /// Detects in one file; objects below `threshold` are left out.
    ///
    /// - Throws: `MediaError` naming the file.
    public func detect(_ path: String, threshold: Float) throws -> ImageDetections {
        detections(in: try pictures.decode(path), threshold: threshold)
    }

    /// Detects in a picture that ``pictures`` decoded; objects below `threshold` are left out.
    package func detections(in picture: DecodedPicture, threshold: Float) -> ImageDetections {
        ImageDetections(
            image: picture.name, width: picture.size.width, height: picture.size.height, damage: picture.damage,
            detections: objects(in: [picture.image], originalSizes: [picture.size], threshold: threshold)[0])
    }

    /// Decodes pictures as the recipe says for evaluation.
    package var pictures: PictureDecoding { PictureDecoding(model.recipe) }

    /// The objects in each of `images`, already scaled as the recipe's `input` says, that score at least `threshold`.
    func objects(
        in images: [ByteImage], originalSizes: [ImageSize], threshold: Float
    ) -> [[ImageDetections.Object]] {
        model.objects(in: images, originalSizes: originalSizes).map { found in
            found.filter { $0.score >= threshold }.map { .init($0, classNames: model.classNames) }
        }
    }
}

extension ImageDetections.Object {
    package init(_ object: DetectedObject, classNames: [String]) {
        name = classNames[object.label - 1]
        label = object.label
        score = object.score
        box = [object.box.x0, object.box.y0, object.box.x1, object.box.y1]
    }

    /// The box, XYXY in pixels.
    var bounds: Box { Box(x0: box[0], y0: box[1], x1: box[2], y1: box[3]) }

    var drawn: DrawnObject {
        DrawnObject(name: name, label: label, score: Double(score), box: bounds, track: track)
    }
}

extension ImageDetections {
    /// The picture with every object's box, name and score. A small picture is enlarged, so that the names can be read.
    ///
    /// - Throws: `MediaError` naming the file.
    public func drawn(shorterSide: Int = 480) throws -> ByteImage {
        let options = DecodeOptions(damagedImages: damage == nil ? .refuse : .accept)
        return try DrawnObject.draw(
            detections.map(\.drawn), on: ImageFile.read(image, options: options), shorterSide: shorterSide)
    }

    /// Draws the picture into a JPEG file and remembers its name.
    public mutating func writePicture(to path: String) throws {
        try ImageFile.writeJPEG(drawn(), to: path)
        picture = path
    }
}

extension ImageDetection {
    /// The image files that arguments name: a file itself, or all JPEG and PNG files of a folder, sorted by name.
    ///
    /// - Throws: `JobError` for a path that does not exist and for a folder without images.
    package static func imageFiles(_ arguments: [String]) throws -> [String] {
        try files(arguments, endingWith: ImageFile.endings, called: "JPEG or PNG files")
    }

    /// The image and video files that arguments name. What a video is, the ending of its name tells.
    package static func imageAndVideoFiles(_ arguments: [String]) throws -> [String] {
        try files(arguments, endingWith: ImageFile.endings.union(videoEndings), called: "JPEG, PNG or video files")
    }

    /// Images and videos in an output folder that `detect` did not draw, since the folder's detections.json does not name
    /// them.
    package static func strangers(in folder: String) -> [String] {
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

    /// Whether a file is a video, by the ending of its name, or by its content where the name doesn't say.
    package static func isVideo(_ path: String) -> Bool {
        let ending = ending(of: path)
        return videoEndings.contains(ending)
            || (!ImageFile.endings.contains(ending) && VideoReader.looksLikeVideo(path))
    }

    private static let videoEndings = VideoFolder.endings

    private static func ending(of path: String) -> String { (path as NSString).pathExtension.lowercased() }

    private static func files(
        _ arguments: [String], endingWith endings: Set<String>, called kind: String
    ) throws -> [String] {
        let files = FileManager.default
        return try arguments.flatMap { argument -> [String] in
            var isDirectory: ObjCBool = false
            guard files.fileExists(atPath: argument, isDirectory: &isDirectory) else {
                throw JobError(
                    argument, "there is no such \(isVideo(argument) ? "video" : "image")")
            }
            guard isDirectory.boolValue else { return [argument] }
            let names: [String]
            do {
                names = try files.contentsOfDirectory(atPath: argument).sorted().filter {
                    !$0.hasPrefix(".") && endings.contains(ending(of: $0))
                }
            } catch {
                throw JobError(argument, "the folder can't be read (\(Support.reason(of: error)))")
            }
            guard !names.isEmpty else {
                throw JobError(argument, "this folder holds no \(kind)")
            }
            return names.map { argument + "/" + $0 }
        }
    }
}
