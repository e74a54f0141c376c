import DataPipeline
import Media
import Support

/// A recipe for training a classifier.
package typealias ClassificationRecipe = Recipe<ClassificationSections>

package enum ClassificationSections: RecipeSections {
    package static let task = VisionTask.classification
    package static let hasOneClassASample = true

    package static func input(
        _ given: ClassificationInputSection?, for model: ClassificationModelSection, on data: ClassificationDataSection
    ) -> ClassificationInputSection {
        var input = given ?? ClassificationInputSection()
        input.fill(for: data.format)
        return input
    }

    package static func fault(of input: ClassificationInputSection) -> String? {
        let shortest = min(input.shorterSide, input.shorterSides[0])
        return shortest >= input.side
            ? nil
            : "has a side of \(input.side), which is more than the shorter side of \(shortest) that it is cut from"
    }

    package typealias Model = ClassificationModelSection
    package typealias Data = ClassificationDataSection
    package typealias Metric = ClassificationMetric
    package typealias Inference = NoInferenceOptions
}

/// The section `model`: the network, its weights to start from, and the target of its training.
package struct ClassificationModelSection: ModelSection {
    /// A name that `vertebra models` lists, or a text such as `iresnet50:shortcut=dense`. The classifier gets one output for
    /// each class of the data.
    package var backbone: String
    /// Weights to start from, `.safetensors` or `.pth`; the last layer is left out where its classes are others than the
    /// data's. Nil: random weights.
    package var weights: String?
    /// The licence that the trained weights are given under. Nil: none is stated.
    package var license: License?
    /// Whether γ of the last norm of each block starts at 0 (Goyal et al., 2017, section 5.1).
    package var zeroLastNorms = false
    /// Probability of the dropout in front of the classifier.
    package var dropout = 0.0
    /// Share of the target, 0…1, that is spread evenly over all classes (Szegedy et al., 2016, section 7).
    package var labelSmoothing = 0.0
    /// Whether training computes activations again for the backward pass instead of keeping them all. It takes a third
    /// more time, and memory then grows with the square root of the depth.
    package var checkpointsActivations = false

    enum CodingKeys: String, CodingKey, CaseIterable {
        case backbone, weights, license, dropout
        case zeroLastNorms = "zero_last_norms"
        case labelSmoothing = "label_smoothing"
        case checkpointsActivations = "checkpoint_activations"
    }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        backbone = try values.decode(BackboneSection.self, forKey: .backbone).text
        weights = try values.decodeIfPresent(String.self, forKey: .weights)
        license = try values.decodeIfPresent(License.self, forKey: .license)
        try values.update(&zeroLastNorms, .zeroLastNorms)
        try values.update(&dropout, .dropout, "must be in 0…1, without 1") { (0..<1).contains($0) }
        try values.update(&labelSmoothing, .labelSmoothing, "must be in 0…1, without 1") { (0..<1).contains($0) }
        try values.update(&checkpointsActivations, .checkpointsActivations)
    }
}

