import NN
import Support
import Tensors

/// Two linear layers over a pooled region (torchvision's `TwoMLPHead`): `fc6`, `fc7`.
public final class TwoLayerHead: Module {
    let fc6: Linear
    let fc7: Linear

    /// A head with fresh weights.
    ///
    /// - Parameters:
    ///   - inputs: numbers in a region, C · h · w.
    ///   - features: width of both layers.
    public init(inputs: Int, features: Int) {
        fc6 = Linear(inputs, features)
        fc7 = Linear(features, features)
    }

    /// Regions `[K, C, h, w]` → `[K, features]`.
    public func callAsFunction(_ regions: Tensor) -> Tensor {
        let hidden = fc6(regions.flatten(from: 1))
        hidden.reluInPlace()
        let features = fc7(hidden)
        features.reluInPlace()
        return features
    }
}

/// Class logits and, for each class, box offsets of a region: `cls_score`, `bbox_pred`. Class 0 is the background.
public final class BoxPredictor: Module {
    @Named("cls_score") package var classScore: Linear
    @Named("bbox_pred") package var boxOffsets: Linear

    /// A predictor with fresh weights.
    ///
    /// - Parameters:
    ///   - inputs: features of a region.
    ///   - classCount: kinds of objects, without the background.
    public init(inputs: Int, classCount: Int) {
        super.init()
        classScore = Linear(inputs, classCount + 1)
        boxOffsets = Linear(inputs, 4 * (classCount + 1))
    }

    /// Features `[K, D]` → logits `[K, 1 + classes]` and offsets `[K, 4 · (1 + classes)]`.
    public func callAsFunction(_ features: Tensor) -> (logits: Tensor, offsets: Tensor) {
        (classScore(features), boxOffsets(features))
    }
}

/// Classifies proposals and refines their boxes (Girshick 2015), as torchvision does.
public final class RoIHeads: Module {
    /// The pyramid's head; the C4 layout uses the backbone's last stage instead.
    @Named("box_head") var boxHead: TwoLayerHead?
    @Named("box_predictor") package var boxPredictor: BoxPredictor
    /// Factors on the terms of the classification loss, float32 `[1 + classes]`; nil for 1 each.
    package var classWeights: Tensor?
    package let configuration: FasterRCNNConfiguration
    let matcher: BoxMatcher
    let sampler: BalancedSampler
    let coder: BoxCoder

    /// Detections narrower or lower than this many pixels are dropped.
    private static let minSize = 1e-2

    package init(configuration: FasterRCNNConfiguration, boxHead: TwoLayerHead?, features: Int, classCount: Int) {
        self.configuration = configuration
        matcher = BoxMatcher(
            high: configuration.boxForegroundIoU, low: configuration.boxBackgroundIoU, allowLowQuality: false)
        sampler = BalancedSampler(
            count: configuration.boxBatchSizePerImage, positiveFraction: configuration.boxPositiveFraction)
        coder = BoxCoder(configuration.boxRegressionWeights)
        super.init()
        self.boxHead = boxHead
        boxPredictor = BoxPredictor(inputs: features, classCount: classCount)
    }

    /// `box_head`, where there is one, and `box_predictor`.
    public override func children() -> [(name: String, module: Module)] {
        (boxHead.map { [("box_head", $0)] } ?? []) + [("box_predictor", boxPredictor)]
    }

    /// Proposals chosen to learn from.
    package struct Samples {
        /// `[K, 5]`: image index, XYXY.
        package let regions: Tensor
        /// `[K]` int64; 0 is the background.
        package let labels: Tensor
        /// `[P]` int64: which of the K hold an object.
        package let positives: Tensor
        /// `[P, 4]`: what their offsets should be.
        package let offsets: Tensor
        /// Which rows count, where not all of them do.
        let masks: Masks?

        /// Which rows of samples count.
        struct Masks {
            /// bool `[K]`: which of the regions are examples. The label of the others is ``ignoredLabel``.
            let areExamples: Tensor
            /// bool `[P]`: which of the regions that may hold an object do.
            let arePositive: Tensor
        }

        /// The label of a region that is no example.
        static let ignoredLabel = -100

        init(regions: Tensor, labels: Tensor, positives: Tensor, offsets: Tensor, masks: Masks? = nil) {
            self.regions = regions
            self.labels = labels
            self.positives = positives
            self.offsets = offsets
            self.masks = masks
        }
    }

    /// Draws proposals, and the ground truth's own boxes, of every image.
    package func sample(proposals: [Tensor], truths: [GroundTruth]) -> Samples {
        var regions: [Tensor] = []
        var labels: [Tensor] = []
        var positives: [Tensor] = []
        var offsets: [Tensor] = []
        var total = 0
        for (image, truth) in truths.enumerated() {
            let device = truth.boxes.device
            let candidates = truth.count > 0 ? Tensor.cat([proposals[image], truth.boxes]) : proposals[image]
            let match = matcher.match(candidates, to: truth)
            let drawn = sampler.sample(positives: match.positives, negatives: match.negatives)
            let positiveCount = drawn.positives.count
            let boxes = candidates.indexSelect(dim: 0, Tensor.cat([drawn.positives, drawn.negatives]))
            if positiveCount > 0 {
                let matched = match.matches.indexSelect(dim: 0, drawn.positives)
                offsets.append(
                    coder.encode(
                        truth.boxes.indexSelect(dim: 0, matched),
                        references: boxes.narrow(dim: 0, start: 0, length: positiveCount)))
                labels.append(truth.labels.indexSelect(dim: 0, matched))
                positives.append(
                    Tensor.arange(Double(total), Double(total + positiveCount), dtype: .int64).to(device))
            }
            labels.append(Tensor.zeros([drawn.negatives.count], dtype: .int64, device: device))
            regions.append(Self.regions(boxes, image: image))
            total += boxes.shape[0]
        }
        let device = regions[0].device
        return Samples(
            regions: Tensor.cat(regions), labels: Tensor.cat(labels),
            positives: positives.isEmpty ? Tensor.zeros([0], dtype: .int64, device: device) : Tensor.cat(positives),
            offsets: offsets.isEmpty ? Tensor.zeros([0, 4], device: device) : Tensor.cat(offsets))
    }

