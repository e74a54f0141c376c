import Annotations
import Architectures
import Backbones
import NN
import Tensors

/// Faster R-CNN on any backbone: proposes regions, then classifies and refines them.
///
/// Two layouts (`FasterRCNNConfiguration.Layout`). With **fpn**, semantics and parameter names are torchvision's:
/// `backbone.body.*`, `backbone.fpn.*`, `rpn.head.*`, `roi_heads.box_head.*`, `roi_heads.box_predictor.*`, so
/// `fasterrcnn_resnet50_fpn`'s weights load as they are. With **c4** there is no `backbone.fpn` and no
/// `roi_heads.box_head`: the backbone's last stage, `backbone.body.layer4`, is the head, so that a classifier's weights
/// fill all of `backbone.body`.
///
/// Losses: `loss_classifier`, `loss_box_reg`, `loss_objectness`, `loss_rpn_box_reg`.
public final class FasterRCNN: Module, Detector {
    /// The configuration that the detector was built from.
    public let configuration: FasterRCNNConfiguration
    /// Kinds of objects, without the background.
    public let classCount: Int
    /// How candidates that overlap are thinned out; at first as the configuration says.
    public var suppression: BoxSuppression
    /// Factors on the terms of the box head's classification loss, the background's first; nil for 1 each.
    public var classWeights: Tensor? {
        get { roiHeads.classWeights }
        set { roiHeads.classWeights = newValue }
    }
    let backbone: DetectorBackbone
    let rpn: RegionProposalNetwork
    let roiHeads: RoIHeads
    private let batcher: ImageBatcher

    /// A network with fresh weights.
    ///
    /// - Parameters:
    ///   - configuration: the detector's settings.
    ///   - architecture: the backbone, a network for images.
    ///   - classCount: kinds of objects, without the background.
    /// - Throws: `DetectorConfigurationError` naming the key that does not fit, or the architecture's own error.
    public init(
        _ configuration: FasterRCNNConfiguration = .init(), backbone architecture: BackboneArchitecture, classCount: Int
    ) throws {
        precondition(classCount > 0, "a detector needs at least one class, not \(classCount)")
        let body = try Backbone(
            configuration.normalization.applied(to: architecture, detector: "Faster R-CNN"), classes: nil)
        let stages = body.plan.stages
        try configuration.validate(stageCount: stages.count)
        self.configuration = configuration
        self.classCount = classCount
        suppression = configuration.suppression
        batcher = ImageBatcher(configuration)
        backbone = DetectorBackbone(body: body, configuration: configuration)
        rpn = RegionProposalNetwork(configuration: configuration, inputs: backbone.channels)
        switch configuration.layout {
        case .fpn:
            let head = TwoLayerHead(
                inputs: backbone.channels * configuration.roiResolution * configuration.roiResolution,
                features: configuration.boxHeadFeatures)
            roiHeads = RoIHeads(
                configuration: configuration, boxHead: head, features: configuration.boxHeadFeatures,
                classCount: classCount)
        case .c4:
            roiHeads = RoIHeads(
                configuration: configuration, boxHead: nil, features: stages[stages.count - 1].channels,
                classCount: classCount)
        }
        super.init()
        body.freeze(trainableStages: configuration.trainableStages ?? stages.count + 1)
        body.setFrozenBatchEpsilon(configuration.frozenBatchEpsilon)
        convertToChannelsLast()
    }

    /// `backbone`, `rpn` and `roi_heads`.
    public override func children() -> [(name: String, module: Module)] {
        [("backbone", backbone), ("rpn", rpn), ("roi_heads", roiHeads)]
    }

    /// The backbone, whole.
    public var body: Backbone { backbone.body }

    /// `Faster R-CNN FPN` or `Faster R-CNN C4`.
    public var title: String { "Faster R-CNN \(configuration.layout.rawValue.uppercased())" }

    /// The device that holds the weights.
    public var device: Device { roiHeads.boxPredictor.classScore.weight.tensor.device }

