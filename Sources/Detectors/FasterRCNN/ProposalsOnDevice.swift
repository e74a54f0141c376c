import NN
import Support
import Tensors

/// Proposals of a batch in tensors of one size, so that the host need not know how many there are.
package struct PaddedProposals {
    /// `[N, n, 4]`, XYXY pixels of the batch, best first.
    let boxes: Tensor
    /// bool `[N, n]`: which of them are proposals.
    let areProposals: Tensor
}

extension RegionProposalNetwork {
    /// What `train` gives, where the feature maps are on a device that the host had better not wait for: it waits once, for
    /// the suppression of all images.
    func trainOnDevice(
        maps: [Tensor], batch: ImageBatch, truths: [GroundTruth]
    ) -> (proposals: PaddedProposals, objectness: Tensor, boxRegression: Tensor) {
        let anchors = anchors(maps: maps, batch: batch)
        let outputs = head(maps)
        let proposals = withoutGrad {
            paddedProposals(
                outputs.map { ($0.logits.detached(), $0.offsets.detached()) }, anchors: anchors, sizes: batch.sizes)
        }
        let (drawn, targets) = withoutGrad { draw(truths, anchors: anchors) }
        let most = drawn.mostPositives
        let logits = Tensor.cat(outputs.map(\.logits), dim: 1).gather(dim: 1, index: drawn.places).to(.float32)
        let places = drawn.places.narrow(dim: 1, start: 0, length: most).unsqueeze(-1)
        let offsets = Tensor.cat(outputs.map(\.offsets), dim: 1)
            .gather(dim: 1, index: places.expand([truths.count, most, 4])).to(.float32)
        let count = drawn.areExamples.to(.float32).sum().clamp(min: 1)
        let entropies = F.binaryCrossEntropyWithLogits(
            logits, drawn.arePositive.to(.float32), reduction: .none)
        return (
            proposals, (entropies * drawn.areExamples.to(.float32)).sum() / count,
            BoxCoder.distance(
                offsets, targets, mask: drawn.arePositive.narrow(dim: 1, start: 0, length: most).unsqueeze(-1),
                beta: 1.0 / 9) / count
        )
    }

    /// The anchors that the losses look at, and what the offsets of those that may be positive should be, `[N, P, 4]`.
    private func draw(_ truths: [GroundTruth], anchors: Anchors) -> (BalancedSampler.Draw, Tensor) {
        let matches = Tensor.stack(truths.map { matcher.matches(anchors.boxes, to: $0) })
        let drawn = sampler.draw(arePositive: matches .>= 0, areNegative: matches .== -1)
        let places = drawn.places.narrow(dim: 1, start: 0, length: drawn.mostPositives)
        let matched = matches.gather(dim: 1, index: places)
        let references = anchors.boxes.indexSelect(dim: 0, places.flatten())
        let offsets = coder.encode(
            GroundTruth.boxes(of: truths, matched: matched).reshape([-1, 4]), references: references)
        return (drawn, offsets.reshape([truths.count, drawn.mostPositives, 4]))
    }

