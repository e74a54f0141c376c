import Foundation

extension OperationCall {
    /// The anchors that are kept of each map, moved by their offsets and thinned out by non-maximum suppression within each map:
    /// boxes `[n, 4]` in pixels of the batch, best first (Ren et al. 2015, section 3.1).
    func proposals() throws -> GraphValue {
        let cells = try list("cell_anchors").map { level -> [Double] in
            guard case .list(let numbers) = level else { throw error("cell_anchors is no list of lists") }
            return numbers.map {
                switch $0 {
                case .double(let value): value
                case .int(let value): Double(value)
                default: .nan
                }
            }
        }
        let most = graph.ints([try int("candidates")])
        var (scores, boxes, levels): ([GraphValue], [GraphValue], [GraphValue]) = ([], [], [])
        for (level, cell) in cells.enumerated() {
            let logits = graph.squeeze(try translator.value(operation.inputs[2 * level], .float32), [0])
            let offsets = graph.squeeze(try translator.value(operation.inputs[2 * level + 1], .float32), [0])
            let map = try translator.value(operation.inputs[2 * cells.count + level])
            let best = graph.topK(logits, graph.min(most, graph.size(logits, 0)))
            let anchors = try anchors(map, cell: cell)
            boxes.append(
                try decoded(graph.gather(offsets, best.indices), references: graph.gather(anchors, best.indices)))
            scores.append(best.values)
            levels.append(graph.node("Expand", [graph.int(level), graph.size(best.values, 0)]))
        }
        // Logits have the probabilities' order, and tell apart those that onnxruntime's sigmoid gives one value, below −18.
        let score = graph.concat(scores)
        let level = graph.concat(levels)
        let inside = try clipped(graph.concat(boxes))
        var isKept = inside.areLarge
        let threshold = try double("score_threshold")
        if threshold > 0 {
            isKept = graph.and(isKept, graph.atLeast(graph.node("Sigmoid", [score]), graph.scalar(threshold)))
        }
        let none = -Double(Float.greatestFiniteMagnitude)
        let all = graph.ints(Array(cells.indices))
        let isOfLevel = graph.node("Equal", [graph.unsqueeze(all, [1]), graph.unsqueeze(level, [0])], type: .bool)
        let byLevel = graph.where(
            graph.and(isOfLevel, graph.unsqueeze(isKept, [0])), graph.unsqueeze(score, [0]), graph.scalar(none))
        let limit = try int("limit")
        let apart = graph.movedApart(
            inside.boxes, by: graph.unsqueeze(graph.cast(level, to: .float32), [1]), where: isKept)
        let found = graph.suppressed(
            boxes: graph.unsqueeze(apart, [0]), scores: graph.unsqueeze(byLevel, [0]),
            iouThreshold: try double("iou_threshold"), scoreThreshold: none, limit: limit)
        let places = graph.squeeze(graph.slice(found, axis: 1, 2, 3), [1])
        let order = graph.best(graph.gather(score, places), limit: limit)
        return graph.gather(inside.boxes, graph.gather(places, order.indices))
    }

    /// The anchors of a map, `[H · W · k, 4]`: row by row, cell by cell.
    private func anchors(_ map: GraphValue, cell: [Double]) throws -> GraphValue {
        let grid = graph.sizes(map, 2..<4)
        let strides = graph.div(try images().padded, grid)
        func places(_ axis: Int) -> GraphValue {
            let count = graph.gather(grid, graph.int(axis))
            let steps = graph.node("Range", [graph.int(0), count, graph.int(1)])
            return graph.cast(graph.mul(steps, graph.gather(strides, graph.int(axis))), to: .float32)
        }
        // [H, 1, 1, 1] and [1, W, 1, 1], so that their sum with [k, 4] has an axis for each.
        let y = graph.unsqueeze(places(0), [1, 2, 3])
        let x = graph.unsqueeze(places(1), [0, 2, 3])
        let horizontal = graph.mul(x, graph.floats([1, 0, 1, 0], shape: [4]))
        let vertical = graph.mul(y, graph.floats([0, 1, 0, 1], shape: [4]))
        let cells = graph.floats(cell, shape: [cell.count / 4, 4])
        return graph.reshape(graph.add(graph.add(horizontal, vertical), cells), [-1, 4])
    }

    /// Boxes of the one image as regions are, with the image's number in front: `[n, 5]`.
    func regions() throws -> GraphValue {
        guard operation.inputs.count == 1 else {
            throw error("\(operation.inputs.count) images at once; a model of this kind takes one")
        }
        let boxes = try translator.value(operation.inputs[0], .float32)
        return graph.node("Pad", [boxes, graph.ints([0, 1, 0, 0])])
    }

