import DataPipeline
import Detectors

/// A recipe for training a detector, as typed values; the defaults are what a key that is left out means.
///
/// Keys and their meaning are documented here, section by section: `model`, `data`, `input`, `training`, `evaluation`.
public struct DetectionRecipe: Decodable, Hashable, Sendable {
    public enum Task: String, Decodable, CaseIterable, Sendable {
        case detection
    }

    public var task: Task
    public var model: DetectionModelRecipe
    public var data: DetectionDataRecipe
    public var input: DetectionInputRecipe
    public var training: TrainingRecipe
    public var evaluation: DetectionEvaluationRecipe

    enum CodingKeys: String, CodingKey, CaseIterable {
        case task, model, data, input, training, evaluation
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        task = try values.decode(Task.self, forKey: .task)
        model = try values.decode(DetectionModelRecipe.self, forKey: .model)
        data = try values.decode(DetectionDataRecipe.self, forKey: .data)
        input = try values.decodeIfPresent(DetectionInputRecipe.self, forKey: .input) ?? .init()
        training = try values.decodeIfPresent(TrainingRecipe.self, forKey: .training) ?? .init()
        evaluation = try values.decodeIfPresent(DetectionEvaluationRecipe.self, forKey: .evaluation) ?? .init()
    }
}

/// The section `model`: what is trained.
public struct DetectionModelRecipe: Decodable, Hashable, Sendable {
    /// A name that `vertebra models` lists.
    public var backbone: String
    /// Weights to start from, `.safetensors` or `.pth`: a whole detector's, or a backbone's. Nil: random ones.
    public var weights: String?
    /// Everything else about the detector; torchvision's defaults.
    public var fasterRCNN: FasterRCNNConfiguration

    enum CodingKeys: String, CodingKey, CaseIterable {
        case backbone, weights
        case fasterRCNN = "faster_rcnn"
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        backbone = try values.decode(String.self, forKey: .backbone)
        weights = try values.decodeIfPresent(String.self, forKey: .weights)
        fasterRCNN = try values.decodeIfPresent(FasterRCNNConfiguration.self, forKey: .fasterRCNN) ?? .init()
    }
}

/// The section `data`: where the images and their annotations are. A relative `root` is seen from the folder that the
/// command runs in; every other path from `root`.
public struct DetectionDataRecipe: Decodable, Hashable, Sendable {
    public enum Format: String, Decodable, CaseIterable, Sendable {
        /// `annotations`: an instances JSON; `images`: the folder of the pictures.
        case coco
        /// `split`: a list in `ImageSets/Main`; the root holds `Annotations`, `ImageSets` and `JPEGImages`.
        case voc
    }

    /// One part of the data set. COCO: `annotations` and `images`. VOC: `split`.
    public struct Part: Decodable, Hashable, Sendable {
        public var annotations: String?
        public var images: String?
        public var split: String?

        enum CodingKeys: String, CodingKey, CaseIterable {
            case annotations, images, split
        }
    }

    public var root = "."
    public var format: Format
    public var train: Part
    public var val: Part?
    /// Class names. COCO: a check, for the annotations name them in the order of their ids. VOC: the labels' order; if left
    /// out, the twenty of the challenge, or for other objects the names that are found.
    public var classes: [String]?
    /// Boxes without an inside, or with none on the image: `refuse` to train, or `skip` and count them.
    public var degenerateBoxes = DetectionFilter.DegenerateBoxes.refuse
    /// Images on which nothing remains: `keep` as background, or `drop`.
    public var emptyImages = DetectionFilter.EmptyImages.keep
    /// Whether VOC's difficult objects are trained on.
    public var difficultObjects = true
    /// An image that can't be read: `stop`, or `replace` it by another and count it.
    public var failedImages = FailurePolicy.stop

