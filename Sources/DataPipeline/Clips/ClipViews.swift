import Annotations
import Media
import Support
import Tensors

/// A video as it is looked at in testing: clips spread over its length, and of each some crops along the longer side (ten
/// and three in Wang et al., "Non-local neural networks", 2018). Frames that clips share are decoded once.
public struct ClipViews: Sendable {
    public let label: Int
    public let name: String
    /// Of the whole video.
    public let frameCount: Int
    /// Frames a second on average; nil where the video doesn't say.
    public let frameRate: Double?
    /// The frames that any clip shows, scaled.
    private let frames: [ByteImage]
    /// Of each clip, which of `frames`.
    private let clips: [[Int]]
    private let corners: [(x: Int, y: Int)]
    private let side: Int

    public var count: Int { clips.count * corners.count }

    /// How a video is looked at.
    public struct Form: Hashable, Sendable {
        public var sampling: ClipSampling
        public var clips: Int
        public var crops: Int
        /// Pixels of both sides of a crop, and of the shorter side that frames are scaled to.
        public var side: Int
        public var shorterSide: Int

        public init(sampling: ClipSampling, clips: Int = 10, crops: Int = 3, side: Int = 256, shorterSide: Int = 256) {
            precondition(
                clips > 0 && crops > 0 && side <= shorterSide,
                "\(clips) clips, \(crops) crops of \(side) from a shorter side of \(shorterSide)")
            self.sampling = sampling
            self.clips = clips
            self.crops = crops
            self.side = side
            self.shorterSide = shorterSide
        }
    }

    /// - Throws: `MediaError`, naming the file, and the frame.
    public init(path: String, label: Int = 0, form: Form, options: VideoOptions = VideoOptions()) throws {
        let source = try ClipSource(path, options: options)
        frameCount = source.frameCount
        frameRate = source.frameRate
        let wanted = form.sampling.evenClips(form.clips, frameCount: frameCount)
        let union = Set(wanted.joined()).sorted()
        let places = Dictionary(uniqueKeysWithValues: union.enumerated().map { ($1, $0) })
        let size = scaled(source.size, shorterSide: form.shorterSide)
        frames = try source.frames(at: union, size: size)
        clips = wanted.map { $0.compactMap { places[$0] } }
        side = form.side
        corners = (0..<form.crops).map { crop in
            func place(_ room: Int, isLonger: Bool) -> Int {
                // One crop, and every one across the shorter side, is the middle.
                isLonger && form.crops > 1 ? (2 * crop * room + form.crops - 1) / (2 * (form.crops - 1)) : room / 2
            }
            let (width, height) = (size.width - form.side, size.height - form.side)
            return (
                place(width, isLonger: size.width >= size.height), place(height, isLonger: size.height > size.width)
            )
        }
        self.label = label
        name = path
    }

    /// Views of `range`: uint8 `[views, 3, T, side, side]`, channels last in memory. The crops of a clip lie together.
    public func tensor(_ range: Range<Int>) -> Tensor {
        let views = range.map { view in
            let (x, y) = corners[view % corners.count]
            return clips[view / corners.count].map { frames[$0].cropped(x: x, y: y, width: side, height: side) }
        }
        return Tensor(stacking: views, names: views.map { _ in name })
    }
}

/// Videos with all their views, or why one can't be read: what to do about it is for the caller to say.
public struct ClipViewsDataset: Dataset {
    public let annotations: ClipAnnotations
    public let form: ClipViews.Form
    private let folder: String

    public init(annotations: ClipAnnotations, folder: String, form: ClipViews.Form) {
        self.annotations = annotations
        self.folder = folder
        self.form = form
    }

    public var count: Int { annotations.clips.count }

    public func describe(_ index: Int) -> String { folder + "/" + annotations.clips[index].path }

    public func sample(at index: Int, random: inout SeededRandom) -> Result<ClipViews, MediaError> {
        Result { () throws(MediaError) in
            do {
                return try ClipViews(path: describe(index), label: annotations.clips[index].label, form: form)
            } catch let error as MediaError {
                throw error
            } catch {
                throw MediaError(kind: .corrupt, name: describe(index), cause: "\(error)")
            }
        }
    }
}
