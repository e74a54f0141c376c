/// Everything that can be chosen about a Faster R-CNN besides its backbone and its classes.
///
/// The defaults are torchvision's `FasterRCNN`, and so are the names of the keys. A recipe file names only what it
/// changes.
public struct FasterRCNNConfiguration: Codable, Hashable, Sendable {
    /// Where regions are pooled from, and what turns them into features.
    public enum Layout: String, Codable, Hashable, Sendable, CaseIterable {
        /// Every stage feeds a feature pyramid; two linear layers are the head (Lin et al. 2017).
        case fpn
        /// Regions are pooled from the last stage but one; the last stage is the head (Ren et al. 2015, He et al. 2016).
        case c4
    }

    /// How the backbone's normalisations behave.
    public enum Normalization: String, Codable, Hashable, Sendable, CaseIterable {
        /// As the backbone's architecture says, usually by the statistics of the batch while training: for training from
        /// scratch.
        case batch
        /// Statistics and affine as loaded, never changed: for small batches on pretrained weights.
        case frozenBatch = "frozen_batch"
    }

    /// How a region of a feature map becomes a fixed grid.
    public enum RoIPooling: String, Codable, Hashable, Sendable, CaseIterable {
        /// RoIAlign as torchvision's detectors use it: corners at whole pixels (`aligned=False`).
        case align
        /// RoIAlign shifted by half a pixel (`aligned=True`).
        case alignHalfPixel = "align_half_pixel"
        /// RoIPool: the maximum of each cell of whole pixels (Girshick 2015).
        case pool
    }

    /// Where regions are pooled from, and what turns them into features.
    public var layout = Layout.fpn
    /// How the backbone's normalisations behave.
    public var normalization = Normalization.batch
    /// ε of a frozen batch normalisation. torchvision's published COCO weights want 0.
    public var frozenBatchEpsilon = 1e-5
    /// Parts of the backbone that are trained, counted from its last stage; one more than there are stages: the stem too.
    /// Nil: all of them. The others stay as they are, their norms' statistics included.
    public var trainableStages: Int?

    /// Whether images are scaled to `minSizes` and `maxSize`. False: the loader has done so.
    public var resizesImages = true
    /// Length in pixels to scale the shorter side to; with several, each training image draws one and inference takes the
    /// last.
    public var minSizes = [800]
    /// Longest allowed longer side in pixels.
    public var maxSize = 1333
    /// Mean of each channel of the images in 0…1.
    public var imageMean = [0.485, 0.456, 0.406]
    /// Standard deviation of each channel of the images in 0…1.
    public var imageStd = [0.229, 0.224, 0.225]
    /// Batches are padded to multiples of this many pixels.
    public var sizeDivisor = 32

    /// Anchor sides in pixels, a list for each feature map, finest first.
    public var anchorSizes: [[Double]] = [[32], [64], [128], [256], [512]]
    /// Height over width of the anchors; every map has them all.
    public var anchorAspectRatios: [Double] = [0.5, 1, 2]

    /// Channels of every map of the pyramid.
    public var pyramidChannels = 256

    /// Channels between the two convolutions of the region proposal head. Nil: as many as its input has.
    public var rpnChannels: Int?
    /// Anchors of each feature map, best first, that non-maximum suppression looks at in training.
    public var rpnPreNMSTopNTrain = 2000
    /// Anchors of each feature map, best first, that non-maximum suppression looks at in inference.
    public var rpnPreNMSTopNTest = 1000
    /// Proposals of each image that training keeps.
    public var rpnPostNMSTopNTrain = 2000
    /// Proposals of each image that inference keeps.
    public var rpnPostNMSTopNTest = 1000
    /// Intersection over union with a better proposal of the same map, above which a proposal goes.
    public var rpnNMSThreshold = 0.7
    /// Intersection over union with an object, from which on an anchor is positive.
    public var rpnForegroundIoU = 0.7
    /// Intersection over union with every object, below which an anchor is negative.
    public var rpnBackgroundIoU = 0.3
    /// Anchors of each image that the proposals' losses look at.
    public var rpnBatchSizePerImage = 256
    /// The largest part of those anchors that is positive.
    public var rpnPositiveFraction = 0.5
    /// Score in 0…1 that a proposal must have.
    public var rpnScoreThreshold = 0.0

    /// How a region becomes a grid; the pyramid takes `align` alone.
    public var roiPooling = RoIPooling.align
    /// Side of the grid that a region becomes.
    public var roiResolution = 7
    /// Samples along each side of a cell of RoIAlign; 0: as many as there are pixels.
    public var roiSamplingRatio = 2
    /// Width of the two linear layers of the pyramid's head.
    public var boxHeadFeatures = 1024

