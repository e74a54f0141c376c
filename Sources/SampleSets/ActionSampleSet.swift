import Foundation
import Media
import Support

/// The built-in action set: short videos of one object each, drawn at random from a seed. The classes differ only in
/// motion.
///
/// Every clip is stored in Kinetics' layout, as MP4, and in Something-Something's, as WebM. On one machine, equal settings
/// give equal bytes, whatever the number of threads.
public struct ActionSampleSet: Sendable {
    /// The values that determine every clip.
    public struct Settings: Hashable, Sendable, Codable {
        /// The seed of all random numbers.
        public var seed: UInt64 = 1
        /// Number of training clips of each class.
        public var trainClips = 120
        /// Number of validation clips of each class.
        public var validationClips = 12
        /// Width of the videos in pixels.
        public var width = 96
        /// Height of the videos in pixels.
        public var height = 72
        /// Range of the number of frames of a clip.
        public var frames = 24...32
        /// Frame rates, frames a second, of which each clip has one.
        public var rates = [12.0, 15, 20, 25]
        /// How far a moving object travels, as a share of the picture's side.
        public var travel = 0.45...0.65
        /// Least distance of an object's centre from the border, as a share of the picture's side.
        public var margin = 0.14
        /// Radius in pixels at which an approach begins.
        public var farRadii = 8.0...10.0
        /// Radius in pixels at which an approach ends.
        public var nearRadii = 21.0...27.0
        /// Angle in degrees by which an object turns.
        public var turns = 130.0...230.0
        /// Opacity at which an object begins to appear, 0…1.
        public var faintOpacities = 0.12...0.25
        /// Largest distance in pixels by which an object strays from its path.
        public var sway = 0.5
        /// Range of the number of strokes and flecks behind the object.
        public var clutter = 0...2
        /// Quality of the encoded videos, 1 to 100.
        public var quality = 75

        /// The settings of the documented set.
        public init() {}
    }

    /// The counts, sizes and places of what was written.
    public struct Summary: Hashable, Sendable, Codable {
        /// Number of clips of the training split.
        public var trainClips = 0
        /// Number of clips of the validation split.
        public var validationClips = 0
        /// Number of frames of both splits.
        public var frames = 0
        /// Bytes of all videos of Kinetics' layout.
        public var kineticsBytes = 0
        /// Bytes of all videos of Something-Something's layout.
        public var somethingBytes = 0
        /// The paths of all files.
        public var paths = Paths(folder: "")
    }

    /// The paths of files in the set's folder.
    public struct Paths: Hashable, Sendable, Codable {
        /// The set's folder.
        public let folder: String

        /// The paths in a folder.
        public init(folder: String) { self.folder = folder }

        /// Kinetics' CSV of the training split.
        public var kineticsTrain: String { folder + "/kinetics/annotations/train.csv" }
        /// Kinetics' CSV of the validation split.
        public var kineticsValidation: String { folder + "/kinetics/annotations/val.csv" }
        /// Kinetics' training videos: a folder of MP4s for each class.
        public var kineticsTrainVideos: String { folder + "/kinetics/train" }
        /// Kinetics' validation videos: a folder of MP4s for each class.
        public var kineticsValidationVideos: String { folder + "/kinetics/val" }
        /// Something-Something's JSON with the number of each template.
        public var somethingLabels: String { folder + "/something/labels/labels.json" }
        /// Something-Something's JSON of the training split.
        public var somethingTrain: String { folder + "/something/labels/train.json" }
        /// Something-Something's JSON of the validation split.
        public var somethingValidation: String { folder + "/something/labels/validation.json" }
        /// Something-Something's videos: numbered WebMs of both splits.
        public var somethingVideos: String { folder + "/something/videos" }
        /// The settings as JSON.
        public var settings: String { folder + "/settings.json" }
    }

    /// The values that determine every clip.
    public let settings: Settings

    /// A set with settings; nothing is drawn yet.
    public init(settings: Settings = Settings()) { self.settings = settings }

    /// Number of clips of the training split.
    public var trainCount: Int { settings.trainClips * ActionClass.allCases.count }
    /// Number of clips of both splits.
    public var clipCount: Int { (settings.trainClips + settings.validationClips) * ActionClass.allCases.count }

