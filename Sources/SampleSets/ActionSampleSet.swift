import Foundation
import Media
import Support

/// The built-in action set: short videos of one object each, drawn by lot from a seed, whose classes are told apart by
/// motion alone.
///
/// Every clip lies in Kinetics' layout, as MP4, and in Something-Something's, as WebM. Equal settings give equal bytes on one
/// machine, whatever the number of threads.
public struct ActionSampleSet: Sendable {
    /// What decides every clip.
    public struct Settings: Hashable, Sendable, Codable {
        /// What the lot is drawn from.
        public var seed: UInt64 = 1
        /// Training clips of each class.
        public var trainClips = 120
        /// Validation clips of each class.
        public var validationClips = 12
        /// Width of the videos in pixels.
        public var width = 96
        /// Height of the videos in pixels.
        public var height = 72
        /// Frames of a clip.
        public var frames = 24...32
        /// Frames a second: one of these.
        public var rates = [12.0, 15, 20, 25]
        /// The way of an object that moves, as a share of the picture's side.
        public var travel = 0.45...0.65
        /// Centres stay so far from the border, as a share of the picture's side.
        public var margin = 0.14
        /// Radius in pixels where an approach begins.
        public var farRadii = 8.0...10.0
        /// Radius in pixels where an approach ends.
        public var nearRadii = 21.0...27.0
        /// How far an object turns, in degrees.
        public var turns = 130.0...230.0
        /// Opacity where an object begins to appear.
        public var faintOpacities = 0.12...0.25
        /// How far an object strays from its way at most, in pixels.
        public var sway = 0.5
        /// Strokes and flecks behind the object.
        public var clutter = 0...2
        /// Quality of the encoded videos, 1 to 100.
        public var quality = 75

        /// The settings of the documented set.
        public init() {}
    }

    /// What was written.
    public struct Summary: Hashable, Sendable, Codable {
        /// Clips of the training split.
        public var trainClips = 0
        /// Clips of the validation split.
        public var validationClips = 0
        /// Frames of both splits.
        public var frames = 0
        /// Bytes of all videos of Kinetics' layout.
        public var kineticsBytes = 0
        /// Bytes of all videos of Something-Something's layout.
        public var somethingBytes = 0
        /// Where everything lies.
        public var paths = Paths(folder: "")
    }

    /// Where things lie in the folder.
    public struct Paths: Hashable, Sendable, Codable {
        /// The set's folder.
        public let folder: String

        /// The places in a folder.
        public init(folder: String) { self.folder = folder }

        /// Kinetics' CSV of the training split.
        public var kineticsTrain: String { folder + "/kinetics/annotations/train.csv" }
        /// Kinetics' CSV of the validation split.
        public var kineticsValidation: String { folder + "/kinetics/annotations/val.csv" }
        /// Training videos: a folder of MP4s for each class.
        public var kineticsTrainVideos: String { folder + "/kinetics/train" }
        /// Validation videos: a folder of MP4s for each class.
        public var kineticsValidationVideos: String { folder + "/kinetics/val" }
        /// Something-Something's numbers of the templates.
        public var somethingLabels: String { folder + "/something/labels/labels.json" }
        /// Something-Something's JSON of the training split.
        public var somethingTrain: String { folder + "/something/labels/train.json" }
        /// Something-Something's JSON of the validation split.
        public var somethingValidation: String { folder + "/something/labels/validation.json" }
        /// Numbered WebMs of both splits.
        public var somethingVideos: String { folder + "/something/videos" }
        /// The settings as JSON.
        public var settings: String { folder + "/settings.json" }
    }

    /// What decides every clip.
    public let settings: Settings

    /// A set by its settings; nothing is drawn yet.
    public init(settings: Settings = Settings()) { self.settings = settings }

    /// Clips of the training split.
    public var trainCount: Int { settings.trainClips * ActionClass.allCases.count }
    /// Clips of both splits.
    public var clipCount: Int { (settings.trainClips + settings.validationClips) * ActionClass.allCases.count }

    /// Writes the videos and their annotations in both layouts. The folder appears whole or not at all.
    ///
    /// - Parameters:
    ///   - folder: The folder to make.
    ///   - threads: Threads that draw and encode; nil takes one for each processor. The bytes don't depend on it.
    ///   - replacing: Whether a sample set that is there already is replaced.
    /// - Returns: What was written, and where.
    /// - Throws: ``SampleSetError/exists(_:)`` if the folder is there and `replacing` is false,
    ///   ``SampleSetError/notASampleSet(_:)`` if what it would replace is something else, and what writing throws.
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

    /// Clip `index`; those of the training split come first, and the classes take turns.
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
            let folder = file.hasSuffix("/") ? file : (file as NSString).deletingLastPathComponent
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
    /// A few lines for a person.
    public var description: String {
        func size(_ bytes: Int) -> String { String(format: "%.1f MB", Double(bytes) / 1e6) }
        let names = ActionClass.allCases.map(\.rawValue).joined(separator: ", ")
        return """
            \(trainClips) training and \(validationClips) validation clips with \(frames) frames, in two forms
            \(ActionClass.allCases.count) classes: \(names)
            Kinetics: \(paths.kineticsTrain), \(paths.kineticsValidation), \
            MP4 in \(paths.kineticsTrainVideos) and \(paths.kineticsValidationVideos) (\(size(kineticsBytes)))
            Something-Something: \(paths.somethingTrain), \(paths.somethingValidation), \(paths.somethingLabels), \
            WebM in \(paths.somethingVideos) (\(size(somethingBytes)))
            """
    }
}