    /// Boxes `[n, 4]` of one image as regions `[n, 5]`.
    static func regions(_ boxes: Tensor, image: Int) -> Tensor {
        Tensor.cat([Tensor.full([boxes.shape[0], 1], Double(image), device: boxes.device), boxes], dim: 1)
    }

    /// The losses of the samples, given their features `[K, D]`.
    package func losses(features: Tensor, samples: Samples) -> (classifier: Tensor, boxRegression: Tensor) {
        let (logits, offsets) = boxPredictor(features)
        if let masks = samples.masks { return losses(logits, offsets, samples, masks) }
        let count = logits.shape[0]
        let classifier =
            F.crossEntropy(logits.to(.float32), samples.labels, classWeights: classWeights, reduction: .sum)
            / Double(max(1, count))
        let rows = samples.positives * logits.shape[1] + samples.labels.indexSelect(dim: 0, samples.positives)
        let boxRegression =
            F.smoothL1(
                offsets.to(.float32).reshape([-1, 4]).indexSelect(dim: 0, rows), samples.offsets, beta: 1.0 / 9,
                reduction: .sum) / Double(max(1, count))
        return (classifier, boxRegression)
    }

    /// The losses of samples some of whose rows don't count.
    private func losses(
        _ logits: Tensor, _ offsets: Tensor, _ samples: Samples, _ masks: Samples.Masks
    ) -> (classifier: Tensor, boxRegression: Tensor) {
        let count = masks.areExamples.to(.float32).sum().clamp(min: 1)
        let labels = samples.labels.indexSelect(dim: 0, samples.positives).clamp(min: 0).to(.int64)
        let rows = samples.positives * logits.shape[1] + labels
        return (
            F.crossEntropy(
                logits.to(.float32), samples.labels, classWeights: classWeights, reduction: .sum,
                ignoreIndex: Samples.ignoredLabel) / count,
            BoxCoder.distance(
                offsets.to(.float32).reshape([-1, 4]).indexSelect(dim: 0, rows), samples.offsets,
                mask: masks.arePositive.unsqueeze(1), beta: 1.0 / 9) / count
        )
    }

    /// What may be in each image, in pixels of the batch, given the features `[K, D]` of all images' proposals: every class
    /// of every proposal with a score above the threshold.
    package func candidates(
        features: Tensor, proposals: [Tensor], sizes: [ImageSize], scoreThreshold: Double
    ) -> [Detections] {
        let (logits, offsets) = boxPredictor(features)
        func arguments() -> [String: RecordedArgument] {
            [
                "score_threshold": .double(scoreThreshold), "min_size": .double(Self.minSize),
                "weights": .doubles(coder.recordedWeights), "clip": .double(BoxCoder.clip),
            ]
        }
        return recorded(as: "region_candidates", [logits, offsets] + proposals, arguments()) {
            candidates(
                logits: logits, offsets: offsets, proposals: proposals, sizes: sizes, scoreThreshold: scoreThreshold)
        }
    }

    private func candidates(
        logits: Tensor, offsets: Tensor, proposals: [Tensor], sizes: [ImageSize], scoreThreshold: Double
    ) -> [Detections] {
        let classes = logits.shape[1]
        let counts = proposals.map { $0.shape[0] }
        let scores = logits.to(.float32).softmax(dim: 1).split(sizes: counts)
        let moves = offsets.to(.float32).reshape([-1, classes, 4]).split(sizes: counts)
        return sizes.indices.map { image in
            let objects = scores[image].narrow(dim: 1, start: 1, length: classes - 1)
            // Row-major, so proposal by proposal and class by class, as torchvision orders ties.
            let found = (objects .> scoreThreshold).nonzero()
            let proposal = found.select(dim: 1, index: 0)
            let label = found.select(dim: 1, index: 1) + 1
            let boxes = DetectionOps.clipBoxes(
                coder.decode(
                    moves[image].indexed(by: [proposal, label]),
                    references: proposals[image].indexSelect(dim: 0, proposal)),
                height: Double(sizes[image].height), width: Double(sizes[image].width))
            let score = scores[image].indexed(by: [proposal, label])
            let large = largeEnough(boxes, Self.minSize).nonzero().reshape([-1])
            return Detections(
                boxes: boxes.indexSelect(dim: 0, large), scores: score.indexSelect(dim: 0, large),
                labels: label.indexSelect(dim: 0, large))
        }
    }
}
