import NN
import Support
import Tensors

/// Proposes regions that may hold an object (Ren et al. 2015, section 3.1), as torchvision does.
public final class RegionProposalNetwork: Module {
    let head: RegionProposalHead
    let configuration: FasterRCNNConfiguration
    let anchorGenerator: AnchorGenerator
    let matcher: BoxMatcher
    let sampler: BalancedSampler
    let coder = BoxCoder([1, 1, 1, 1])

    /// Proposals narrower or lower than this many pixels are dropped.
    static let minSize = 1e-3

    init(configuration: FasterRCNNConfiguration, inputs: Int) {
        self.configuration = configuration
        anchorGenerator = AnchorGenerator(
            sizes: configuration.anchorSizes, aspectRatios: configuration.anchorAspectRatios)
        head = RegionProposalHead(
            inputs: inputs, channels: configuration.rpnChannels ?? inputs, anchorsPerCell: anchorGenerator.countPerCell)
        matcher = BoxMatcher(
            high: configuration.rpnForegroundIoU, low: configuration.rpnBackgroundIoU, allowLowQuality: true)
        sampler = BalancedSampler(
            count: configuration.rpnBatchSizePerImage, positiveFraction: configuration.rpnPositiveFraction)
    }

    /// `head`.
    public override func children() -> [(name: String, module: Module)] { [("head", head)] }

    /// The anchors for these feature maps of a batch.
    func anchors(maps: [Tensor], batch: ImageBatch) -> Anchors {
        anchorGenerator.anchors(grids: Self.grids(maps), image: batch.paddedSize, device: batch.tensor.device)
    }

    private static func grids(_ maps: [Tensor]) -> [ImageSize] {
        maps.map { ImageSize(width: $0.shape[3], height: $0.shape[2]) }
    }

    /// Proposals alone, for inference: for each image `[n, 4]`, best first, in pixels of the batch.
    func propose(maps: [Tensor], batch: ImageBatch) -> [Tensor] {
        withoutGrad {
            let outputs = head(maps)
            return recorded(
                as: "proposals", outputs.flatMap { [$0.logits, $0.offsets] } + maps + [batch.tensor],
                recordedArguments, outputs: { $0 }
            ) {
                selectProposals(
                    outputs, anchors: anchors(maps: maps, batch: batch), sizes: batch.sizes, training: false)
            }
        }
    }

    /// What a recording says of how proposals are chosen in inference.
    private var recordedArguments: [String: RecordedArgument] {
        [
            "cell_anchors": .list(anchorGenerator.cellAnchors.map { .doubles($0.map(Double.init)) }),
            "candidates": .int(configuration.rpnPreNMSTopNTest), "limit": .int(configuration.rpnPostNMSTopNTest),
            "iou_threshold": .double(configuration.rpnNMSThreshold),
            "score_threshold": .double(configuration.rpnScoreThreshold), "min_size": .double(Self.minSize),
            "weights": .doubles(coder.recordedWeights), "clip": .double(BoxCoder.clip),
        ]
    }

    /// Proposals for each image, without gradient, and the network's own two losses.
    func train(
        maps: [Tensor], batch: ImageBatch, truths: [GroundTruth]
    ) -> (proposals: [Tensor], objectness: Tensor, boxRegression: Tensor) {
        let anchors = anchors(maps: maps, batch: batch)
        let samples = withoutGrad { sample(truths, anchors: anchors) }
        let cells = anchors.total / head.anchorsPerCell * batch.sizes.count
        // Below this share of all cells, computing the sampled ones once more is cheaper than a backward pass over all.
        let atSites = samples.count > 0 && samples.count * 8 < cells
        let outputs = atSites ? withoutGrad { head(maps) } : head(maps)
        let proposals = withoutGrad {
            selectProposals(
                outputs.map { ($0.logits.detached(), $0.offsets.detached()) }, anchors: anchors, sizes: batch.sizes,
                training: true)
        }
        let logits: Tensor
        let offsets: Tensor
        if atSites {
            let sites = AnchorSites(
                samples.indices.array(Int.self), anchors: anchors, grids: Self.grids(maps),
                anchorsPerCell: head.anchorsPerCell)
            (logits, offsets) = head.atSites(sites, of: maps, offsetCount: samples.positiveCount)
        } else {
            logits = Tensor.cat(outputs.map(\.logits), dim: 1).reshape([-1]).indexSelect(dim: 0, samples.indices)
            offsets = Tensor.cat(outputs.map(\.offsets), dim: 1).reshape([-1, 4])
                .indexSelect(dim: 0, samples.indices.narrow(dim: 0, start: 0, length: samples.positiveCount))
        }
        let count = Double(max(1, samples.count))
        return (
            proposals,
            F.binaryCrossEntropyWithLogits(logits.to(.float32), samples.labels, reduction: .sum) / count,
            F.smoothL1(offsets.to(.float32), samples.offsets, beta: 1.0 / 9, reduction: .sum) / count
        )
    }

