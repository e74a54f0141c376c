import CTorch

/// The operations that only detectors need. Boxes are `[N, 4]`, XYXY in pixels; regions of interest are `[K, 5]`, the
/// index of an image in the batch and then its box.
///
/// On the CPU they are native: threaded, vectorised, and equal to torchvision's in what they decide. On other devices,
/// and where only a composition is differentiable, they are composed of tensor operations. Operands of a wrong shape
/// trap.
public enum DetectionOps {
    /// Greedy non-maximum suppression (`torchvision.ops.nms`): a box goes if its intersection over union with a better
    /// one that stays is above the threshold.
    ///
    /// Boxes without area, and boxes that hold a NaN or an infinity, neither suppress nor are suppressed. A NaN score
    /// counts as the best. No gradient flows.
    ///
    /// - Parameters:
    ///   - boxes: `[N, 4]`
    ///   - scores: `[N]`
    ///   - iouThreshold: 0 or more.
    /// - Returns: int64 `[n]`, the indices of the boxes that stay, by descending score; ties keep their order.
    public static func nms(boxes: Tensor, scores: Tensor, iouThreshold: Double) -> Tensor {
        guard isNative(boxes, scores) else {
            return ComposedDetectionOps.nms(boxes: boxes, scores: scores, iouThreshold: iouThreshold)
        }
        return produce("nms", [boxes, scores]) { ct_nms(boxes.raw, scores.raw, iouThreshold, $0) }
    }

    /// Non-maximum suppression within each class (`torchvision.ops.batched_nms`). No gradient flows.
    ///
    /// Up to 1000 boxes are moved apart by class, as torchvision moves them, which rounds their edges; more are taken
    /// class by class. The decisions are torchvision's in both cases.
    ///
    /// - Parameters:
    ///   - boxes: `[N, 4]`
    ///   - scores: `[N]`
    ///   - classes: int64 `[N]`
    ///   - iouThreshold: 0 or more.
    /// - Returns: int64 `[n]`, the indices of the boxes that stay, by descending score.
    public static func batchedNMS(boxes: Tensor, scores: Tensor, classes: Tensor, iouThreshold: Double) -> Tensor {
        guard isNative(boxes, scores, classes) else {
            return ComposedDetectionOps.batchedNMS(
                boxes: boxes, scores: scores, classes: classes, iouThreshold: iouThreshold)
        }
        return produce("batchedNMS", [boxes, scores, classes]) {
            ct_batched_nms(boxes.raw, scores.raw, classes.raw, iouThreshold, $0)
        }
    }

    /// How soft suppression lowers the score of a box that overlaps a better one (Bodla et al., "Soft-NMS", 2017,
    /// equations 2 and 3).
    public enum ScoreDecay: Hashable, Sendable {
        /// The score is multiplied by 1 − IoU, where the IoU is at least the threshold.
        case linear(iouThreshold: Double)
        /// The score is multiplied by exp(−IoU² / σ).
        case gaussian(sigma: Double)
    }

    /// Soft non-maximum suppression within each class (Bodla et al., "Soft-NMS", 2017): the best box is taken, the
    /// scores of those that it overlaps are lowered, and so on. It runs on the CPU wherever the boxes are. No gradient
    /// flows.
    ///
    /// - Parameters:
    ///   - boxes: `[N, 4]`
    ///   - scores: `[N]`; a box whose score is NaN goes.
    ///   - classes: int64 `[N]`
    ///   - decay: how scores are lowered.
    ///   - scoreThreshold: a box whose score falls below this goes.
    ///   - limit: how many boxes stay at most.
    /// - Returns: int64 `[n]`, the indices of the boxes that stay, by descending lowered score with ties in their
    ///   order, and those scores, `[n]`.
    public static func softNMS(
        boxes: Tensor, scores: Tensor, classes: Tensor, decay: ScoreDecay, scoreThreshold: Double, limit: Int = .max
    ) -> (indices: Tensor, scores: Tensor) {
        var options = ct_soft_nms_options(
            gaussian: false, iou_threshold: 0, sigma: 1, score_threshold: scoreThreshold, limit: Int64(limit))
        switch decay {
        case .linear(let threshold): options.iou_threshold = threshold
        case .gaussian(let sigma):
            options.gaussian = true
            options.sigma = sigma
        }
        let (near, values, labels) = (boxes.to(.cpu), scores.to(.cpu), classes.to(.cpu))
        let (indices, lowered) = producePair("softNMS", [near, values, labels]) {
            ct_soft_nms(near.raw, values.raw, labels.raw, options, $0, $1)
        }
        return (indices.to(boxes.device), lowered.to(boxes.device))
    }

