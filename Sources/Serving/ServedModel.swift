import Annotations
import Foundation
import Media
import NIOHTTP1
import Support
import Tensors
import Workflows

/// A trained network that is tried out: what it is, and what it says of files.
///
/// It is not for several threads: pictures may be decoded on any, but only one runs what ``prepare(_:_:limits:folder:)`` returns.
package struct ServedModel: @unchecked Sendable {
    private enum Network {
        case detector(ImageDetection)
        case images(ImageClassification)
        case clips(ClipRecognition)
    }

    private let network: Network
    /// What the network does.
    package let task: ServedTask
    /// What `GET /model` tells.
    package let description: NetworkDescription

    /// A saved network on a device.
    ///
    /// - Throws: `JobError`, `RecipeFileError`, `CheckpointError`, `MissingDevice`.
    package init(_ saved: SavedModel, device: Device = .cpu) throws {
        let takesVideos = try saved.task == .classification && saved.takesVideos
        switch saved.task {
        case .detection:
            let detection = try ImageDetection(saved, device: device)
            network = .detector(detection)
            task = .detect
            description = try NetworkDescription(saved, detection.model)
        case .classification where takesVideos:
            let recognition = try ClipRecognition(saved, device: device)
            network = .clips(recognition)
            task = .recognize
            description = try NetworkDescription(saved, recognition.model, task: task)
        case .classification:
            let classification = try ImageClassification(saved, device: device)
            network = .images(classification)
            task = .classify
            description = try NetworkDescription(saved, classification.model, task: task)
        }
    }

    /// The threads that the recipe asks for; nil leaves it to libtorch.
    package var threads: Int? {
        switch network {
        case .detector(let detection): detection.model.recipe.training.threads
        case .images(let classification): classification.model.recipe.training.threads
        case .clips(let recognition): recognition.model.recipe.training.threads
        }
    }

    /// Decodes files. What comes back runs the network, and gives the JSON that `detect` and `recognize` print for these
    /// files.
    ///
    /// - Throws: ``Refusal``, which calls a file by its sender's name.
    func prepare(
        _ files: [UploadedFile], _ question: Question, limits: ServerLimits, folder: SpoolFolder
    ) throws -> @Sendable () throws -> String {
        let parts = try files.map { file in
            try refusing(file.name) { try prepare(file, question, limits: limits, folder: folder) }
        }
        return { try prettyJSON(zip(files, parts).map { file, part in try refusing(file.name) { try part() } }) }
    }

    private func prepare(
        _ file: UploadedFile, _ question: Question, limits: ServerLimits, folder: SpoolFolder
    ) throws -> @Sendable () throws -> Found {
        let isVideo = file.bytes.withUnsafeBytes { VideoReader.looksLikeVideo($0) }
        // What comes back runs on the network's thread alone, as the type says.
        switch network {
        case .detector(let detection) where isVideo:
            let spooled = try SpooledFile(file.bytes, in: folder)
            nonisolated(unsafe) let detection = detection
            return {
                try Self.suppressing(question, by: detection) {
                    .video(
                        try renaming(spooled.path, to: file.name) {
                            try detection.detectVideo(
                                spooled.path, threshold: question.threshold, stream: question.stream,
                                limits: limits.videos, passes: VideoPasses(every: question.every)
                            ).named(file.name)
                        })
                }
            }
        case .detector(let detection):
            let picture = try decode(file, detection.pictures, limits)
            nonisolated(unsafe) let detection = detection
            return {
                Self.suppressing(question, by: detection) {
                    .image(detection.detections(in: picture, threshold: question.threshold))
                }
            }
        case .images(let classification):
            guard !isVideo else {
                throw Refusal(
                    .unsupportedMediaType, "\(file.name): it is a video, and this network takes \(task.takes)")
            }
            let picture = try decode(file, classification.pictures, limits)
            nonisolated(unsafe) let classification = classification
            return { .classified(classification.classes(of: picture, top: question.top)) }
        case .clips(var recognition):
            let spooled = try SpooledFile(file.bytes, in: folder)
            recognition.top = question.top
            recognition.stream = question.stream
            recognition.limits = limits.videos
            nonisolated(unsafe) let asked = recognition
            return {
                .clip(
                    try renaming(spooled.path, to: file.name) {
                        try asked.recognize(spooled.path).named(file.name)
                    })
            }
        }
    }

    private func decode(
        _ file: UploadedFile, _ decoding: PictureDecoding, _ limits: ServerLimits
    ) throws -> DecodedPicture {
        var decoding = decoding
        decoding.limits = limits.pictures
        return try file.bytes.withUnsafeBytes { try decoding.decode($0, name: file.name) }
    }

    /// Runs a detector with the overlap that a question names.
    private static func suppressing(
        _ question: Question, by detection: ImageDetection, _ body: () throws -> Found
    ) rethrows -> Found {
        guard let threshold = question.suppressionThreshold else { return try body() }
        let own = detection.model.detector.suppression
        defer { detection.model.detector.suppression = own }
        detection.model.detector.suppression.iouThreshold = threshold
        return try body()
    }
}

/// What was found in a file, as the commands print it.
private enum Found: Encodable {
    case image(ImageDetections)
    case video(VideoDetections)
    case classified(ClassifiedImage)
    case clip(RecognizedClip)

    func encode(to encoder: any Encoder) throws {
        switch self {
        case .image(let found): try found.encode(to: encoder)
        case .video(let found): try found.encode(to: encoder)
        case .classified(let found): try found.encode(to: encoder)
        case .clip(let found): try found.encode(to: encoder)
        }
    }
}

/// Turns errors about a file into refusals that call it `name`.
private func refusing<R>(_ name: String, _ body: () throws -> R) throws -> R {
    do {
        return try body()
    } catch let error as MediaError {
        throw Refusal(error.status, "\(name): \(error.problem)")
    }
}

/// Calls a file by its sender's name in errors about the file that it is kept in.
private func renaming<R>(_ path: String, to name: String, _ body: () throws -> R) throws -> R {
    do {
        return try body()
    } catch let error as MediaError {
        let problem = error.problem.replacingOccurrences(of: path, with: name)
        throw Refusal(error.status, "\(name): \(problem)")
    }
}

extension MediaError {
    /// The status that tells a program what kind of error it is.
    fileprivate var status: HTTPResponseStatus {
        switch kind {
        case .notAnImage, .notAVideo, .noPictures, .unsupported: .unsupportedMediaType
        case .tooLarge: .payloadTooLarge
        case .outOfMemory: .insufficientStorage
        case .empty, .truncated, .corrupt, .unclearFrames, .unreadable, .unwritable: .badRequest
        }
    }
}
