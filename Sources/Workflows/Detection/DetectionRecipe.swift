import Annotations
import DataPipeline
import Detectors
import Media
import Support

/// A recipe for training a detector.
package typealias DetectionRecipe = Recipe<DetectionSections>

package enum DetectionSections: RecipeSections {
    package static let task = VisionTask.detection
    package static let hasOneClassASample = false

    package static func isMeasured(_ data: DetectionDataSection) -> Bool { data.val != nil }

    package static func input(
        _ given: DetectionInputSection?, for model: DetectionModelSection, on data: DetectionDataSection
    ) -> DetectionInputSection {
        var input = given ?? DetectionInputSection()
        input.side = model.ssd?.variant.side
        return input
    }

    package typealias Model = DetectionModelSection
    package typealias Data = DetectionDataSection
    package typealias Metric = DetectionMetric
    package typealias Inference = DetectionInferenceSection
}

/// The section `model`: the detector and the weights that it starts from.
package struct DetectionModelSection: ModelSection {
    package enum DetectorName: String, Codable, CaseIterable, Sendable {
        case fasterRCNN = "faster_rcnn"
        case ssd300, ssd512
    }

    package var detector = DetectorName.fasterRCNN
    /// A name that `vertebra models` lists, or a text such as `iresnet50:shortcut=dense`. A recipe may also write a section
    /// with `base` and axes.
    package var backbone: String
    /// Weights to start from, `.safetensors` or `.pth`, of a whole detector or of a backbone. Nil: random weights.
    package var weights: String?
    /// The licence that the trained weights are given under. Nil: none is stated.
    package var license: License?
    /// The settings of a Faster R-CNN; the defaults are torchvision's.
    package var fasterRCNN: FasterRCNNConfiguration
    /// The settings of an SSD; the defaults are the paper's. Nil for other detectors.
    package var ssd: SSDConfiguration?

    enum CodingKeys: String, CodingKey, CaseIterable {
        case detector, backbone, weights, license
        case fasterRCNN = "faster_rcnn"
        case ssd
    }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        backbone = try values.decode(BackboneSection.self, forKey: .backbone).text
        weights = try values.decodeIfPresent(String.self, forKey: .weights)
        license = try values.decodeIfPresent(License.self, forKey: .license)
        try values.update(&detector, .detector)
        fasterRCNN = try values.decodeIfPresent(FasterRCNNConfiguration.self, forKey: .fasterRCNN) ?? .init()
        ssd = try detector.ssd.map {
            values.contains(.ssd) ? try SSDConfiguration($0, from: values.superDecoder(forKey: .ssd)) : .init($0)
        }
        let (stranger, own) = ssd == nil ? (CodingKeys.ssd, CodingKeys.fasterRCNN) : (.fasterRCNN, .ssd)
        try values.require(
            !values.contains(stranger), stranger,
            "belongs to another detector; the settings of \(detector.rawValue) are in model.\(own.rawValue)")
    }
}

extension DetectionModelSection.DetectorName {
    /// SSD's variant; nil for other detectors.
    var ssd: SSDConfiguration.Variant? {
        switch self {
        case .fasterRCNN: nil
        case .ssd300: .ssd300
        case .ssd512: .ssd512
        }
    }
}

