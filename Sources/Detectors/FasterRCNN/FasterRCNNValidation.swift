extension FasterRCNNConfiguration {
    /// Throws `DetectorConfigurationError` naming what is wrong with the values, for a backbone of that many stages.
    package func validate(stageCount: Int) throws {
        let check = ConfigurationCheck<CodingKeys>(detector: "Faster R-CNN")
        let maps = layout == .fpn ? stageCount + 1 : 1
        try check.require(
            anchorSizes.count == maps, .anchorSizes,
            "has \(anchorSizes.count) lists of sizes; this form on this backbone has \(maps) feature maps, each needs one"
        )
        try check.require(
            Set(anchorSizes.map(\.count)).count == 1 && anchorSizes.allSatisfy { $0.allSatisfy { $0 > 0 && $0 <= 1e6 } }
                && anchorSizes[0].isEmpty == false, .anchorSizes,
            "every feature map needs the same number of sizes, at least one, all above 0")
        try check.require(
            !anchorAspectRatios.isEmpty && anchorAspectRatios.allSatisfy { $0 > 1e-6 && $0 < 1e6 }, .anchorAspectRatios,
            "needs at least one ratio, all above 0")
        try check.require(layout == .fpn || stageCount >= 2, .layout, "c4 needs a backbone of at least two stages")
        try check.require(
            layout == .c4 || roiPooling == .align, .roiPooling,
            "\(roiPooling.rawValue) is for the form c4; fpn uses align")
        try check.require(!minSizes.isEmpty && minSizes.allSatisfy { $0 > 0 }, .minSizes, "needs sizes above 0")
        try check.requireImages((.imageMean, imageMean), (.imageStd, imageStd))
        try check.require(
            boxRegressionWeights.count == 4 && boxRegressionWeights.allSatisfy { $0 > 0 }, .boxRegressionWeights,
            "needs four values above 0: x, y, width, height")
        try check.requireStages((.trainableStages, trainableStages), of: stageCount)
        try check.require(frozenBatchEpsilon >= 0, .frozenBatchEpsilon, "must not be below 0")
        try check.requirePositive([
            (.maxSize, maxSize), (.sizeDivisor, sizeDivisor), (.pyramidChannels, pyramidChannels),
            (.rpnChannels, rpnChannels ?? 1), (.rpnPreNMSTopNTrain, rpnPreNMSTopNTrain),
            (.rpnPreNMSTopNTest, rpnPreNMSTopNTest), (.rpnPostNMSTopNTrain, rpnPostNMSTopNTrain),
            (.rpnPostNMSTopNTest, rpnPostNMSTopNTest), (.rpnBatchSizePerImage, rpnBatchSizePerImage),
            (.roiResolution, roiResolution), (.boxHeadFeatures, boxHeadFeatures),
            (.boxDetectionsPerImage, boxDetectionsPerImage), (.boxBatchSizePerImage, boxBatchSizePerImage),
        ])
        try check.require((0...64).contains(roiSamplingRatio), .roiSamplingRatio, "must be in 0…64")
        try check.require(roiResolution <= 1024, .roiResolution, "must be up to 1024")
        try check.requireFraction([
            (.rpnNMSThreshold, rpnNMSThreshold), (.rpnForegroundIoU, rpnForegroundIoU),
            (.rpnBackgroundIoU, rpnBackgroundIoU), (.rpnPositiveFraction, rpnPositiveFraction),
            (.rpnScoreThreshold, rpnScoreThreshold), (.boxScoreThreshold, boxScoreThreshold),
            (.boxNMSThreshold, boxNMSThreshold), (.boxForegroundIoU, boxForegroundIoU),
            (.boxBackgroundIoU, boxBackgroundIoU), (.boxPositiveFraction, boxPositiveFraction),
        ])
        try check.require(
            rpnBackgroundIoU <= rpnForegroundIoU, .rpnBackgroundIoU, "must not be above rpn_fg_iou_thresh")
        try check.require(
            boxBackgroundIoU <= boxForegroundIoU, .boxBackgroundIoU, "must not be above box_fg_iou_thresh")
    }
}