    /// RoIAlign (He et al. 2017, section 3), on one map or on those of a pyramid that fit each region.
    func roiAlign() throws -> GraphValue {
        let scales = try doubles("scales")
        let regions = try translator.value(operation.inputs[scales.count], .float32)
        let boxes = graph.slice(regions, axis: 1, 1, 5)
        let images = graph.cast(graph.squeeze(graph.slice(regions, axis: 1, 0, 1), [1]), to: .int64)
        func aligned(_ level: Int, _ boxes: GraphValue, _ images: GraphValue) throws -> GraphValue {
            let size = try ints("output_size")
            return graph.node(
                "RoiAlign", [try translator.value(operation.inputs[level], .float32), boxes, images],
                [
                    "coordinate_transformation_mode": .string(bool("aligned") ? "half_pixel" : "output_half_pixel"),
                    "mode": .string("avg"), "output_height": .int(size[0]), "output_width": .int(size[1]),
                    "sampling_ratio": .int(try int("sampling_ratio")), "spatial_scale": .float(scales[level]),
                ])
        }
        guard scales.count > 1 else { return try aligned(0, boxes, images) }
        let level = try pyramidLevel(boxes, scales: scales)
        var (features, places): ([GraphValue], [GraphValue]) = ([], [])
        for number in scales.indices {
            let isHere = graph.node("Equal", [level, graph.int(number)], type: .bool)
            let members = graph.squeeze(graph.node("NonZero", [isHere], type: .int64), [0])
            features.append(try aligned(number, graph.gather(boxes, members), graph.gather(images, members)))
            places.append(members)
        }
        // Back into the regions' order.
        let place = graph.concat(places)
        let order = graph.topK(place, graph.size(place, 0), axis: 0, largest: false)
        return graph.gather(graph.concat(features), order.indices)
    }

    /// The level of a pyramid that fits each box (Lin et al. 2017, equation 1), int64 `[n]`.
    private func pyramidLevel(_ boxes: GraphValue, scales: [Double]) throws -> GraphValue {
        let first = -log2(scales[0])
        let last = -log2(scales[scales.count - 1])
        let near = graph.slice(boxes, axis: 1, 0, 2)
        let far = graph.slice(boxes, axis: 1, 2, 4)
        let area = graph.node("ReduceProd", [graph.sub(far, near), graph.ints([1])], ["keepdims": .int(0)])
        let share = graph.div(graph.node("Sqrt", [area]), graph.scalar(try double("canonical_size")))
        let halvings = graph.div(graph.node("Log", [share]), graph.scalar(log(2)))
        let level = graph.node(
            "Floor", [graph.add(halvings, graph.scalar(try double("canonical_level") + 1e-6))])
        let within = graph.node("Clip", [level, graph.scalar(first), graph.scalar(last)])
        return graph.sub(graph.cast(within, to: .int64), graph.int(Int(first)))
    }

    /// RoIPool (Girshick 2015, section 2.1).
    func roiPool() throws -> GraphValue {
        let size = try ints("output_size")
        return graph.node(
            "MaxRoiPool",
            [try translator.value(operation.inputs[0], .float32), try translator.value(operation.inputs[1], .float32)],
            ["pooled_shape": .ints(size), "spatial_scale": .float(try doubles("scales")[0])])
    }
}

extension GraphBuilder {
    /// Greedy non-maximum suppression within each class of each image: what stays, int64 `[n, 3]` of image, class and box.
    ///
    /// - Parameters:
    ///   - boxes: `[N, P, 4]`.
    ///   - scores: `[N, C, P]`; those up to `scoreThreshold` are no candidates.
    ///   - iouThreshold: overlap from which on the worse of two boxes goes.
    ///   - scoreThreshold: a score that candidates are above.
    ///   - limit: how many stay of a class at most.
    func suppressed(
        boxes: GraphValue, scores: GraphValue, iouThreshold: Double, scoreThreshold: Double, limit: Int
    ) -> GraphValue {
        node(
            "NonMaxSuppression", [boxes, scores, int(limit), scalar(iouThreshold), scalar(scoreThreshold)],
            type: .int64)
    }

    /// The best scores of `[n]`, in their order, at most so many.
    func best(_ scores: GraphValue, limit: Int) -> (values: GraphValue, indices: GraphValue) {
        topK(scores, min(ints([limit]), size(scores, 0)))
    }
}
