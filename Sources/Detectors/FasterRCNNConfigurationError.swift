/// A configuration that no network can be built from.
public struct FasterRCNNConfigurationError: Error, Equatable, CustomStringConvertible {
    /// The recipe's key.
    public let key: String
    /// What is wrong with its value, and what would be right.
    public let reason: String

    public var description: String { "Faster R-CNN: \(key): \(reason)" }
}

extension FasterRCNNConfiguration {
    /// Throws what is wrong with the values, for a backbone of that many stages.
    func validate(stageCount: Int) throws {
        func require(_ condition: Bool, _ key: CodingKeys, _ reason: @autoclosure () -> String) throws {
            guard condition else { throw FasterRCNNConfigurationError(key: key.rawValue, reason: reason()) }
        }
        func requirePositive(_ values: [(CodingKeys, Int)]) throws {
            for (key, value) in values { try require(value > 0, key, "is \(value); it must be above 0") }
        }
        func requireFraction(_ values: [(CodingKeys, Double)]) throws {
            for (key, value) in values { try require((0...1).contains(value), key, "is \(value); it must be in 0…1") }
        }
        let maps = form == .fpn ? stageCount + 1 : 1
        try require(
            anchorSizes.count == maps, .anchorSizes,
            "has \(anchorSizes.count) lists of sizes; this form on this backbone has \(maps) feature maps, each needs one"
        )
        try require(
            Set(anchorSizes.map(\.count)).count == 1 && anchorSizes.allSatisfy { $0.allSatisfy { $0 > 0 } }
                && anchorSizes[0].isEmpty == false, .anchorSizes,
            "every feature map needs the same number of sizes, at least one, all above 0")
        try require(
            !anchorAspectRatios.isEmpty && anchorAspectRatios.allSatisfy { $0 > 0 }, .anchorAspectRatios,
            "needs at least one ratio, all above 0")
        try require(form == .fpn || stageCount >= 2, .form, "c4 needs a backbone of at least two stages")
        try require(
            form == .c4 || roiPooling == .align, .roiPooling,
            "\(roiPooling.rawValue) is for the form c4; fpn uses align")
        try require(!minSizes.isEmpty && minSizes.allSatisfy { $0 > 0 }, .minSizes, "needs sizes above 0")
        try require(imageMean.count == 3, .imageMean, "needs three values, not \(imageMean.count)")
        try require(
            imageStd.count == 3 && imageStd.allSatisfy { $0 > 0 }, .imageStd, "needs three values, all above 0")
        try require(
            boxRegressionWeights.count == 4 && boxRegressionWeights.allSatisfy { $0 > 0 }, .boxRegressionWeights,
            "needs four values above 0: x, y, width, height")
        try require(
            trainableStages.map { (0...(stageCount + 1)).contains($0) } ?? true, .trainableStages,
            "must be in 0…\(stageCount + 1): stages from the last one, and the stem")
        try require(frozenBatchEpsilon >= 0, .frozenBatchEpsilon, "must not be below 0")
        try requirePositive([
            (.maxSize, maxSize), (.sizeDivisor, sizeDivisor), (.pyramidChannels, pyramidChannels),
            (.rpnChannels, rpnChannels ?? 1), (.rpnPreNMSTopNTrain, rpnPreNMSTopNTrain),
            (.rpnPreNMSTopNTest, rpnPreNMSTopNTest), (.rpnPostNMSTopNTrain, rpnPostNMSTopNTrain),
            (.rpnPostNMSTopNTest, rpnPostNMSTopNTest), (.rpnBatchSizePerImage, rpnBatchSizePerImage),
            (.roiResolution, roiResolution), (.boxHeadFeatures, boxHeadFeatures),
            (.boxDetectionsPerImage, boxDetectionsPerImage), (.boxBatchSizePerImage, boxBatchSizePerImage),
        ])
        try require(roiSamplingRatio >= 0, .roiSamplingRatio, "must not be below 0")
        try requireFraction([
            (.rpnNMSThreshold, rpnNMSThreshold), (.rpnForegroundIoU, rpnForegroundIoU),
            (.rpnBackgroundIoU, rpnBackgroundIoU), (.rpnPositiveFraction, rpnPositiveFraction),
            (.rpnScoreThreshold, rpnScoreThreshold), (.boxScoreThreshold, boxScoreThreshold),
            (.boxNMSThreshold, boxNMSThreshold), (.boxForegroundIoU, boxForegroundIoU),
            (.boxBackgroundIoU, boxBackgroundIoU), (.boxPositiveFraction, boxPositiveFraction),
        ])
        try require(
            rpnBackgroundIoU <= rpnForegroundIoU, .rpnBackgroundIoU, "must not be above rpn_fg_iou_thresh")
        try require(
            boxBackgroundIoU <= boxForegroundIoU, .boxBackgroundIoU, "must not be above box_fg_iou_thresh")
    }
}
