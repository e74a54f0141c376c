/// Everything that can be chosen about an SSD besides its backbone and its classes.
///
/// Keys are torchvision's where it has them. A recipe file names only what it changes.
public struct SSDConfiguration: Codable, Hashable, Sendable {
    /// How the backbone's batch normalisations behave.
    public typealias Normalization = FasterRCNNConfiguration.Normalization

    /// The input's size, and with it the feature maps and the default boxes.
    public enum Variant: String, Codable, Hashable, Sendable, CaseIterable {
        /// Six maps of 38, 19, 10, 5, 3 and 1 pixels, 8732 boxes.
        case ssd300
        /// Seven maps of 64, 32, 16, 8, 4, 2 and 1 pixels, 24564 boxes.
        case ssd512
    }

    /// The input's size, and with it the feature maps and the default boxes.
    public var variant: Variant
    /// How the backbone's normalisations behave; those of the extra layers follow the batch.
    public var normalization = Normalization.batch
    /// ε of a frozen batch normalisation.
    public var frozenBatchEpsilon = 1e-5
    /// Parts of the backbone that are trained, counted from its last stage in use; one more than there are stages: the stem too.
    /// Nil: all of them. The others stay as they are, their norms' statistics included.
    public var trainableStages: Int?

    /// Mean of each channel of the images in 0…1.
    public var imageMean = [0.485, 0.456, 0.406]
    /// Standard deviation of each channel of the images in 0…1.
    public var imageStd = [0.229, 0.224, 0.225]

    /// Sides in pixels of the square default boxes, one for each map and one more, ascending.
    public var scales: [Double]
    /// Proportions of the other default boxes of each map; each stands for itself and its reciprocal.
    public var aspectRatios: [[Double]]

    /// Boxes that overlap an object as much are its positives.
    public var iouThreshold = 0.5
    /// Background boxes that the classification learns from, to one positive of the same image.
    public var negativesPerPositive = 3.0
    /// Background boxes of each image that the classification learns from at least, also in one without objects.
    public var minNegativesPerImage = 3

    /// Score in 0…1 above which a class of a box is a candidate.
    public var scoreThreshold = 0.01
    /// Candidates of each class, by score, that non-maximum suppression looks at.
    public var candidatesPerClass = 400
    /// Intersection over union with a better detection of the same class, above which a detection goes.
    public var nmsThreshold = 0.45
    /// Detections of each image that are kept at most.
    public var detectionsPerImage = 200
    /// Factors on the offsets (x, y, width, height) that the head learns: the reciprocals of the variances 0.1 and 0.2.
    public var boxRegressionWeights = [10.0, 10.0, 5.0, 5.0]

    /// A variant with its published numbers.
    public init(_ variant: Variant) {
        self.variant = variant
        scales = variant.scales
        aspectRatios = variant.aspectRatios
    }

    /// What is done with detections that overlap.
    public var suppression: BoxSuppression {
        BoxSuppression(iouThreshold: nmsThreshold, scoreThreshold: scoreThreshold, limit: detectionsPerImage)
    }

    /// On images of 300×300 (Liu et al. 2016), with the scales of the published COCO models.
    public static var ssd300: SSDConfiguration { SSDConfiguration(.ssd300) }

    /// On images of 512×512, with the scales of the published COCO models.
    public static var ssd512: SSDConfiguration { SSDConfiguration(.ssd512) }

    /// The keys of a recipe file. The variant is not among them: the recipe's `detector` says it.
    public enum CodingKeys: String, CodingKey, CaseIterable {
        /// Key of ``SSDConfiguration/normalization``.
        case normalization
        /// Key of ``SSDConfiguration/frozenBatchEpsilon``.
        case frozenBatchEpsilon = "frozen_batch_epsilon"
        /// Key of ``SSDConfiguration/trainableStages``.
        case trainableStages = "trainable_stages"
        /// Key of ``SSDConfiguration/imageMean``.
        case imageMean = "image_mean"
        /// Key of ``SSDConfiguration/imageStd``.
        case imageStd = "image_std"
        /// Key of ``SSDConfiguration/scales``.
        case scales
        /// Key of ``SSDConfiguration/aspectRatios``.
        case aspectRatios = "aspect_ratios"
        /// Key of ``SSDConfiguration/iouThreshold``.
        case iouThreshold = "iou_thresh"
        /// Key of ``SSDConfiguration/negativesPerPositive``.
        case negativesPerPositive = "negatives_per_positive"
        /// Key of ``SSDConfiguration/minNegativesPerImage``.
        case minNegativesPerImage = "min_negatives_per_image"
        /// Key of ``SSDConfiguration/scoreThreshold``.
        case scoreThreshold = "score_thresh"
        /// Key of ``SSDConfiguration/candidatesPerClass``.
        case candidatesPerClass = "topk_candidates"
        /// Key of ``SSDConfiguration/nmsThreshold``.
        case nmsThreshold = "nms_thresh"
        /// Key of ``SSDConfiguration/detectionsPerImage``.
        case detectionsPerImage = "detections_per_img"
        /// Key of ``SSDConfiguration/boxRegressionWeights``.
        case boxRegressionWeights = "bbox_reg_weights"
    }

    /// SSD300's numbers, changed as given.
    ///
    /// - Throws: `DecodingError` for a value of another type.
    public init(from decoder: any Decoder) throws { try self.init(.ssd300, from: decoder) }