    /// The best anchors of each map moved by their offsets, thinned out by non-maximum suppression within each map, in
    /// training.
    private func paddedProposals(
        _ outputs: [(logits: Tensor, offsets: Tensor)], anchors: Anchors, sizes: [ImageSize]
    ) -> PaddedProposals {
        let counts = anchors.counts.map { min(configuration.rpnPreNMSTopNTrain, $0) }
        let longest = counts.max() ?? 0
        var scores: [Tensor] = []
        var boxes: [Tensor] = []
        for (level, output) in outputs.enumerated() {
            let (n, k) = (output.logits.shape[0], counts[level])
            let top = output.logits.to(.float32).topK(k, dim: 1)
            let offsets = output.offsets.gather(dim: 1, index: top.indices.unsqueeze(-1).expand([n, k, 4]))
            let places = (top.indices + anchors.offsets[level]).reshape([-1])
            let moved = coder.decode(
                offsets.to(.float32).reshape([n * k, 4]), references: anchors.boxes.indexSelect(dim: 0, places))
            // A score below 0 is none: those are sigmoids.
            scores.append(F.pad(top.values.sigmoid(), [0, longest - k], value: -1))
            boxes.append(F.pad(moved.reshape([n, k, 4]), [0, 0, 0, longest - k]))
        }
        let levels = outputs.count
        let all = Tensor.stack(boxes, dim: 1).reshape([sizes.count, levels * longest, 4])
        let clipped = Tensor.stack(
            sizes.enumerated().map { image, size in
                DetectionOps.clipBoxes(
                    all.select(dim: 0, index: image), height: Double(size.height), width: Double(size.width))
            })
        let score = Tensor.stack(scores, dim: 1).reshape([sizes.count, levels * longest])
        let isLarge = largeEnough(clipped.reshape([-1, 4]), Self.minSize).reshape(score.shape)
        let isWanted = isLarge .& (score .>= max(0, configuration.rpnScoreThreshold))
        let stay = ComposedDetectionOps.survivors(
            ofLists: clipped.reshape([sizes.count, levels, longest, 4]),
            candidates: isWanted.reshape([sizes.count, levels, longest]), iouThreshold: configuration.rpnNMSThreshold,
            movesApart: counts.reduce(0, +) <= 25_000
        ).reshape(score.shape)
        let rank = Tensor.where(stay, score, Tensor.full([], -1, device: score.device))
            .argsort(dim: 1, descending: true)
            .narrow(dim: 1, start: 0, length: min(configuration.rpnPostNMSTopNTrain, levels * longest))
        return PaddedProposals(
            boxes: clipped.gather(dim: 1, index: rank.unsqueeze(-1).expand(rank.shape + [4])),
            areProposals: stay.gather(dim: 1, index: rank))
    }
}

extension RoIHeads {
    /// What ``sample(proposals:truths:)`` draws, from proposals in tensors of one size; the rows that are no examples are
    /// marked.
    func sample(_ proposals: PaddedProposals, truths: [GroundTruth]) -> Samples {
        let (images, device) = (truths.count, proposals.boxes.device)
        let most = truths.map(\.count).max() ?? 0
        var boxes: [Tensor] = []
        var isCandidate: [Tensor] = []
        for (image, truth) in truths.enumerated() {
            let padding = most - truth.count
            boxes.append(
                Tensor.cat([proposals.boxes.select(dim: 0, index: image), F.pad(truth.boxes, [0, 0, 0, padding])]))
            isCandidate.append(
                Tensor.cat([
                    proposals.areProposals.select(dim: 0, index: image),
                    Tensor.ones([truth.count], dtype: .bool, device: device),
                    Tensor.zeros([padding], dtype: .bool, device: device),
                ]))
        }
        let matches = Tensor.stack(zip(boxes, truths).map { matcher.matches($0, to: $1) })
        let candidates = Tensor.stack(isCandidate)
        let drawn = sampler.draw(
            arePositive: (matches .>= 0) .& candidates, areNegative: (matches .== -1) .& candidates)
        let (slots, mostPositives) = (drawn.places.shape[1], drawn.mostPositives)
        let chosen = Tensor.stack(boxes).gather(
            dim: 1, index: drawn.places.unsqueeze(-1).expand([images, slots, 4]))
        let matched = matches.gather(dim: 1, index: drawn.places)
        let label = GroundTruth.labels(of: truths, matched: matched)
        let labels = Tensor.where(drawn.arePositive, label, Tensor.zerosLike(label)).maskedFill(
            .!drawn.areExamples, Double(Samples.ignoredLabel))
        let first = Tensor.arange(0, Double(images * slots), step: Double(slots), dtype: .int64, device: device)
        let positives =
            first.unsqueeze(1) + Tensor.arange(0, Double(mostPositives), dtype: .int64, device: device).unsqueeze(0)
        let offsets = coder.encode(
            GroundTruth.boxes(of: truths, matched: matched.narrow(dim: 1, start: 0, length: mostPositives))
                .reshape([-1, 4]),
            references: chosen.narrow(dim: 1, start: 0, length: mostPositives).reshape([-1, 4]))
        let image = (Tensor.arange(0, Double(images), dtype: .float32, device: device).reshape([images, 1, 1]))
            .expand([images, slots, 1])
        return Samples(
            regions: Tensor.cat([image, chosen], dim: 2).reshape([-1, 5]), labels: labels.flatten(),
            positives: positives.flatten(), offsets: offsets,
            masks: Samples.Masks(
                areExamples: drawn.areExamples.flatten(),
                arePositive: drawn.arePositive.narrow(dim: 1, start: 0, length: mostPositives).flatten()))
    }
}
