import Annotations
import Architectures
import Backbones
import NN
import Support
import Tensors

/// SSD on any backbone: finds objects in one pass, on feature maps of several sizes (Liu et al., "SSD: Single Shot MultiBox
/// Detector", 2016).
///
/// The backbone's third stage with stride 1 is the first map, convolutions behind it make the others (`SSDPlan`). Images
/// are scaled to the variant's size whatever their proportions.
///
/// Parameters: `backbone.*`, `extras.i.{conv1,bn1,conv2,bn2}`, `head.classification.i`, `head.regression.i`. Losses:
/// `loss_classification`, `loss_box_reg`.
public final class SSD: Module, Detector {
    /// The layers and boxes that the detector was built from.
    public let plan: SSDPlan
    /// Kinds of objects, without the background.
    public let classCount: Int
    /// The backbone's stages up to the first map.
    public let body: Backbone
    /// How candidates that overlap are thinned out; at first as the configuration says.
    public var suppression: BoxSuppression
    /// Factors on the terms of the classification loss, the background's first; nil for 1 each.
    public var classWeights: Tensor? {
        get { loss.classWeights }
        set { loss.classWeights = newValue }
    }
    let extras: ModuleList<ExtraMapLayer>
    let head: SSDHead
    private let batcher: ImageBatcher
    private let matcher: DefaultBoxMatcher
    private var loss: MultiBoxLoss
    private let coder: BoxCoder
    private var defaultBoxes: Tensor

    /// Detections narrower or lower than this many pixels are dropped.
    private static let minSize = 1e-2

    /// The configuration that the detector was built from.
    public var configuration: SSDConfiguration { plan.configuration }
    /// `SSD300` or `SSD512`.
    public var title: String { configuration.variant.rawValue.uppercased() }

    /// A network with fresh weights.
    ///
    /// - Parameters:
    ///   - configuration: the detector's settings.
    ///   - architecture: the backbone, a network for images.
    ///   - classCount: kinds of objects, without the background.
    /// - Throws: `DetectorConfigurationError` naming the key that does not fit, or the architecture's own error.
    public init(
        _ configuration: SSDConfiguration = .ssd300, backbone architecture: BackboneArchitecture, classCount: Int
    ) throws {
        precondition(classCount > 0, "a detector needs at least one class, not \(classCount)")
        let plan = try SSDPlan(configuration, backbone: architecture)
        self.plan = plan
        self.classCount = classCount
        suppression = configuration.suppression
        body = Backbone(plan.backbone)
        extras = ModuleList(zip(plan.extraMaps, plan.maps).map { ExtraMapLayer($0, inputs: $1.channels) })
        head = SSDHead(plan.maps, classCount: classCount)
        let side = configuration.variant.side
        batcher = ImageBatcher(
            .fixed(ImageSize(width: side, height: side)), mean: configuration.imageMean,
            deviation: configuration.imageStd)
        matcher = DefaultBoxMatcher(threshold: configuration.iouThreshold)
        loss = MultiBoxLoss(
            negativesPerPositive: configuration.negativesPerPositive, minNegatives: configuration.minNegativesPerImage)
        coder = BoxCoder(configuration.boxRegressionWeights)
        defaultBoxes = DefaultBoxes.boxes(plan)
        super.init()
        body.freeze(trainableStages: configuration.trainableStages ?? plan.backbone.stages.count + 1)
        body.setFrozenBatchEpsilon(configuration.frozenBatchEpsilon)
        convertToChannelsLast()
    }

    /// `backbone`, `extras` and `head`.
    public override func children() -> [(name: String, module: Module)] {
        [("backbone", body), ("extras", extras), ("head", head)]
    }

    /// The device that holds the weights.
    public var device: Device { head.classification[0].weight.tensor.device }

    /// The default boxes `[A, 4]` on the device of the weights.
    private func references() -> Tensor {
        if defaultBoxes.device != device { defaultBoxes = defaultBoxes.to(device) }
        return defaultBoxes
    }

    /// Images `[N, 3, H, W]` → logits `[N, A, 1 + classes]` and offsets `[N, A, 4]`, float32.
    private func predict(_ images: Tensor) -> (logits: Tensor, offsets: Tensor) {
        var x = body.stem(images)
        for stage in body.stages.indices { x = body.stage(stage, x) }
        var maps = [x]
        for extra in extras { maps.append(extra(maps[maps.count - 1])) }
        let (logits, offsets) = head(maps)
        return (logits.to(.float32), offsets.to(.float32))
    }