    enum CodingKeys: String, CodingKey, CaseIterable {
        case root, format, train, val, classes
        case degenerateBoxes = "degenerate_boxes"
        case emptyImages = "empty_images"
        case difficultObjects = "difficult_objects"
        case failedImages = "failed_images"
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        try values.update(&root, .root)
        format = try values.decode(Format.self, forKey: .format)
        train = try values.decode(Part.self, forKey: .train)
        val = try values.decodeIfPresent(Part.self, forKey: .val)
        classes = try values.decodeIfPresent([String].self, forKey: .classes)
        try values.update(&degenerateBoxes, .degenerateBoxes, "can be refuse or skip") { $0 != .keep }
        try values.update(&emptyImages, .emptyImages)
        try values.update(&difficultObjects, .difficultObjects)
        try values.update(&failedImages, .failedImages, "can be stop or replace") { $0 != .skip }
        if let classes {
            try values.require(
                !classes.isEmpty && Set(classes).count == classes.count, .classes, "needs names, each once")
        }
        try requireParts(values)
    }

    private func requireParts(_ values: KeyedDecodingContainer<CodingKeys>) throws {
        for (key, part) in [(CodingKeys.train, train), (.val, val)] {
            guard let part else { continue }
            let isComplete =
                switch format {
                case .coco: part.annotations != nil && part.images != nil && part.split == nil
                case .voc: part.split != nil && part.annotations == nil && part.images == nil
                }
            let needed = format == .coco ? "annotations and images" : "split"
            try values.require(isComplete, key, "needs \(needed), and nothing else, for \(format.rawValue)")
        }
    }
}

/// The section `input`: what an image becomes before the model.
public struct DetectionInputRecipe: Decodable, Hashable, Sendable {
    /// Pixels of the shorter side. With several, each training image draws one; evaluation takes the last.
    public var shorterSide = [800]
    /// Most pixels of the longer side.
    public var longerSide = 1333
    /// Probability of a horizontal flip.
    public var flip = 0.5
    /// Whether training images are cropped as SSD's are (random crops by overlap).
    public var iouCrop = false
    /// Probability of SSD's zoom-out: the image on a larger canvas.
    public var zoomOut = 0.0
    /// Whether colours are jittered as SSD's are.
    public var colorJitter = false
    /// Whether batches are made of images of similar proportions.
    public var aspectGroups = true

    enum CodingKeys: String, CodingKey, CaseIterable {
        case shorterSide = "shorter_side"
        case longerSide = "longer_side"
        case flip
        case iouCrop = "iou_crop"
        case zoomOut = "zoom_out"
        case colorJitter = "color_jitter"
        case aspectGroups = "aspect_groups"
    }

    public init() {}

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        if let one = try? values.decode(Int.self, forKey: .shorterSide) {
            shorterSide = [one]
        } else {
            try values.update(&shorterSide, .shorterSide)
        }
        try values.require(
            !shorterSide.isEmpty && shorterSide.allSatisfy { $0 >= 32 }, .shorterSide, "must be 32 pixels or more")
        let largest = shorterSide.max() ?? 0
        try values.update(&longerSide, .longerSide, "must not be below shorter_side") { $0 >= largest }
        try values.update(&flip, .flip, "must be in 0…1") { (0...1).contains($0) }
        try values.update(&iouCrop, .iouCrop)
        try values.update(&zoomOut, .zoomOut, "must be in 0…1") { (0...1).contains($0) }
        try values.update(&colorJitter, .colorJitter)
        try values.update(&aspectGroups, .aspectGroups)
    }
}

/// The section `evaluation`: when the model is measured and what its best state is.
public struct DetectionEvaluationRecipe: Decodable, Hashable, Sendable {
    /// What the best checkpoint has most of.
    public enum Metric: String, Decodable, CaseIterable, Sendable {
        /// COCO's AP at IoU 0.50:0.95, at 0.50, at 0.75.
        case ap = "AP"
        case ap50 = "AP50"
        case ap75 = "AP75"
        /// VOC's mean AP over all points, and over eleven.
        case voc = "VOC"
        case voc11 = "VOC11"
    }

    /// Epochs between evaluations; the last epoch is always evaluated. 0: only then.
    public var every = 1
    public var metric = Metric.ap
    /// Images in a batch.
    public var batch = 1

    enum CodingKeys: String, CodingKey, CaseIterable {
        case every, metric, batch
    }

    public init() {}

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        try values.update(&every, .every, "must not be below 0") { $0 >= 0 }
        try values.update(&metric, .metric)
        try values.update(&batch, .batch, "must be above 0") { $0 > 0 }
    }
}