    /// RoIAlign, the mean of bilinear samples in every bin of every region (He et al., "Mask R-CNN", 2017, section 3;
    /// `torchvision.ops.roi_align`). Gradients flow to `x`, none to the regions.
    ///
    /// Samples further than one pixel outside the map count as zero. A region that holds a NaN or an infinity gives
    /// zeros.
    ///
    /// - Parameters:
    ///   - x: `[N, C, H, W]`
    ///   - rois: `[K, 5]`
    ///   - outputSize: bins of a region, height and width.
    ///   - spatialScale: pixels of `x` in a pixel of the boxes.
    ///   - samplingRatio: samples in a bin along each axis; 0 takes one a pixel, rounded up.
    ///   - aligned: shifts by half a pixel, so that the boxes' coordinates are those of pixel corners.
    ///   - outputFormat: `.preserve` is channels-last where `x` is.
    /// - Returns: `[K, C, outputSize.0, outputSize.1]`
    public static func roiAlign(
        _ x: Tensor, rois: Tensor, outputSize: (Int, Int), spatialScale: Double, samplingRatio: Int,
        aligned: Bool, outputFormat: MemoryFormat = .preserve
    ) -> Tensor {
        func arguments() -> [String: RecordedArgument] {
            [
                "output_size": .ints([outputSize.0, outputSize.1]), "scales": .doubles([spatialScale]),
                "sampling_ratio": .int(samplingRatio), "aligned": .bool(aligned),
            ]
        }
        return recorded(as: "roi_align", [x, rois], arguments(), outputs: { [$0] }) {
            guard isNative(x, rois) else {
                return ComposedDetectionOps.roiAlign(
                    x, rois: rois, outputSize: outputSize, spatialScale: spatialScale, samplingRatio: samplingRatio,
                    aligned: aligned)
            }
            return nativeRoIAlign(
                "roiAlign", [x], rois: rois, levelOf: nil, scales: [spatialScale], outputSize: outputSize,
                samplingRatio: samplingRatio, aligned: aligned, outputFormat: outputFormat)
        }
    }

    /// RoIAlign on a feature pyramid: each region is sampled from the level that fits its size, all in one call
    /// (`torchvision.ops.MultiScaleRoIAlign`). Gradients flow to every level, none to the regions.
    ///
    /// - Parameters:
    ///   - levels: `[N, C, Hᵢ, Wᵢ]` each, the finest first.
    ///   - rois: `[K, 5]`
    ///   - scales: pixels of each level in a pixel of the boxes: falling powers of two.
    ///   - outputSize: bins of a region, height and width.
    ///   - samplingRatio: samples in a bin along each axis; 0 takes one a pixel, rounded up.
    ///   - aligned: shifts by half a pixel, so that the boxes' coordinates are those of pixel corners.
    ///   - canonicalSize: the side, in pixels, of a square box that belongs on `canonicalLevel`.
    ///   - canonicalLevel: the level of such a box, as a number of halvings of the image: 4 is a stride of 16 pixels.
    ///   - outputFormat: `.preserve` is channels-last where the levels are.
    /// - Returns: `[K, C, outputSize.0, outputSize.1]`, in the order of `rois`
    public static func multiScaleRoIAlign(
        _ levels: [Tensor], rois: Tensor, scales: [Double], outputSize: (Int, Int), samplingRatio: Int,
        aligned: Bool = false, canonicalSize: Double = 224, canonicalLevel: Double = 4,
        outputFormat: MemoryFormat = .preserve
    ) -> Tensor {
        precondition(
            !levels.isEmpty && levels.count == scales.count,
            "multiScaleRoIAlign: \(levels.count) levels with \(scales.count) scales")
        func arguments() -> [String: RecordedArgument] {
            [
                "output_size": .ints([outputSize.0, outputSize.1]), "scales": .doubles(scales),
                "sampling_ratio": .int(samplingRatio), "aligned": .bool(aligned),
                "canonical_size": .double(canonicalSize), "canonical_level": .double(canonicalLevel),
            ]
        }
        return recorded(as: "roi_align", levels + [rois], arguments(), outputs: { [$0] }) {
            guard levels.allSatisfy({ isNative($0) }), isNative(rois) else {
                return ComposedDetectionOps.multiScaleRoIAlign(
                    levels, rois: rois, scales: scales, outputSize: outputSize, samplingRatio: samplingRatio,
                    aligned: aligned, canonicalSize: canonicalSize, canonicalLevel: canonicalLevel)
            }
            let levelOf = pyramidLevels(
                rois: rois, scales: scales, canonicalSize: canonicalSize, canonicalLevel: canonicalLevel)
            return nativeRoIAlign(
                "multiScaleRoIAlign", levels, rois: rois, levelOf: levelOf, scales: scales, outputSize: outputSize,
                samplingRatio: samplingRatio, aligned: aligned, outputFormat: outputFormat)
        }
    }

