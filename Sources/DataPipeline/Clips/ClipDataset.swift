import Annotations
import Foundation
import Media
import Support

/// Clips of labelled videos, one of each video: in training from a random place, cropped and mirrored at random; else from
/// the middle of the video, and its middle.
public struct ClipDataset: ClassificationDataset {
    /// How a clip of training differs from what the file holds.
    public struct Augmentation: Hashable, Sendable {
        /// The shorter side that frames are scaled to is drawn from these pixels (256 to 320, Simonyan and Zisserman, 2014).
        public var shorterSides: ClosedRange<Int>
        /// Probability of a mirrored clip.
        public var flip: Double

        public init(shorterSides: ClosedRange<Int>, flip: Double) {
            self.shorterSides = shorterSides
            self.flip = flip
        }
    }

    /// What the clips of a set come out as.
    public struct Form: Hashable, Sendable {
        public var sampling: ClipSampling
        /// Pixels of both sides of a crop.
        public var side: Int
        /// Without augmentation: the shorter side that frames are scaled to.
        public var shorterSide: Int
        /// Nil: the middle.
        public var augmentation: Augmentation?

        public init(sampling: ClipSampling, side: Int, shorterSide: Int, augmentation: Augmentation? = nil) {
            precondition(side <= shorterSide, "a crop of \(side) from a shorter side of \(shorterSide)")
            self.sampling = sampling
            self.side = side
            self.shorterSide = shorterSide
            self.augmentation = augmentation
        }
    }

    public let annotations: ClipAnnotations
    public let form: Form
    /// That of the videos.
    public let folder: String
    private let mirroredLabels: [Int]?

    /// - Parameters:
    ///   - folder: That of the videos, to which the annotations' paths are relative.
    ///   - mirrorsLabels: A mirrored clip is of the class with "left" and "right" exchanged; where that is no class, clips
    ///     must not be mirrored (``ClipAnnotations/mirroredLabels``).
    public init(annotations: ClipAnnotations, folder: String, form: Form, mirrorsLabels: Bool = false) {
        self.annotations = annotations
        self.folder = folder
        self.form = form
        mirroredLabels = mirrorsLabels ? annotations.mirroredLabels : nil
        precondition(
            !mirrorsLabels || mirroredLabels != nil || (form.augmentation?.flip ?? 0) == 0,
            "clips mirrored whose classes have no mirror images")
    }

    public var count: Int { annotations.clips.count }
    public var classNames: [String] { annotations.classNames }

    public func describe(_ index: Int) -> String { path(of: index) }

    func path(of index: Int) -> String { folder + "/" + annotations.clips[index].path }

    /// - Throws: `MediaError`, naming the file, and the frame.
    public func sample(at index: Int, random: inout SeededRandom) throws -> ClassificationSample {
        let record = annotations.clips[index], path = path(of: index)
        let source = try ClipSource(path, options: VideoOptions())
        guard let augmentation = form.augmentation else {
            let start = form.sampling.evenStarts(1, frameCount: source.frameCount)[0]
            let size = scaled(source.size, shorterSide: form.shorterSide)
            let frames = try source.frames(
                at: form.sampling.indices(from: start, frameCount: source.frameCount), size: size)
            let (x, y) = ((size.width - form.side) / 2, (size.height - form.side) / 2)
            return ClassificationSample(
                frames: frames.map { $0.cropped(x: x, y: y, width: form.side, height: form.side) },
                label: record.label, name: path)
        }
        // A stream of its own for each choice, so that one more choice leaves the others as they are.
        var (time, scale, place, mirror) = (random.stream(0), random.stream(1), random.stream(2), random.stream(3))
        let indices = form.sampling.random(frameCount: source.frameCount, using: &time)
        let size = scaled(source.size, shorterSide: scale.integer(in: augmentation.shorterSides))
        let x = place.integer(in: 0...(size.width - form.side))
        let y = place.integer(in: 0...(size.height - form.side))
        let isMirrored = mirror.chance(augmentation.flip)
        let frames = try source.frames(at: indices, size: size).map { frame in
            let crop = frame.cropped(x: x, y: y, width: form.side, height: form.side)
            return isMirrored ? crop.flippedHorizontally() : crop
        }
        let label = isMirrored ? mirroredLabels?[record.label] ?? record.label : record.label
        return ClassificationSample(frames: frames, label: label, name: path)
    }
}

/// A size with a shorter side of so many pixels; the longer one is rounded.
func scaled(_ size: (width: Int, height: Int), shorterSide: Int) -> (width: Int, height: Int) {
    func other(_ longer: Int, _ shorter: Int) -> Int { (2 * longer * shorterSide + shorter) / (2 * shorter) }
    return size.width < size.height
        ? (shorterSide, other(size.height, size.width)) : (other(size.width, size.height), shorterSide)
}