    /// Writes the videos and their annotations in both layouts. The folder appears complete or not at all.
    ///
    /// - Parameters:
    ///   - folder: The folder to make.
    ///   - threads: Threads that draw and encode; nil takes one for each processor. The bytes don't depend on it.
    ///   - replacing: Whether to replace a sample set that exists.
    /// - Returns: A summary of what was written.
    /// - Throws: ``SampleSetError/exists(_:)`` if the folder exists and `replacing` is false,
    ///   ``SampleSetError/notASampleSet(_:)`` if the folder to replace holds something else, and errors of writing.
    @discardableResult
    public func write(to folder: String, threads: Int? = nil, replacing: Bool = false) throws -> Summary {
        let folder = URL(fileURLWithPath: folder).standardizedFileURL.path
        let marks = Paths(folder: ".")
        let making = SampleSetFolder(path: folder, marks: [marks.settings, marks.kineticsTrain, marks.somethingLabels])
        var summary = try making.make(replacing: replacing) {
            try make(in: Paths(folder: $0), threads: threads ?? ProcessInfo.processInfo.activeProcessorCount)
        }
        summary.paths = Paths(folder: folder)
        return summary
    }

    /// The scene of clip `index`. Clips of the training split come first, and the classes take turns.
    package func scene(_ index: Int) -> ActionScene {
        var random = SeededRandom(seed: settings.seed, epoch: 0, index: index)
        let actions = ActionClass.allCases
        return ActionScene(settings: settings, action: actions[index % actions.count], random: &random)
    }

    private func make(in paths: Paths, threads: Int) throws -> Summary {
        let files = FileManager.default
        for folder in [paths.kineticsTrainVideos, paths.kineticsValidationVideos] {
            for name in ActionClass.classNames {
                try files.createDirectory(atPath: folder + "/" + name, withIntermediateDirectories: true)
            }
        }
        for file in [paths.kineticsTrain, paths.somethingLabels, paths.somethingVideos + "/"] {
            let folder = file.hasSuffix("/") ? file : FilePath.folder(of: file)
            try files.createDirectory(atPath: folder, withIntermediateDirectories: true)
        }
        let clips = try parallelMap(count: clipCount, threads: threads) { index in
            let scene = scene(index)
            let record = ActionClipRecord(scene, index: index, isTraining: index < trainCount)
            try write(scene, record, to: paths)
            return record
        }
        try ActionAnnotations(clips: clips).write(to: paths)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try WholeFile.write(encoder.encode(settings), to: paths.settings, syncs: false)
        return try summary(of: clips, in: paths)
    }

    /// Draws the clip once and encodes it twice.
    private func write(_ scene: ActionScene, _ record: ActionClipRecord, to paths: Paths) throws {
        func writer(_ path: String, _ format: VideoEncoding.Format) throws -> VideoWriter {
            let encoding = VideoEncoding(
                format: format, rate: scene.rate, quality: settings.quality, keyFrameDistance: 12)
            return try VideoWriter(
                path: path, width: settings.width, height: settings.height, encoding: encoding, syncs: false)
        }
        let writers = [
            try writer(record.kineticsPath(in: paths), .mp4), try writer(record.somethingPath(in: paths), .webm),
        ]
        try scene.forEachFrame { image in
            for writer in writers { try writer.append(image) }
        }
        for writer in writers { try writer.finish() }
    }

    private func summary(of clips: [ActionClipRecord], in paths: Paths) throws -> Summary {
        func bytes(_ path: (ActionClipRecord) -> String) throws -> Int {
            try clips.reduce(0) { sum, clip in
                let size = try FileManager.default.attributesOfItem(atPath: path(clip))[.size] as? Int
                return sum + (size ?? 0)
            }
        }
        var summary = Summary()
        summary.trainClips = clips.count(where: \.isTraining)
        summary.validationClips = clips.count - summary.trainClips
        summary.frames = clips.reduce(0) { $0 + $1.frameCount }
        summary.kineticsBytes = try bytes { $0.kineticsPath(in: paths) }
        summary.somethingBytes = try bytes { $0.somethingPath(in: paths) }
        return summary
    }
}

extension ActionSampleSet.Summary: CustomStringConvertible {
    /// The summary in a few lines for a person.
    public var description: String {
        func size(_ bytes: Int) -> String { String(format: "%.1f MB", Double(bytes) / 1e6) }
        let names = ActionClass.allCases.map(\.rawValue).joined(separator: ", ")
        return """
            \(trainClips) training and \(validationClips) validation clips with \(frames) frames, in two formats
            \(ActionClass.allCases.count) classes: \(names)
            Kinetics: \(paths.kineticsTrain), \(paths.kineticsValidation), \
            MP4 in \(paths.kineticsTrainVideos) and \(paths.kineticsValidationVideos) (\(size(kineticsBytes)))
            Something-Something: \(paths.somethingTrain), \(paths.somethingValidation), \(paths.somethingLabels), \
            WebM in \(paths.somethingVideos) (\(size(somethingBytes)))
            """
    }
}