    /// The level of a feature pyramid that fits each region: ⌊canonicalLevel + log₂(√area / canonicalSize)⌋, within the
    /// levels there are (Lin et al., "Feature Pyramid Networks", 2017, equation 1).
    ///
    /// - Parameters:
    ///   - rois: `[K, 5]`
    ///   - scales: pixels of each level in a pixel of the boxes: falling powers of two.
    ///   - canonicalSize: the side, in pixels, of a square box that belongs on `canonicalLevel`.
    ///   - canonicalLevel: the level of such a box, as a number of halvings of the image: 4 is a stride of 16 pixels.
    /// - Returns: int64 `[K]`, 0 for the finest level.
    public static func pyramidLevels(
        rois: Tensor, scales: [Double], canonicalSize: Double = 224, canonicalLevel: Double = 4
    ) -> Tensor {
        produce("pyramidLevels", [rois]) {
            ct_pyramid_levels(rois.raw, scales, Int32(scales.count), canonicalSize, canonicalLevel, $0)
        }
    }

    /// RoIPool, the greatest value in every bin of every region, with bins rounded outwards to whole pixels (Girshick,
    /// "Fast R-CNN", 2015, section 2.1; `torchvision.ops.roi_pool`). Gradients flow to `x`, none to the regions. An
    /// empty bin is zero.
    ///
    /// - Parameters:
    ///   - x: `[N, C, H, W]`
    ///   - rois: `[K, 5]`
    ///   - outputSize: bins of a region, height and width.
    ///   - spatialScale: pixels of `x` in a pixel of the boxes.
    /// - Returns: `[K, C, outputSize.0, outputSize.1]`
    public static func roiPool(
        _ x: Tensor, rois: Tensor, outputSize: (Int, Int), spatialScale: Double
    ) -> Tensor {
        func arguments() -> [String: RecordedArgument] {
            [
                "output_size": .ints([outputSize.0, outputSize.1]), "scales": .doubles([spatialScale]),
            ]
        }
        return recorded(as: "roi_pool", [x, rois], arguments(), outputs: { [$0] }) {
            guard isNative(x, rois) else {
                return ComposedDetectionOps.roiPool(x, rois: rois, outputSize: outputSize, spatialScale: spatialScale)
            }
            return inFloat(x) { x in
                let rois = rois.to(x.dtype)
                return produce("roiPool", [x, rois]) {
                    ct_roi_pool(x.raw, rois.raw, Int64(outputSize.0), Int64(outputSize.1), spatialScale, $0)
                }
            }
        }
    }

    /// Intersection over union of every pair of boxes (`torchvision.ops.box_iou`). Gradients flow to both.
    ///
    /// - Parameters:
    ///   - a: `[N, 4]`
    ///   - b: `[M, 4]`
    /// - Returns: `[N, M]`
    public static func boxIoU(_ a: Tensor, _ b: Tensor) -> Tensor {
        guard isNative(a, b), !needsGradient(a, b) else { return ComposedDetectionOps.boxIoU(a, b) }
        return produce("boxIoU", [a, b]) { ct_box_iou(a.raw, b.raw, $0) }
    }

    /// What takes each anchor to its box: the offset of the centre in anchor sizes and the logarithm of the ratio of
    /// sizes (Girshick et al., "Rich feature hierarchies", 2014, appendix C), each times its weight. Gradients flow to
    /// both.
    ///
    /// - Parameters:
    ///   - reference: `[N, 4]`, the boxes to reach.
    ///   - anchors: `[N, 4]`
    ///   - weights: factors on x, y, width and height.
    /// - Returns: `[N, 4]`
    public static func encodeBoxes(
        reference: Tensor, anchors: Tensor, weights: (Double, Double, Double, Double) = (1, 1, 1, 1)
    ) -> Tensor {
        guard isNative(reference, anchors), !needsGradient(reference, anchors) else {
            return ComposedDetectionOps.encodeBoxes(reference: reference, anchors: anchors, weights: weights)
        }
        return produce("encodeBoxes", [reference, anchors]) {
            ct_encode_boxes(reference.raw, anchors.raw, [weights.0, weights.1, weights.2, weights.3], $0)
        }
    }