    /// The two terms of the training loss, each a scalar with a gradient (Liu et al. 2016, equation 1).
    ///
    /// Boxes are XYXY pixels of their image. A box without extent or a label out of range traps.
    public func losses(_ examples: DetectionBatch) -> [(name: String, value: Tensor)] {
        let batch = batcher.batch(examples.images, training: isTraining, device: device)
        let truths = GroundTruth.all(of: examples, in: batch, classCount: classCount)
        let losses: (classification: Tensor, boxRegression: Tensor)
        if NativeOperations.apply(to: batch.tensor) {
            let wanted = withoutGrad { self.targets(truths) }
            let (logits, offsets) = predict(batch.tensor)
            losses = loss(logits: logits, offsets: offsets, targets: wanted)
        } else {
            let (labels, wanted) = withoutGrad { targetsOnDevice(truths) }
            let (logits, offsets) = predict(batch.tensor)
            losses = loss(logits: logits, offsets: offsets, labels: labels, targets: wanted)
        }
        return [("loss_classification", losses.classification), ("loss_box_reg", losses.boxRegression)]
    }

    /// What every default box of every image should be.
    private func targets(_ truths: [GroundTruth]) -> MultiBoxLoss.Targets {
        let references = references()
        let total = references.shape[0]
        var labels: [Tensor] = []
        var positives: [Tensor] = []
        var offsets: [Tensor] = []
        var counts: [Int] = []
        for (image, truth) in truths.enumerated() {
            let match = matcher.match(references, to: truth)
            var label = Tensor.zeros([total], dtype: .int64, device: references.device)
            if match.positives.count > 0 {
                label = label.indexPut([match.positives], values: truth.labels.indexSelect(dim: 0, match.objects))
                offsets.append(
                    coder.encode(
                        truth.boxes.indexSelect(dim: 0, match.objects),
                        references: references.indexSelect(dim: 0, match.positives)))
            }
            labels.append(label)
            positives.append(match.positives + image * total)
            counts.append(match.positives.count)
        }
        return MultiBoxLoss.Targets(
            labels: Tensor.cat(labels), positives: Tensor.cat(positives),
            offsets: offsets.isEmpty ? Tensor.zeros([0, 4], device: references.device) : Tensor.cat(offsets),
            counts: counts)
    }

    /// What every default box of every image should be: its label, int64 `[N, A]`, and its offsets, `[N, A, 4]`.
    private func targetsOnDevice(_ truths: [GroundTruth]) -> (labels: Tensor, offsets: Tensor) {
        let references = references()
        let matches = matcher.matches(references, to: truths)
        let labels = GroundTruth.labels(of: truths, matched: matches).maskedFill(matches .< 0, 0)
        let boxes = GroundTruth.boxes(of: truths, matched: matches)
        let offsets = coder.encode(
            boxes.reshape([-1, 4]),
            references: references.unsqueeze(0).expand([truths.count] + references.shape).reshape([-1, 4]))
        return (labels, offsets.reshape([truths.count] + references.shape))
    }

    /// The best candidates of each class and image with a score above `suppression.scoreThreshold`, XYXY pixels of the image
    /// that was given.
    public func candidates(images: [Tensor]) -> [Detections] {
        guard !images.isEmpty else { return [] }
        return withoutGrad {
            let batch = batcher.batch(images, training: false, device: device)
            let (logits, offsets) = predict(batch.tensor)
            let scores = logits.softmax(dim: 2)
            func arguments() -> [String: RecordedArgument] {
                [
                    "candidates": .int(configuration.candidatesPerClass), "min_size": .double(Self.minSize),
                    "score_threshold": .double(suppression.scoreThreshold), "weights": .doubles(coder.recordedWeights),
                    "clip": .double(BoxCoder.clip),
                ]
            }
            return recorded(as: "default_box_candidates", [scores, offsets, references()], arguments()) {
                batch.sizes.indices.map { image in
                    candidates(
                        scores: scores.select(dim: 0, index: image), offsets: offsets.select(dim: 0, index: image),
                        size: batch.sizes[image]
                    ).scaled(from: batch.sizes[image], to: batch.originalSizes[image])
                }
            }
        }
    }

    /// What may be in one image: of each class the best candidates above the score threshold. XYXY pixels of `size`.
    ///
    /// - Parameters:
    ///   - scores: `[A, 1 + classes]`, probabilities.
    ///   - offsets: `[A, 4]`.
    ///   - size: the image's size in the batch.
    package func candidates(scores: Tensor, offsets: Tensor, size: ImageSize) -> Detections {
        let boxes = DetectionOps.clipBoxes(
            coder.decode(offsets, references: references()), height: Double(size.height), width: Double(size.width))
        // A box outside of the image has no extent left.
        let isLarge = largeEnough(boxes, Self.minSize)
        let objects = scores.narrow(dim: 1, start: 1, length: classCount).transpose(0, 1).contiguous()
        let best = objects.maskedFill(.!isLarge, -1).topK(
            min(configuration.candidatesPerClass, objects.shape[1]), dim: 1)
        let kept = (best.values .> suppression.scoreThreshold).nonzero()
        let classes = kept.select(dim: 1, index: 0)
        let places = best.indices.indexed(by: [classes, kept.select(dim: 1, index: 1)])
        return Detections(
            boxes: boxes.indexSelect(dim: 0, places),
            scores: best.values.indexed(by: [classes, kept.select(dim: 1, index: 1)]), labels: classes + 1)
    }
}