    /// The four terms of the training loss, each a scalar with a gradient (Ren et al. 2015, equation 1; Girshick 2015,
    /// equation 1).
    ///
    /// Boxes are XYXY pixels of their image. A box without extent or a label out of range traps.
    public func losses(_ examples: DetectionBatch) -> [(name: String, value: Tensor)] {
        let batch = batcher.batch(examples.images, training: isTraining, device: device)
        let truths = GroundTruth.all(of: examples, in: batch, classCount: classCount)
        let maps = backbone(batch.tensor)
        let (samples, objectness, boxRegression): (RoIHeads.Samples, Tensor, Tensor)
        if NativeOperations.apply(to: maps) {
            let proposed = rpn.train(maps: maps, batch: batch, truths: truths)
            samples = withoutGrad { roiHeads.sample(proposals: proposed.proposals, truths: truths) }
            (objectness, boxRegression) = (proposed.objectness, proposed.boxRegression)
        } else {
            let proposed = rpn.trainOnDevice(maps: maps, batch: batch, truths: truths)
            samples = withoutGrad { roiHeads.sample(proposed.proposals, truths: truths) }
            (objectness, boxRegression) = (proposed.objectness, proposed.boxRegression)
        }
        let heads = roiHeads.losses(features: features(of: samples.regions, maps: maps), samples: samples)
        return [
            ("loss_classifier", heads.classifier), ("loss_box_reg", heads.boxRegression),
            ("loss_objectness", objectness), ("loss_rpn_box_reg", boxRegression),
        ]
    }

    /// Every candidate of each image with a score above `suppression.scoreThreshold`, XYXY pixels of the image that was given.
    public func candidates(images: [Tensor]) -> [Detections] {
        guard !images.isEmpty else { return [] }
        return withoutGrad {
            let batch = batcher.batch(images, training: false, device: device)
            let maps = backbone(batch.tensor)
            let proposals = rpn.propose(maps: maps, batch: batch)
            let regions = recorded(as: "regions", proposals, [:], outputs: { [$0] }) {
                Tensor.cat(proposals.enumerated().map { RoIHeads.regions($1, image: $0) })
            }
            let found = roiHeads.candidates(
                features: features(of: regions, maps: maps), proposals: proposals, sizes: batch.sizes,
                scoreThreshold: suppression.scoreThreshold)
            return recorded(as: "original_scale", [], [:]) {
                found.indices.map { found[$0].scaled(from: batch.sizes[$0], to: batch.originalSizes[$0]) }
            }
        }
    }

    /// Regions `[K, 5]` of the feature maps as features `[K, D]`.
    private func features(of regions: Tensor, maps: [Tensor]) -> Tensor {
        let side = configuration.roiResolution
        if let head = roiHeads.boxHead {
            let strides = backbone.strides
            return head(
                DetectionOps.multiScaleRoIAlign(
                    Array(maps.prefix(strides.count)), rois: regions, scales: strides.map { 1 / Double($0) },
                    outputSize: (side, side), samplingRatio: configuration.roiSamplingRatio,
                    // Rows of the linear layer run over whole channels.
                    outputFormat: .contiguous))
        }
        let scale = 1 / Double(backbone.strides[0])
        let pooled =
            switch configuration.roiPooling {
            case .align, .alignHalfPixel:
                DetectionOps.roiAlign(
                    maps[0], rois: regions, outputSize: (side, side), spatialScale: scale,
                    samplingRatio: configuration.roiSamplingRatio, aligned: configuration.roiPooling == .alignHalfPixel)
            case .pool:
                DetectionOps.roiPool(maps[0], rois: regions, outputSize: (side, side), spatialScale: scale)
            }
        return backbone.head(pooled)
    }
}

/// A backbone as a detector uses it: `body`, and in the pyramid's layout `fpn`.
final class DetectorBackbone: Module {
    let body: Backbone
    let fpn: FeaturePyramid?
    /// Channels of the feature maps.
    let channels: Int
    /// Pixels of the image to one of each feature map that regions are pooled from.
    let strides: [Int]

    init(body: Backbone, configuration: FasterRCNNConfiguration) {
        self.body = body
        let stages = body.plan.stages
        switch configuration.layout {
        case .fpn:
            fpn = FeaturePyramid(inputs: stages.map(\.channels), channels: configuration.pyramidChannels)
            channels = configuration.pyramidChannels
            strides = stages.map(\.stride)
        case .c4:
            fpn = nil
            channels = stages[stages.count - 2].channels
            strides = [stages[stages.count - 2].stride]
        }
    }

    override func children() -> [(name: String, module: Module)] {
        [("body", body)] + (fpn.map { [("fpn", $0)] } ?? [])
    }

    /// Images `[N, 3, H, W]` → feature maps, finest first.
    func callAsFunction(_ images: Tensor) -> [Tensor] {
        if let fpn { return fpn(body.features(images)) }
        var x = body.stem(images)
        for stage in 0..<(body.plan.stages.count - 1) { x = body.stage(stage, x) }
        return [x]
    }

    /// The C4 layout's head: pooled regions `[K, C, h, w]` through the last stage, averaged to `[K, D]`.
    func head(_ regions: Tensor) -> Tensor {
        body.stage(body.plan.stages.count - 1, regions).mean([2, 3])
    }
}