    /// Score in 0…1 above which a class of a proposal is a detection.
    public var boxScoreThreshold = 0.05
    /// Intersection over union with a better detection of the same class, above which a detection goes.
    public var boxNMSThreshold = 0.5
    /// Detections of each image that are kept at most.
    public var boxDetectionsPerImage = 100
    /// Intersection over union with an object, from which on a proposal is positive.
    public var boxForegroundIoU = 0.5
    /// Intersection over union with every object, below which a proposal is background.
    public var boxBackgroundIoU = 0.5
    /// Proposals of each image that the head learns from.
    public var boxBatchSizePerImage = 512
    /// The largest part of those proposals that is positive.
    public var boxPositiveFraction = 0.25
    /// Factors on the offsets (x, y, width, height) that the head learns.
    public var boxRegressionWeights = [10.0, 10.0, 5.0, 5.0]

    /// torchvision's defaults, with a feature pyramid.
    public init() {}

    /// What is done with detections that overlap.
    public var suppression: BoxSuppression {
        BoxSuppression(iouThreshold: boxNMSThreshold, scoreThreshold: boxScoreThreshold, limit: boxDetectionsPerImage)
    }

    /// The original layout on a residual network, as the papers train it on PASCAL VOC: 9 anchors a cell.
    public static var c4: FasterRCNNConfiguration {
        var configuration = FasterRCNNConfiguration()
        configuration.layout = .c4
        configuration.minSizes = [600]
        configuration.maxSize = 1000
        configuration.sizeDivisor = 16
        configuration.anchorSizes = [[128, 256, 512]]
        configuration.rpnChannels = 512
        configuration.rpnPreNMSTopNTrain = 12000
        configuration.rpnPreNMSTopNTest = 6000
        configuration.rpnPostNMSTopNTest = 300
        configuration.roiResolution = 14
        configuration.boxBatchSizePerImage = 128
        return configuration
    }

    /// The configuration `c4` with the fourth, smaller scale that the papers add for COCO: 12 anchors a cell.
    public static var c4COCO: FasterRCNNConfiguration {
        var configuration = c4
        configuration.anchorSizes = [[64, 128, 256, 512]]
        return configuration
    }

    /// The keys of a recipe file.
    public enum CodingKeys: String, CodingKey, CaseIterable {
        /// Key of ``FasterRCNNConfiguration/layout``.
        case layout = "form"
        /// Key of ``FasterRCNNConfiguration/normalization``.
        case normalization
        /// Key of ``FasterRCNNConfiguration/frozenBatchEpsilon``.
        case frozenBatchEpsilon = "frozen_batch_epsilon"
        /// Key of ``FasterRCNNConfiguration/trainableStages``.
        case trainableStages = "trainable_stages"
        /// Key of ``FasterRCNNConfiguration/resizesImages``.
        case resizesImages = "resizes_images"
        /// Key of ``FasterRCNNConfiguration/minSizes``.
        case minSizes = "min_sizes"
        /// Key of ``FasterRCNNConfiguration/maxSize``.
        case maxSize = "max_size"
        /// Key of ``FasterRCNNConfiguration/imageMean``.
        case imageMean = "image_mean"
        /// Key of ``FasterRCNNConfiguration/imageStd``.
        case imageStd = "image_std"
        /// Key of ``FasterRCNNConfiguration/sizeDivisor``.
        case sizeDivisor = "size_divisor"
        /// Key of ``FasterRCNNConfiguration/anchorSizes``.
        case anchorSizes = "anchor_sizes"
        /// Key of ``FasterRCNNConfiguration/anchorAspectRatios``.
        case anchorAspectRatios = "anchor_aspect_ratios"
        /// Key of ``FasterRCNNConfiguration/pyramidChannels``.
        case pyramidChannels = "pyramid_channels"
        /// Key of ``FasterRCNNConfiguration/rpnChannels``.
        case rpnChannels = "rpn_channels"
        /// Key of ``FasterRCNNConfiguration/rpnPreNMSTopNTrain``.
        case rpnPreNMSTopNTrain = "rpn_pre_nms_top_n_train"
        /// Key of ``FasterRCNNConfiguration/rpnPreNMSTopNTest``.
        case rpnPreNMSTopNTest = "rpn_pre_nms_top_n_test"
        /// Key of ``FasterRCNNConfiguration/rpnPostNMSTopNTrain``.
        case rpnPostNMSTopNTrain = "rpn_post_nms_top_n_train"
        /// Key of ``FasterRCNNConfiguration/rpnPostNMSTopNTest``.
        case rpnPostNMSTopNTest = "rpn_post_nms_top_n_test"
        /// Key of ``FasterRCNNConfiguration/rpnNMSThreshold``.
        case rpnNMSThreshold = "rpn_nms_thresh"
        /// Key of ``FasterRCNNConfiguration/rpnForegroundIoU``.
        case rpnForegroundIoU = "rpn_fg_iou_thresh"
        /// Key of ``FasterRCNNConfiguration/rpnBackgroundIoU``.
        case rpnBackgroundIoU = "rpn_bg_iou_thresh"
        /// Key of ``FasterRCNNConfiguration/rpnBatchSizePerImage``.
        case rpnBatchSizePerImage = "rpn_batch_size_per_image"
        /// Key of ``FasterRCNNConfiguration/rpnPositiveFraction``.
        case rpnPositiveFraction = "rpn_positive_fraction"
        /// Key of ``FasterRCNNConfiguration/rpnScoreThreshold``.
        case rpnScoreThreshold = "rpn_score_thresh"
        /// Key of ``FasterRCNNConfiguration/roiPooling``.
        case roiPooling = "roi_pooling"
        /// Key of ``FasterRCNNConfiguration/roiResolution``.
        case roiResolution = "roi_resolution"
        /// Key of ``FasterRCNNConfiguration/roiSamplingRatio``.
        case roiSamplingRatio = "roi_sampling_ratio"
        /// Key of ``FasterRCNNConfiguration/boxHeadFeatures``.
        case boxHeadFeatures = "box_head_features"
        /// Key of ``FasterRCNNConfiguration/boxScoreThreshold``.
        case boxScoreThreshold = "box_score_thresh"
        /// Key of ``FasterRCNNConfiguration/boxNMSThreshold``.
        case boxNMSThreshold = "box_nms_thresh"
        /// Key of ``FasterRCNNConfiguration/boxDetectionsPerImage``.
        case boxDetectionsPerImage = "box_detections_per_img"
        /// Key of ``FasterRCNNConfiguration/boxForegroundIoU``.
        case boxForegroundIoU = "box_fg_iou_thresh"
        /// Key of ``FasterRCNNConfiguration/boxBackgroundIoU``.
        case boxBackgroundIoU = "box_bg_iou_thresh"
        /// Key of ``FasterRCNNConfiguration/boxBatchSizePerImage``.
        case boxBatchSizePerImage = "box_batch_size_per_image"
        /// Key of ``FasterRCNNConfiguration/boxPositiveFraction``.
        case boxPositiveFraction = "box_positive_fraction"
        /// Key of ``FasterRCNNConfiguration/boxRegressionWeights``.
        case boxRegressionWeights = "bbox_reg_weights"
    }

