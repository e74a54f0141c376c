import Annotations
import DataPipeline
import Foundation
import Media
import Support
import Tensors
import Training

/// The classes that a classifier finds likeliest in a video.
public struct RecognizedClip: Encodable, Sendable {
    /// A class with its probability.
    public struct Class: Encodable, Sendable {
        /// The class's name.
        public let name: String
        /// Mean probability over the views, 0…1.
        public let probability: Float
    }

    /// The file.
    public internal(set) var video: String
    /// Number of frames of the video.
    public let frames: Int
    /// Frames a second; nil where the file doesn't say.
    public let rate: Double?
    /// Number of views that were looked at.
    public let views: Int
    /// The likeliest classes, best first.
    public let classes: [Class]
    /// Path of the video with the classes drawn in; nil until it is written.
    public internal(set) var drawn: String?
    /// Why the drawn video has no sound, though the video has; nil otherwise.
    public internal(set) var soundLeftOut: String?
    /// What the names of a folder's frames begin with, as the recipe says.
    var framePrefix: String?
    /// How a folder's frames are decoded, and what becomes of damaged ones.
    let frameOptions: DecodeOptions
    /// The stream of the file that was asked for.
    let stream: Int?

    enum CodingKeys: String, CodingKey { case video, frames, rate, views, classes, drawn, soundLeftOut }

    /// This recognition with another name of the file.
    package func named(_ name: String) -> RecognizedClip {
        var copy = self
        copy.video = name
        return copy
    }

    /// The classes and their probabilities in one line for a person.
    public var summary: String {
        classes.map { String(format: "%@ %.1f%%", $0.name, $0.probability * 100) }.joined(separator: ", ")
    }
}

/// Recognises what happens in videos with a trained classifier.
public struct ClipRecognition {
    /// The classifier.
    public let model: ClassifierModel
    /// How many classes are reported for each video.
    package var top: Int
    /// The number of the stream of each video that is read; nil for the one that FFmpeg prefers.
    package var stream: Int?
    /// How large a video may be.
    package var limits = VideoLimits()
    private let damaged = DamagedImageLog()

    /// How the frames of folders are decoded, and what becomes of damaged ones.
    var frameOptions: DecodeOptions { DecodeOptions(model.recipe.data.damagedImages, telling: damaged) }

    /// The damaged frames of folders that were accepted so far, as the recipe's `data.damaged_images` says.
    package var damagedImages: [MediaWarning] { damaged.images }

    /// A classifier of clips that was saved, on a device.
    ///
    /// - Parameters:
    ///   - saved: The classifier's checkpoint.
    ///   - device: Where it runs.
    ///   - top: How many classes to report for each video.
    ///   - stream: The number of the stream of each video to read; nil for the one that FFmpeg prefers.
    /// - Throws: `RecipeFileError`, `CheckpointError`; `JobError` for a model of images.
    public init(_ saved: SavedModel, device: Device = .cpu, top: Int = 5, stream: Int? = nil) throws {
        try saved.require(
            .classification, "this is a detector, and videos are recognised by a classifier; use `vertebra detect`")
        model = try ClassifierModel(saved, device: device)
        guard model.recipe.data.format.isOfVideos else {
            throw JobError(
                saved.path,
                saved.isPublished
                    ? "these are weights of a classifier of images, not of videos; `vertebra explain` uses them"
                    : "this classifier was trained on images, not on videos")
        }
        self.top = top
        self.stream = stream
    }

    /// - Throws: `MediaError`, naming the file and the frame; `Stopped` once the user asks to stop.
    public func recognize(_ path: String) throws -> RecognizedClip {
        let frameOptions = frameOptions
        let views = try ClipViews(
            path: path, layout: model.recipe.input.views(framePrefix: model.recipe.data.framePrefix),
            options: VideoOptions(threads: Threads.count, stream: stream, limits: limits), frameOptions: frameOptions)
        let probabilities: Tensor
        do {
            probabilities = try model.logProbabilities(views).exp()
        } catch is Stopped {
            throw Stopped(amid: path)
        }
        let likeliest = probabilities.topK(min(top, model.classNames.count), dim: 0)
        let classes = zip(likeliest.indices.array(Int.self), likeliest.values.array(Float.self)).map {
            RecognizedClip.Class(name: model.classNames[$0], probability: $1)
        }
        return RecognizedClip(
            video: path, frames: views.frameCount, rate: views.frameRate, views: views.count, classes: classes,
            framePrefix: model.recipe.data.framePrefix, frameOptions: frameOptions, stream: stream)
    }
}

extension ClipRecognition {
    /// The videos that arguments name: a file; a folder of frames; or all videos right in a folder, files and folders of
    /// frames, sorted by name. Pictures beside videos are no frames.
    ///
    /// - Throws: `JobError` for a path that does not exist and for a folder without videos.
    package static func videos(_ arguments: [String]) throws -> [String] {
        try arguments.flatMap { argument -> [String] in
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: argument, isDirectory: &isFolder) else {
                throw JobError(argument, "there is no such video")
            }
            guard isFolder.boolValue else { return [argument] }
            guard let videos = VideoFolder.videos(in: argument) else {
                throw JobError(argument, "the folder can't be read; check its permissions")
            }
            let hasFiles = videos.contains { ImageDetection.isVideo($0) }
            if !hasFiles, VideoFolder.holdsFrames(argument) { return [argument] }
            guard !videos.isEmpty else {
                throw JobError(argument, "this folder holds no videos, no frames and no folders of frames")
            }
            return videos.map { argument + "/" + $0 }
        }
    }
}

extension RecognizedClip {
    /// Writes the video with its classes drawn over its upper edge, and remembers its name. A small video is enlarged, so
    /// that the names can be read. It lasts as long as the original; frames of a folder are shown at 25 a second.
    ///
    /// - Parameters:
    ///   - path: The MP4 to write; its folder must exist.
    ///   - keepsSound: Whether the sound is copied; `soundLeftOut` says where it can't be.
    /// - Throws: `MediaError`, naming the file; `Stopped` once the user asks to stop. A video that can't be
    ///   finished leaves no file.
    public mutating func writeVideo(to path: String, keepsSound: Bool = true) throws {
        let source = try ClipSource(
            video, options: VideoOptions(threads: Threads.count, stream: stream), framePrefix: framePrefix,
            frameOptions: frameOptions)
        let size = ClassBars.readableSize(of: source.size)
        var begun: VideoWriter?
        try source.forEachFrame(size: size) { index, frame in
            if StopSignal.isRequested { throw Stopped(amid: video, beforeFrame: index) }
            let writer = try begun ?? DrawnVideo.writer(path, size: size, on: source.video, keepsSound: keepsSound)
            begun = writer
            try writer.append(drawn(on: frame))
        }
        try begun?.finish()
        soundLeftOut = begun?.soundLeftOut
        drawn = path
    }

    /// A frame with a line for each class: its name, and a bar whose length is the probability.
    func drawn(on frame: ByteImage) throws -> ByteImage {
        let canvas = try Canvas(frame)
        ClassBars.draw(
            classes.prefix(3).map { ($0.name, Double($0.probability), Color(hex: 0x2980B9)) }, on: canvas)
        return canvas.image()
    }
}