    /// The boxes that offsets from anchors stand for, `k` of them for each anchor: the inverse of
    /// ``encodeBoxes(reference:anchors:weights:)``. Gradients flow to offsets and anchors.
    ///
    /// - Parameters:
    ///   - deltas: `[N, 4k]`
    ///   - anchors: `[N, 4]`
    ///   - weights: the factors on x, y, width and height that the offsets were encoded with.
    ///   - clip: the greatest logarithm of a ratio of sizes, so that no size overflows.
    /// - Returns: `[N, 4k]`
    public static func decodeBoxes(
        deltas: Tensor, anchors: Tensor, weights: (Double, Double, Double, Double) = (1, 1, 1, 1),
        clip: Double = largestSizeDelta
    ) -> Tensor {
        guard isNative(deltas, anchors), !needsGradient(deltas, anchors) else {
            return ComposedDetectionOps.decodeBoxes(deltas: deltas, anchors: anchors, weights: weights, clip: clip)
        }
        let anchors = anchors.to(deltas.dtype)
        return produce("decodeBoxes", [deltas, anchors]) {
            ct_decode_boxes(deltas.raw, anchors.raw, [weights.0, weights.1, weights.2, weights.3], clip, $0)
        }
    }

    /// The greatest logarithm of a ratio of sizes that is decoded unless told otherwise, log(1000 / 16): an anchor of
    /// 16 pixels grows to 1000 at most.
    public static let largestSizeDelta = 4.135166556742356

    /// Boxes `[…, 4k]` cut to an image of so many pixels (`torchvision.ops.clip_boxes_to_image`). Gradients flow
    /// through the edges that stay.
    public static func clipBoxes(_ boxes: Tensor, height: Double, width: Double) -> Tensor {
        guard isNative(boxes), !needsGradient(boxes) else {
            return ComposedDetectionOps.clipBoxes(boxes, height: height, width: width)
        }
        return produce("clipBoxes", [boxes]) { ct_clip_boxes(boxes.raw, height, width, $0) }
    }

    /// Assigns to each anchor the ground truth of its greatest intersection over union, if that is at least `high`
    /// (torchvision's `Matcher`). The `[G, A]` overlaps are never stored. No gradient flows.
    ///
    /// - Parameters:
    ///   - gt: the ground truth, `[G, 4]`; without any, every anchor gets −1.
    ///   - anchors: `[A, 4]`
    ///   - high: IoU from which on an anchor is assigned.
    ///   - low: IoU below which an anchor is background.
    ///   - allowLowQuality: assigns also the anchors that come nearest to some ground truth, all of them where several
    ///     tie, each to its own best.
    /// - Returns: int64 `[A]`: the index of a ground truth, −1 below `low`, −2 from `low` up to `high`.
    public static func matchAnchors(
        gt: Tensor, anchors: Tensor, high: Double, low: Double, allowLowQuality: Bool
    ) -> Tensor {
        guard isNative(gt, anchors) else {
            return ComposedDetectionOps.matchAnchors(
                gt: gt, anchors: anchors, high: high, low: low, allowLowQuality: allowLowQuality)
        }
        return produce("matchAnchors", [gt, anchors]) {
            ct_match_anchors(gt.raw, anchors.raw, high, low, allowLowQuality, $0)
        }
    }

    private static func isNative(_ tensors: Tensor...) -> Bool { NativeOperations.apply(to: tensors) }

    private static func needsGradient(_ tensors: Tensor...) -> Bool {
        isGradEnabled && tensors.contains { $0.requiresGrad }
    }

    /// Calls `body` in float32 or float64, which the kernels know: shorter types go through float32.
    private static func inFloat(_ x: Tensor, _ body: (Tensor) -> Tensor) -> Tensor {
        switch x.dtype {
        case .float32, .float64: body(x)
        default: body(x.to(.float32)).to(x.dtype)
        }
    }

    private static func nativeRoIAlign(
        _ operation: StaticString, _ levels: [Tensor], rois: Tensor, levelOf: Tensor?, scales: [Double],
        outputSize: (Int, Int), samplingRatio: Int, aligned: Bool, outputFormat: MemoryFormat
    ) -> Tensor {
        let dtype = levels[0].dtype
        let working: DType = dtype == .float64 ? .float64 : .float32
        let levels = levels.map { $0.to(working) }
        let rois = rois.to(working)
        let options = ct_roi_align_options(
            output_height: Int64(outputSize.0), output_width: Int64(outputSize.1),
            sampling_ratio: Int64(samplingRatio), aligned: aligned, contiguous_output: outputFormat == .contiguous)
        let output = produce(operation, levels + [rois]) { out in
            withHandles(levels) { handles, count in
                ct_roi_align(handles, scales, count, rois.raw, levelOf?.raw, options, out)
            }
        }
        let formatted = outputFormat == .channelsLast ? output.to(memoryFormat: .channelsLast) : output
        return formatted.to(dtype)
    }
}