/// The section `data`: where the images and their annotations are. A relative `root` starts from the folder that the
/// command runs in, every other relative path from `root`.
package struct DetectionDataSection: DataSection {
    package enum Format: String, Codable, CaseIterable, Sendable {
        /// `annotations`: an instances JSON; `images`: the folder of the pictures.
        case coco
        /// `split`: a list in `ImageSets/Main`; the root holds `Annotations`, `ImageSets` and `JPEGImages`.
        case voc
    }

    /// One part of the data set. COCO: `annotations` and `images`. VOC: `split`.
    package struct Part: Codable, Hashable, Sendable {
        package var annotations: String?
        package var images: String?
        package var split: String?

        enum CodingKeys: String, CodingKey, CaseIterable {
            case annotations, images, split
        }
    }

    package var root = "."
    package var format: Format
    package var train: Part
    package var val: Part?
    /// Class names. COCO: only a check, because the annotations name the classes, in the order of their ids. VOC: the order
    /// of the labels; if left out, the challenge's twenty classes, or the names that are found if there are others.
    package var classes: [String]?
    /// What happens to boxes without area, or without any on the image: `refuse` to train, or `skip` and count them.
    package var degenerateBoxes = DetectionFilter.DegenerateBoxes.refuse
    /// What happens to images without objects: `keep` them as background, or `drop` them.
    package var emptyImages = DetectionFilter.EmptyImages.keep
    /// Whether VOC's difficult objects are trained on.
    package var difficultObjects = true
    /// COCO: beginnings of file names that something else takes the place of, the first that fits. A recipe may write one
    /// without a list.
    package var pathPrefix: [FileNameMap.Prefix]?
    /// COCO: whether `%20` and the like in file names stand for characters.
    package var pathPercent = false
    /// COCO: whether backslashes in file names separate folders.
    package var pathBackslashes = false
    /// What happens to an image that can't be read: `stop` ends the work; `replace` trains on another and counts it, and
    /// validation leaves it out and names it.
    package var failedImages = FailurePolicy.stop
    /// What happens to a JPEG that is damaged, but of which libjpeg still makes a picture: `refuse` treats it as one that
    /// can't be read; `accept` takes the picture, counts and names it.
    package var damagedImages = DamagedImages.refuse

    enum CodingKeys: String, CodingKey, CaseIterable {
        case root, format, train, val, classes
        case degenerateBoxes = "degenerate_boxes"
        case emptyImages = "empty_images"
        case difficultObjects = "difficult_objects"
        case pathPrefix = "path_prefix"
        case pathPercent = "path_percent"
        case pathBackslashes = "path_backslashes"
        case failedImages = "failed_images"
        case damagedImages = "damaged_images"
    }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        try values.update(&root, .root)
        format = try values.decode(Format.self, forKey: .format)
        train = try values.decode(Part.self, forKey: .train)
        val = try values.decodeIfPresent(Part.self, forKey: .val)
        classes = try values.decodeIfPresent([String].self, forKey: .classes)
        try values.update(&degenerateBoxes, .degenerateBoxes, "can be refuse or skip") { $0 != .keep }
        try values.update(&emptyImages, .emptyImages)
        try values.update(&difficultObjects, .difficultObjects)
        if try values.contains(.pathPrefix) && !values.decodeNil(forKey: .pathPrefix) {
            let isList = (try? values.nestedUnkeyedContainer(forKey: .pathPrefix)) != nil
            pathPrefix =
                isList
                ? try values.decode([FileNameMap.Prefix].self, forKey: .pathPrefix)
                : [try values.decode(FileNameMap.Prefix.self, forKey: .pathPrefix)]
        }
        try values.update(&pathPercent, .pathPercent)
        try values.update(&pathBackslashes, .pathBackslashes)
        try values.update(&failedImages, .failedImages, "can be stop or replace") { $0 != .skip }
        try values.update(&damagedImages, .damagedImages)
        if let classes {
            try values.require(
                !classes.isEmpty && Set(classes).count == classes.count, .classes, "needs names, each once")
        }
        try requireParts(values)
        for key in [CodingKeys.pathPrefix, .pathPercent, .pathBackslashes] where format != .coco {
            try values.require(!values.contains(key), key, "is for coco: VOC's images are called as its lists say")
        }
    }

    /// How the annotations' file names become paths in the folder of the pictures.
    package var fileNames: FileNameMap {
        FileNameMap(prefixes: pathPrefix ?? [], decodesPercent: pathPercent, readsBackslashes: pathBackslashes)
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

/// The section `input`: how an image is scaled and changed before the model.
package struct DetectionInputSection: RecipeSection {
    package enum Scaler: String, Codable, CaseIterable, Sendable {
        /// The loader scales bytes, in its threads.
        case loader
        /// The network scales normalised numbers, as torchvision's does.
        case network
    }

    /// Pixels of the shorter side. Of several, each training image takes one at random, and evaluation the last.
    package var shorterSide = [800]
    /// Largest number of pixels of the longer side.
    package var longerSide = 1333
    /// What scales the images.
    package var scaledBy = Scaler.loader
    /// Probability of a horizontal flip in training.
    package var flip = 0.5
    /// Whether training images are cropped at random by overlap, as for SSD.
    package var iouCrop = false
    /// Probability of SSD's zoom-out, which puts the image on a larger canvas.
    package var zoomOut = 0.0
    /// Whether colours are jittered as for SSD.
    package var colorJitter = false
    /// Whether a batch has images of similar proportions. No effect if all images get one size.
    package var aspectGroups = true
    /// Width and height in pixels for a detector that takes images of one size, such as SSD. Nil: `shorterSide` and
    /// `longerSide` decide.
    package var side: Int?

    enum CodingKeys: String, CodingKey, CaseIterable {
        case shorterSide = "shorter_side"
        case longerSide = "longer_side"
        case scaledBy = "scaled_by"
        case flip
        case iouCrop = "iou_crop"
        case zoomOut = "zoom_out"
        case colorJitter = "color_jitter"
        case aspectGroups = "aspect_groups"
    }

    package init() {}

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        let longest = ImageSize.longestInput
        if let one = try? values.decode(Int.self, forKey: .shorterSide) {
            shorterSide = [one]
        } else {
            try values.update(&shorterSide, .shorterSide)
        }
        try values.require(
            !shorterSide.isEmpty && shorterSide.allSatisfy { (32...longest).contains($0) }, .shorterSide,
            "must be 32 to \(longest) pixels")
        let largest = shorterSide.max() ?? 0
        try values.update(&longerSide, .longerSide, "must not be below shorter_side, nor above \(longest)") {
            $0 >= largest && $0 <= longest
        }
        try values.update(&scaledBy, .scaledBy)
        try values.update(&flip, .flip, "must be in 0…1") { (0...1).contains($0) }
        try values.update(&iouCrop, .iouCrop)
        try values.update(&zoomOut, .zoomOut, "must be in 0…1") { (0...1).contains($0) }
        try values.update(&colorJitter, .colorJitter)
        try values.update(&aspectGroups, .aspectGroups)
    }
}

/// COCO's and VOC's means of average precision.
package enum DetectionMetric: String, EvaluationMetric {
    /// COCO's AP at IoU 0.50:0.95, at 0.50, at 0.75.
    case ap = "AP"
    case ap50 = "AP50"
    case ap75 = "AP75"
    /// VOC's mean AP by the area under the curve, and by eleven points.
    case voc = "VOC"
    case voc11 = "VOC11"

    package static let usual = ap
    package static let lowerIsBetter: [String] = []
    package static let usualBatch = 1
}
