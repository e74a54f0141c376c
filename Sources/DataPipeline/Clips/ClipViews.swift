import Annotations
import Media
import Support
import Tensors

/// A video as it is looked at in testing: clips spread over its length, each cropped at some places along the longer side (ten
/// clips and three crops in Wang et al., "Non-local neural networks", 2018). Frames that clips share are decoded once.
public struct ClipViews: Sendable {
    /// The video's class, from 0.
    public let label: Int
    /// The video's file or folder of frames.
    public let name: String
    /// Frames of the whole video.
    public let frameCount: Int
    /// Frames a second on average; nil where the video doesn't say.
    public let frameRate: Double?
    /// The frames that any clip shows, scaled.
    private let frames: [ByteImage]
    /// By clip, which of `frames` it shows.
    private let clips: [[Int]]
    private let corners: [(x: Int, y: Int)]
    private let side: Int

    /// How many views there are: clips times crops.
    public var count: Int { clips.count * corners.count }

    /// Which clips and which crops of a video are looked at.
    public struct Layout: Hashable, Sendable {
        /// Which frames make a clip.
        public var sampling: ClipSampling
        /// Clips spread over the video.
        public var clips: Int
        /// Crops of every clip, spread along the longer side.
        public var crops: Int
        /// Pixels of both sides of a crop.
        public var side: Int
        /// Pixels of the shorter side that frames are scaled to.
        public var shorterSide: Int
        /// What the names of the frames in folders begin with; nil takes `img_`, or what all names of a folder begin with.
        public var framePrefix: String?

        /// A layout; counts must be above 0, and `side` must not exceed `shorterSide`.
        public init(
            sampling: ClipSampling, clips: Int = 10, crops: Int = 3, side: Int = 256, shorterSide: Int = 256,
            framePrefix: String? = nil
        ) {
            precondition(
                clips > 0 && crops > 0 && side <= shorterSide,
                "\(clips) clips, \(crops) crops of \(side) from a shorter side of \(shorterSide)")
            self.sampling = sampling
            self.clips = clips
            self.crops = crops
            self.side = side
            self.shorterSide = shorterSide
            self.framePrefix = framePrefix
        }

        /// The left upper corners of the crops of a frame of this size.
        fileprivate func corners(in size: ImageSize) -> [(x: Int, y: Int)] {
            (0..<crops).map { crop in
                func place(_ room: Int, isLonger: Bool) -> Int {
                    // One crop, and every one across the shorter side, is the middle.
                    isLonger && crops > 1 ? (2 * crop * room + crops - 1) / (2 * (crops - 1)) : room / 2
                }
                return (
                    place(size.width - side, isLonger: size.width >= size.height),
                    place(size.height - side, isLonger: size.height > size.width)
                )
            }
        }
    }

    /// Decodes the frames that the views need.
    ///
    /// - Parameters:
    ///   - path: A video file, or a folder of frames.
    ///   - label: The video's class, from 0.
    ///   - layout: Which views are taken.
    ///   - options: How a video file is decoded.
    ///   - frameOptions: How the frames of a folder are decoded, and what becomes of damaged ones.
    /// - Throws: `MediaError`, naming the file, and the frame.
    public init(
        path: String, label: Int = 0, layout: Layout, options: VideoOptions = VideoOptions(),
        frameOptions: DecodeOptions = DecodeOptions()
    ) throws {
        let source = try ClipSource(
            path, options: options, framePrefix: layout.framePrefix, frameOptions: frameOptions)
        frameCount = source.frameCount
        frameRate = source.frameRate
        let wanted = layout.sampling.evenClips(layout.clips, frameCount: frameCount)
        let union = Set(wanted.joined()).sorted()
        let places = Dictionary(uniqueKeysWithValues: union.enumerated().map { ($1, $0) })
        let size = ResizeRule.clipFrames(shorterSide: layout.shorterSide).size(of: source.size)
        frames = try source.frames(at: union, size: size)
        clips = wanted.map { $0.compactMap { places[$0] } }
        side = layout.side
        corners = layout.corners(in: size)
        self.label = label
        name = path
    }

    /// The crops of one clip whose frames are there.
    ///
    /// - Parameters:
    ///   - clip: The frames, of one size, whose shorter side is the layout's `shorterSide`.
    ///   - name: The video's file or folder of frames.
    ///   - layout: How they are cropped.
    package init(clip: [ByteImage], name: String, layout: Layout) {
        precondition(!clip.isEmpty, "ClipViews: a clip of \(name) without frames")
        label = 0
        self.name = name
        frameCount = clip.count
        frameRate = nil
        frames = clip
        clips = [Array(clip.indices)]
        side = layout.side
        corners = layout.corners(in: clip[0].size)
    }

    /// The views of `range`: uint8 `[views, 3, T, side, side]`, channels last in memory. The crops of a clip lie
    /// together.
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
    /// The videos and their classes.
    public let annotations: ClipAnnotations
    /// Which views are taken.
    public let layout: ClipViews.Layout
    /// What an index knows of the order of a video's frames, by the video's place among the annotations.
    package var orders: [Int: VideoOrder] = [:]
    /// How the frames of folders are decoded, and what becomes of damaged ones.
    package var frameOptions = DecodeOptions()
    private let folder: String

    /// A data set of the annotated videos, whose paths are relative to `folder`; nothing is opened yet.
    public init(annotations: ClipAnnotations, folder: String, layout: ClipViews.Layout) {
        self.annotations = annotations
        self.folder = folder
        self.layout = layout
    }

    /// How many videos there are.
    public var count: Int { annotations.clips.count }

    /// The file of video `index`, or its folder of frames.
    public func describe(_ index: Int) -> String { folder + "/" + annotations.clips[index].path }

    /// The views of video `index`, or why it can't be read: the error names the file, and the frame.
    public func sample(at index: Int, random: inout SeededRandom) -> Result<ClipViews, MediaError> {
        Result { () throws(MediaError) in
            do {
                var options = VideoOptions()
                options.order = orders[index]
                return try ClipViews(
                    path: describe(index), label: annotations.clips[index].label, layout: layout, options: options,
                    frameOptions: frameOptions)
            } catch let error as MediaError {
                throw error
            } catch {
                throw MediaError(kind: .corrupt, name: describe(index), cause: "\(error)")
            }
        }
    }
}