/// The section `data`: where the images or videos are. A relative `root` starts from the folder that the command runs in.
package struct ClassificationDataSection: DataSection {
    package enum Format: String, Codable, CaseIterable, Sendable {
        /// The binary files of CIFAR-10 or CIFAR-100 in `root`, whichever it holds.
        case cifar
        /// Those of CIFAR-10.
        case cifar10
        /// Those of CIFAR-100, with its fine labels.
        case cifar100
        /// Folders `train` and `val` in `root`, with a folder of images for each class in both.
        case folder
        /// Videos: `train` and `val` name CSV files of Kinetics, lists of `path label` or `path,label` lines, or folders with
        /// a folder of videos for each class.
        case kinetics
        /// Videos: `train` and `val` name JSON files of Something-Something-v2, `classes` the one with its labels.
        case somethingSomething = "something_something"

        /// Whether samples are clips of videos.
        package var isOfVideos: Bool { self == .kinetics || self == .somethingSomething }

        /// Whether the images are CIFAR's, of 32×32 pixels.
        package var isCIFAR: Bool { [.cifar, .cifar10, .cifar100].contains(self) }

        /// Which of CIFAR's sets; nil for other data, and where the folder's files decide.
        var cifarKind: CIFARDataset.Kind? {
            switch self {
            case .cifar10: .ten
            case .cifar100: .hundred
            case .cifar, .folder, .kinetics, .somethingSomething: nil
            }
        }

        /// The usual names of the parts.
        var parts: (train: String, val: String) {
            switch self {
            case .cifar, .cifar10, .cifar100, .folder: ("train", "val")
            case .kinetics: ("train.csv", "val.csv")
            case .somethingSomething: ("train.json", "validation.json")
            }
        }
    }

    package var root = "."
    package var format: Format
    /// Folder or file in `root` of the training part. CIFAR's files have fixed names.
    package var train: String
    package var val: String
    /// The folder of the videos in `root`, and the validation part's if it has its own. For videos only.
    package var videos = "videos"
    package var valVideos: String?
    /// The file in `root` with the class names of videos. Something-Something's is `labels.json`; a Kinetics list of paths
    /// and labels needs a text file with one name on each line.
    package var classes: String?
    /// The file in `root` that keeps how many frames each video has, nil for `frames-index.tsv`; or which folders of many images
    /// are known to be sound, nil for `images-index.tsv`.
    package var index: String?
    /// What the names of the frames begin with where videos are folders of frames; nil is `img_`, or what all names of a
    /// folder begin with.
    package var framePrefix: String?
    /// What happens to an image or video that can't be read: `stop` ends the work, `replace` leaves it out and counts it.
    /// If that shows only during training, another sample takes its place.
    package var failedImages = FailurePolicy.stop
    /// What happens to a JPEG that is damaged, but of which libjpeg still makes a picture: `refuse` treats it as one that
    /// can't be read; `accept` takes the picture, counts and names it. Of videos it is for folders of frames.
    package var damagedImages = DamagedImages.refuse

    enum CodingKeys: String, CodingKey, CaseIterable {
        case root, format, train, val, videos, classes, index
        case framePrefix = "frame_prefix"
        case valVideos = "val_videos"
        case failedImages = "failed_images"
        case damagedImages = "damaged_images"
    }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        try values.update(&root, .root)
        format = try values.decode(Format.self, forKey: .format)
        (train, val) = format.parts
        try values.update(&train, .train)
        try values.update(&val, .val)
        try values.require(
            !format.isCIFAR || (train, val) == format.parts, .train,
            "names a folder, but CIFAR's parts have files with fixed names")
        try values.update(&videos, .videos)
        valVideos = try values.decodeIfPresent(String.self, forKey: .valVideos)
        classes = try values.decodeIfPresent(String.self, forKey: .classes)
        index = try values.decodeIfPresent(String.self, forKey: .index)
        framePrefix = try values.decodeIfPresent(String.self, forKey: .framePrefix)
        try values.require(
            !format.isCIFAR || !values.contains(.index), .index,
            "is for videos and folders of images, but \(format.rawValue) has files with fixed names")
        for key in [CodingKeys.videos, .valVideos, .classes, .framePrefix] {
            try values.require(
                format.isOfVideos || !values.contains(key), key, "is for videos, but \(format.rawValue) holds images")
        }
        try values.update(&failedImages, .failedImages, "can be stop or replace") { $0 != .skip }
        try values.update(&damagedImages, .damagedImages)
    }
}

extension ClassificationDataSection {
    /// Path of the file that `index` names; nil for the usual one.
    var indexFile: String? { index.map(path) }
}

