import Annotations
import Foundation
import Media
import Support

/// Labelled clips, one from each video: in training from a random place, cropped and mirrored at random; else from the middle
/// of the video, and the middle of its frames.
public struct ClipDataset: ClassificationDataset {
    /// How a training clip differs from what the file holds.
    public struct Augmentation: Hashable, Sendable {
        /// The shorter side that frames are scaled to is drawn from these pixels (256 to 320, Simonyan and Zisserman, 2014).
        public var shorterSides: ClosedRange<Int>
        /// Probability of a mirrored clip.
        public var flip: Double

        /// An augmentation; `flip` is a probability, 0…1.
        public init(shorterSides: ClosedRange<Int>, flip: Double) {
            self.shorterSides = shorterSides
            self.flip = flip
        }
    }

    /// Which frames make a clip, and what they are scaled and cropped to.
    public struct Layout: Hashable, Sendable {
        /// Which frames of a video make a clip.
        public var sampling: ClipSampling
        /// Pixels of both sides of a crop.
        public var side: Int
        /// Pixels of the shorter side that frames are scaled to where clips are not varied.
        public var shorterSide: Int
        /// How training clips are varied; nil takes the middle.
        public var augmentation: Augmentation?
        /// What the names of the frames in folders begin with; nil takes `img_`, or what all names of a folder begin with.
        public var framePrefix: String?

        /// A layout; a `side` above `shorterSide` traps.
        public init(
            sampling: ClipSampling, side: Int, shorterSide: Int, augmentation: Augmentation? = nil,
            framePrefix: String? = nil
        ) {
            precondition(side <= shorterSide, "a crop of \(side) from a shorter side of \(shorterSide)")
            self.sampling = sampling
            self.side = side
            self.shorterSide = shorterSide
            self.augmentation = augmentation
            self.framePrefix = framePrefix
        }
    }

    /// The videos and their classes.
    public let annotations: ClipAnnotations
    /// What a clip is.
    public let layout: Layout
    /// The folder of the videos.
    public let folder: String
    /// What an index knows of the order of a video's frames, by the video's place among the annotations.
    package var orders: [Int: VideoOrder] = [:]
    /// How the frames of folders are decoded, and what becomes of damaged ones.
    package var frameOptions = DecodeOptions()
    private let mirroredLabels: [Int]?

    /// A data set of the annotated videos; nothing is opened yet.
    ///
    /// - Parameters:
    ///   - annotations: the videos and their classes.
    ///   - folder: the folder of the videos, to which the annotations' paths are relative.
    ///   - layout: what a clip is.
    ///   - mirrorsLabels: whether a mirrored clip is of the class with "left" and "right" exchanged
    ///     (`ClipAnnotations.mirroredLabels`). Clips that are mirrored though some class has no mirror image trap.
    public init(annotations: ClipAnnotations, folder: String, layout: Layout, mirrorsLabels: Bool = false) {
        self.annotations = annotations
        self.folder = folder
        self.layout = layout
        mirroredLabels = mirrorsLabels ? annotations.mirroredLabels : nil
        precondition(
            !mirrorsLabels || mirroredLabels != nil || (layout.augmentation?.flip ?? 0) == 0,
            "clips mirrored whose classes have no mirror images")
    }

    /// How many clips there are: one for every video.
    public var count: Int { annotations.clips.count }

    /// The names of labels 0, 1, ….
    public var classNames: [String] { annotations.classNames }

    /// The class of video `index`, from 0.
    public func label(_ index: Int) -> Int { annotations.clips[index].label }

    /// The file of video `index`, or its folder of frames.
    public func describe(_ index: Int) -> String { path(of: index) }

    func path(of index: Int) -> String { folder + "/" + annotations.clips[index].path }

    /// Decodes one clip of video `index`.
    ///
    /// - Throws: `MediaError`, naming the file, and the frame.
    public func sample(at index: Int, random: inout SeededRandom) throws -> ClassificationSample {
        let record = annotations.clips[index], path = path(of: index)
        var options = VideoOptions()
        options.order = orders[index]
        let source = try ClipSource(
            path, options: options, framePrefix: layout.framePrefix, frameOptions: frameOptions)
        guard let augmentation = layout.augmentation else {
            let start = layout.sampling.evenStarts(1, frameCount: source.frameCount)[0]
            let size = ResizeRule.clipFrames(shorterSide: layout.shorterSide).size(of: source.size)
            let frames = try source.frames(
                at: layout.sampling.indices(from: start, frameCount: source.frameCount), size: size)
            let (x, y) = ((size.width - layout.side) / 2, (size.height - layout.side) / 2)
            return ClassificationSample(
                frames: frames.map { $0.cropped(x: x, y: y, width: layout.side, height: layout.side) },
                label: record.label, name: path)
        }
        // A stream of its own for each choice, so that one more choice leaves the others as they are.
        var (time, scale, place, mirror) = (random.stream(0), random.stream(1), random.stream(2), random.stream(3))
        let indices = layout.sampling.random(frameCount: source.frameCount, using: &time)
        let size = ResizeRule.clipFrames(shorterSide: scale.integer(in: augmentation.shorterSides)).size(
            of: source.size)
        let x = place.integer(in: 0...(size.width - layout.side))
        let y = place.integer(in: 0...(size.height - layout.side))
        let isMirrored = mirror.chance(augmentation.flip)
        let frames = try source.frames(at: indices, size: size).map { frame in
            let crop = frame.cropped(x: x, y: y, width: layout.side, height: layout.side)
            return isMirrored ? crop.flippedHorizontally() : crop
        }
        let label = isMirrored ? mirroredLabels?[record.label] ?? record.label : record.label
        return ClassificationSample(frames: frames, label: label, name: path)
    }
}

extension ResizeRule {
    /// How the frames of a video are scaled before they are cropped: in proportion, the longer side rounded.
    package static func clipFrames(shorterSide: Int) -> ResizeRule {
        .shorterSide(shorterSide, .toNearestOrAwayFromZero)
    }
}