    /// The layout's own defaults (`c4` or torchvision's), changed as given.
    ///
    /// - Throws: `DecodingError` for a value of another type.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        let layout = try values.decodeIfPresent(Layout.self, forKey: .layout) ?? .fpn
        self = layout == .c4 ? .c4 : FasterRCNNConfiguration()
        try values.update(&normalization, .normalization)
        try values.update(&frozenBatchEpsilon, .frozenBatchEpsilon)
        trainableStages = try values.decodeIfPresent(Int.self, forKey: .trainableStages) ?? trainableStages
        try values.update(&resizesImages, .resizesImages)
        try values.update(&minSizes, .minSizes)
        try values.update(&maxSize, .maxSize)
        try values.update(&imageMean, .imageMean)
        try values.update(&imageStd, .imageStd)
        try values.update(&sizeDivisor, .sizeDivisor)
        try values.update(&anchorSizes, .anchorSizes)
        try values.update(&anchorAspectRatios, .anchorAspectRatios)
        try values.update(&pyramidChannels, .pyramidChannels)
        rpnChannels = try values.decodeIfPresent(Int.self, forKey: .rpnChannels) ?? rpnChannels
        try values.update(&rpnPreNMSTopNTrain, .rpnPreNMSTopNTrain)
        try values.update(&rpnPreNMSTopNTest, .rpnPreNMSTopNTest)
        try values.update(&rpnPostNMSTopNTrain, .rpnPostNMSTopNTrain)
        try values.update(&rpnPostNMSTopNTest, .rpnPostNMSTopNTest)
        try values.update(&rpnNMSThreshold, .rpnNMSThreshold)
        try values.update(&rpnForegroundIoU, .rpnForegroundIoU)
        try values.update(&rpnBackgroundIoU, .rpnBackgroundIoU)
        try values.update(&rpnBatchSizePerImage, .rpnBatchSizePerImage)
        try values.update(&rpnPositiveFraction, .rpnPositiveFraction)
        try values.update(&rpnScoreThreshold, .rpnScoreThreshold)
        try values.update(&roiPooling, .roiPooling)
        try values.update(&roiResolution, .roiResolution)
        try values.update(&roiSamplingRatio, .roiSamplingRatio)
        try values.update(&boxHeadFeatures, .boxHeadFeatures)
        try values.update(&boxScoreThreshold, .boxScoreThreshold)
        try values.update(&boxNMSThreshold, .boxNMSThreshold)
        try values.update(&boxDetectionsPerImage, .boxDetectionsPerImage)
        try values.update(&boxForegroundIoU, .boxForegroundIoU)
        try values.update(&boxBackgroundIoU, .boxBackgroundIoU)
        try values.update(&boxBatchSizePerImage, .boxBatchSizePerImage)
        try values.update(&boxPositiveFraction, .boxPositiveFraction)
        try values.update(&boxRegressionWeights, .boxRegressionWeights)
    }
}

extension KeyedDecodingContainer {
    /// Overwrites the value where the key is present.
    fileprivate func update<Value: Decodable>(_ value: inout Value, _ key: Key) throws {
        value = try decodeIfPresent(Value.self, forKey: key) ?? value
    }
}