/// The section `input`: what an image or a video becomes before the model.
package struct ClassificationInputSection: RecipeSection {
    /// Width and height in pixels of the network's input: 224 for folders and videos, 32 for CIFAR.
    package var side = 0
    /// For folders and videos, evaluation scales the shorter side to this many pixels and takes the middle; usually 8/7 of
    /// `side`.
    package var shorterSide = 0
    /// For videos, training scales the shorter side to a number of pixels between these two; usually 8/7 and 10/7 of `side`.
    package var shorterSides: [Int] = []
    /// The number of frames of a clip, and the step from one to the next. The paper says "skip four frames" on Kinetics,
    /// a step of 5, and "skip only one frame" on Something-Something, a step of 2 (Duta et al., 2020). Others take 4 on
    /// Kinetics.
    package var frames = 16
    package var stride = 0
    /// For videos, the clips of a video that `evaluate` and `recognize` look at, and the crops of each clip, squares of
    /// `shorter_side` pixels. During training, evaluation looks at the middle crop of one clip.
    package var testClips = 10
    package var testCrops = 3
    /// For CIFAR, the width in pixels of the black border around an image from which training crops.
    package var padding = 4
    /// For folders, the least share of the area that a training crop shows.
    package var leastArea = 0.08
    /// Probability of a horizontal flip in training.
    package var flip = 0.5
    /// The mean and standard deviation of red, green and blue, for pixels in 0…1.
    package var mean: [Double] = []
    package var deviation: [Double] = []

    enum CodingKeys: String, CodingKey, CaseIterable {
        case side, padding, flip, mean, deviation, frames, stride
        case shorterSide = "shorter_side"
        case shorterSides = "shorter_sides"
        case testClips = "test_clips"
        case testCrops = "test_crops"
        case leastArea = "least_area"
    }

    init() {}

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        let longest = ImageSize.longestInput
        try values.update(&side, .side, "must be 1 to \(longest)") { (1...longest).contains($0) }
        let side = side
        try values.update(&shorterSide, .shorterSide, "must not be below side, nor above \(longest)") {
            $0 >= max(side, 1) && $0 <= longest
        }
        try values.update(&shorterSides, .shorterSides, "must be two numbers, ascending, none below side") {
            $0.count == 2 && $0[0] <= $0[1] && $0[0] >= max(side, 1) && $0[1] <= longest
        }
        let counts: [(CodingKeys, WritableKeyPath<Self, Int>)] = [
            (.frames, \.frames), (.stride, \.stride), (.testClips, \.testClips), (.testCrops, \.testCrops),
        ]
        for (key, count) in counts {
            try values.update(&self[keyPath: count], key, "must be 1 to 10000") { (1...10_000).contains($0) }
        }
        try values.update(&padding, .padding, "must be 0 to \(longest)") { (0...longest).contains($0) }
        try values.update(&leastArea, .leastArea, "must be in 0…1, without 0") { $0 > 0 && $0 <= 1 }
        try values.update(&flip, .flip, "must be in 0…1") { (0...1).contains($0) }
        try values.update(&mean, .mean, "must be three numbers") { $0.count == 3 }
        try values.update(&deviation, .deviation, "must be three numbers above 0") {
            $0.count == 3 && $0.allSatisfy { $0 > 0 }
        }
    }

    /// Fills in what the recipe left out, by the data's format.
    mutating func fill(for format: ClassificationDataSection.Format) {
        if side == 0 { side = format.isCIFAR ? CIFARDataset.side : 224 }
        if shorterSide == 0 { shorterSide = (side * 8 + 3) / 7 }
        if shorterSides.isEmpty { shorterSides = [(side * 8 + 3) / 7, (side * 10 + 3) / 7] }
        if stride == 0 { stride = (format == .somethingSomething ? ClipSampling.somethingSomething : .kinetics).stride }
        // The training images' own colours; those of ImageNet for other sets.
        let (usualMean, usualDeviation): ([Double], [Double]) =
            switch format {
            case .cifar, .cifar10: ([0.4914, 0.4822, 0.4465], [0.2470, 0.2435, 0.2616])
            case .cifar100: ([0.5071, 0.4865, 0.4409], [0.2673, 0.2564, 0.2762])
            case .folder, .kinetics, .somethingSomething: ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
            }
        if mean.isEmpty { mean = usualMean }
        if deviation.isEmpty { deviation = usualDeviation }
    }

    /// The clips that are taken of a video, in training or outside it.
    func clips(augmented: Bool, framePrefix: String?) -> ClipDataset.Layout {
        ClipDataset.Layout(
            sampling: ClipSampling(length: frames, stride: stride), side: side, shorterSide: shorterSide,
            augmentation: augmented ? .init(shorterSides: shorterSides[0]...shorterSides[1], flip: flip) : nil,
            framePrefix: framePrefix)
    }

    /// How `evaluate` and `recognize` look at a video.
    func views(framePrefix: String?) -> ClipViews.Layout {
        ClipViews.Layout(
            sampling: ClipSampling(length: frames, stride: stride), clips: testClips, crops: testCrops,
            side: shorterSide, shorterSide: shorterSide, framePrefix: framePrefix)
    }

    /// The transforms of images, in training or outside it.
    func transforms(_ format: ClassificationDataSection.Format, training: Bool) -> [any ClassificationTransform] {
        switch format {
        case .cifar, .cifar10, .cifar100:
            training ? [RandomCrop(padding: padding), RandomHorizontalFlip(probability: flip)] : []
        case .folder:
            training
                ? [RandomResizedCrop(side: side, area: leastArea...1), RandomHorizontalFlip(probability: flip)]
                : [CenterCrop(shorterSide: shorterSide, side: side)]
        case .kinetics, .somethingSomething: []
        }
    }
}

/// Share of images whose label is the likeliest class, or among the five likeliest.
package enum ClassificationMetric: String, EvaluationMetric {
    case top1, top5

    package static let usual = top1
    package static let lowerIsBetter = ["loss"]
    package static let usualBatch = 64
}