    /// The variant's numbers, changed as given.
    ///
    /// - Throws: `DecodingError` for a value of another type.
    public init(_ variant: Variant, from decoder: any Decoder) throws {
        self.init(variant)
        let values = try decoder.container(keyedBy: CodingKeys.self)
        func update<Value: Decodable>(_ value: inout Value, _ key: CodingKeys) throws {
            value = try values.decodeIfPresent(Value.self, forKey: key) ?? value
        }
        try update(&normalization, .normalization)
        try update(&frozenBatchEpsilon, .frozenBatchEpsilon)
        trainableStages = try values.decodeIfPresent(Int.self, forKey: .trainableStages)
        try update(&imageMean, .imageMean)
        try update(&imageStd, .imageStd)
        try update(&scales, .scales)
        try update(&aspectRatios, .aspectRatios)
        try update(&iouThreshold, .iouThreshold)
        try update(&negativesPerPositive, .negativesPerPositive)
        try update(&minNegativesPerImage, .minNegativesPerImage)
        try update(&scoreThreshold, .scoreThreshold)
        try update(&candidatesPerClass, .candidatesPerClass)
        try update(&nmsThreshold, .nmsThreshold)
        try update(&detectionsPerImage, .detectionsPerImage)
        try update(&boxRegressionWeights, .boxRegressionWeights)
    }
}

extension SSDConfiguration.Variant {
    /// Pixels of the input's sides.
    public var side: Int {
        switch self {
        case .ssd300: 300
        case .ssd512: 512
        }
    }

    /// Pixels of the input from one default box's centre to the next, on each map.
    public var steps: [Double] {
        switch self {
        case .ssd300: [8, 16, 32, 64, 100, 300]
        case .ssd512: [8, 16, 32, 64, 128, 256, 512]
        }
    }

    /// SSD300: 7 % of the side, then from 15 % in equal steps of 18 %. SSD512: 4 %, then from 10 % in steps of 16 %.
    var scales: [Double] {
        switch self {
        case .ssd300: [21, 45, 99, 153, 207, 261, 315]
        case .ssd512: [20.48, 51.2, 133.12, 215.04, 296.96, 378.88, 460.8, 542.72]
        }
    }

    var aspectRatios: [[Double]] {
        switch self {
        case .ssd300: [[2], [2, 3], [2, 3], [2, 3], [2], [2]]
        case .ssd512: [[2], [2, 3], [2, 3], [2, 3], [2, 3], [2], [2]]
        }
    }

    /// The convolutions behind the backbone's map, one pair for each further map.
    var extraMaps: [SSDPlan.ExtraMap] {
        func halving(_ middle: Int, _ outputs: Int) -> SSDPlan.ExtraMap {
            .init(middle: middle, outputs: outputs, kernelSize: 3, stride: 2, padding: 1)
        }
        switch self {
        case .ssd300:
            let unpadded = SSDPlan.ExtraMap(middle: 128, outputs: 256, kernelSize: 3, stride: 1, padding: 0)
            return [halving(256, 512), halving(256, 512), halving(128, 256), unpadded, unpadded]
        case .ssd512:
            return [
                halving(256, 512), halving(256, 512), halving(128, 256), halving(128, 256), halving(128, 256),
                .init(middle: 128, outputs: 256, kernelSize: 4, stride: 1, padding: 1),
            ]
        }
    }
}

extension SSDConfiguration {
    /// Throws what is wrong with the values, for a backbone of which so many stages are used.
    func validate(stageCount: Int) throws {
        let check = ConfigurationCheck<CodingKeys>(detector: "SSD")
        let maps = variant.steps.count
        try check.require(
            scales.count == maps + 1 && scales.allSatisfy { $0 > 0 } && zip(scales, scales.dropFirst()).allSatisfy(<),
            .scales, "needs \(maps + 1) sides above 0, ascending: one for each map of \(variant.rawValue) and one more")
        try check.require(
            aspectRatios.count == maps && aspectRatios.allSatisfy { $0.allSatisfy { $0 > 0 && $0 != 1 } },
            .aspectRatios,
            "needs \(maps) lists, one for each map of \(variant.rawValue), of ratios above 0; 1 is always there")
        try check.requireImages((.imageMean, imageMean), (.imageStd, imageStd))
        try check.requireStages((.trainableStages, trainableStages), of: stageCount)
        try check.require(frozenBatchEpsilon >= 0, .frozenBatchEpsilon, "must not be below 0")
        try check.require((0...1e6).contains(negativesPerPositive), .negativesPerPositive, "must be in 0…1000000")
        try check.require((0...1_000_000).contains(minNegativesPerImage), .minNegativesPerImage, "must be in 0…1000000")
        try check.require(
            boxRegressionWeights.count == 4 && boxRegressionWeights.allSatisfy { $0 > 0 }, .boxRegressionWeights,
            "needs four values above 0: x, y, width, height")
        try check.requirePositive([
            (.candidatesPerClass, candidatesPerClass), (.detectionsPerImage, detectionsPerImage),
        ])
        try check.requireFraction([
            (.iouThreshold, iouThreshold), (.scoreThreshold, scoreThreshold), (.nmsThreshold, nmsThreshold),
        ])
    }
}