    /// The anchors of a batch that the losses look at, positives first.
    private struct Samples {
        /// `[S]` int64: places in the concatenation of all images' anchors.
        let indices: Tensor
        /// `[S]` float32: 1 for an object, 0 for background.
        let labels: Tensor
        /// `[P, 4]`: what the offsets of the positives should be.
        let offsets: Tensor
        let positiveCount: Int
        var count: Int { indices.count }
    }

    private func sample(_ truths: [GroundTruth], anchors: Anchors) -> Samples {
        var positives: [Tensor] = []
        var negatives: [Tensor] = []
        var offsets: [Tensor] = []
        for (image, truth) in truths.enumerated() {
            let match = matcher.match(anchors.boxes, to: truth)
            let drawn = sampler.sample(positives: match.positives, negatives: match.negatives)
            if drawn.positives.count > 0 {
                let matched = truth.boxes.indexSelect(dim: 0, match.matches.indexSelect(dim: 0, drawn.positives))
                let references = anchors.boxes.indexSelect(dim: 0, drawn.positives)
                offsets.append(coder.encode(matched, references: references))
            }
            positives.append(drawn.positives + image * anchors.total)
            negatives.append(drawn.negatives + image * anchors.total)
        }
        let device = anchors.boxes.device
        let positive = Tensor.cat(positives)
        let negative = Tensor.cat(negatives)
        return Samples(
            indices: Tensor.cat([positive, negative]),
            labels: Tensor.cat([
                Tensor.ones([positive.count], device: device), Tensor.zeros([negative.count], device: device),
            ]),
            offsets: offsets.isEmpty ? Tensor.zeros([0, 4], device: device) : Tensor.cat(offsets),
            positiveCount: positive.count)
    }

    /// The best anchors of each map moved by their offsets, thinned out by non-maximum suppression within each map.
    private func selectProposals(
        _ outputs: [(logits: Tensor, offsets: Tensor)], anchors: Anchors, sizes: [ImageSize], training: Bool
    ) -> [Tensor] {
        let before = training ? configuration.rpnPreNMSTopNTrain : configuration.rpnPreNMSTopNTest
        let after = training ? configuration.rpnPostNMSTopNTrain : configuration.rpnPostNMSTopNTest
        var best: [Tensor] = []
        var candidates: [Tensor] = []
        var levels: [Tensor] = []
        for (level, output) in outputs.enumerated() {
            let n = output.logits.shape[0]
            let top = output.logits.to(.float32).topK(min(before, anchors.counts[level]), dim: 1)
            let k = top.indices.shape[1]
            // Only what is kept is decoded.
            let offsets = output.offsets.gather(dim: 1, index: top.indices.unsqueeze(-1).expand([n, k, 4]))
            let places = (top.indices + anchors.offsets[level]).reshape([-1])
            let boxes = coder.decode(
                offsets.to(.float32).reshape([n * k, 4]), references: anchors.boxes.indexSelect(dim: 0, places))
            best.append(top.values)
            candidates.append(boxes.reshape([n, k, 4]))
            levels.append(anchors.levels.narrow(dim: 0, start: anchors.offsets[level], length: k))
        }
        let scores = Tensor.cat(best, dim: 1).sigmoid()
        let boxes = Tensor.cat(candidates, dim: 1)
        let level = Tensor.cat(levels)
        return sizes.enumerated().map { image, size in
            let clipped = DetectionOps.clipBoxes(
                boxes.select(dim: 0, index: image), height: Double(size.height), width: Double(size.width))
            let score = scores.select(dim: 0, index: image)
            let kept = (largeEnough(clipped, Self.minSize) .& (score .>= configuration.rpnScoreThreshold)).nonzero()
                .reshape([-1])
            let chosen = clipped.indexSelect(dim: 0, kept)
            let survivors = DetectionOps.batchedNMS(
                boxes: chosen, scores: score.indexSelect(dim: 0, kept), classes: level.indexSelect(dim: 0, kept),
                iouThreshold: configuration.rpnNMSThreshold)
            let count = min(after, survivors.count)
            return chosen.indexSelect(dim: 0, survivors.narrow(dim: 0, start: 0, length: count))
        }
    }
}

/// Which of the boxes `[n, 4]` have both extents of at least `size` pixels: `[n]` bool.
func largeEnough(_ boxes: Tensor, _ size: Double) -> Tensor {
    let extents = boxes.narrow(dim: 1, start: 2, length: 2) - boxes.narrow(dim: 1, start: 0, length: 2)
    return extents.amin([1]) .>= size
}
