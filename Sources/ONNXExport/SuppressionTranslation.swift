extension OperationCall {
    /// The detections that stay of the candidates, best first: the graph's outputs.
    func suppression() throws {
        let method = try string("method")
        guard method == "hard" else {
            throw error(
                "ONNX has no soft non-maximum suppression (\(method)); export with --set inference.nms=hard")
        }
        guard let candidates = translator.candidates else { throw error("nothing was found to be thinned out") }
        var detections = candidates.isBatch ? try ofBatch(candidates) : try ofImage(candidates)
        if let factors = try images().toGiven(graph) { detections[0] = graph.mul(detections[0], factors) }
        translator.detections = detections
    }

    /// Boxes `[n, 4]`, scores `[n]` and labels `[n]` of one image.
    private func ofImage(_ candidates: Candidates) throws -> [GraphValue] {
        let (limit, threshold) = (try int("limit"), try double("score_threshold"))
        let classes = candidates.classes
        var boxes = candidates.boxes
        var scores = candidates.scores
        if bool("class_agnostic") {
            boxes = graph.reshape(boxes, [1, -1, 4])
            scores = graph.reshape(scores, [1, -1])
        } else {
            let labels = graph.floats((1...classes).map(Double.init), shape: [1, classes, 1])
            let isCandidate = graph.greater(scores, graph.scalar(threshold))
            // Each class has boxes of its own, so classes take the place of images.
            boxes = graph.transpose(graph.movedApart(boxes, by: labels, where: isCandidate), [1, 0, 2])
            scores = graph.transpose(scores, [1, 0])
        }
        let found = graph.suppressed(
            boxes: boxes, scores: graph.unsqueeze(scores, [1]), iouThreshold: try double("iou_threshold"),
            scoreThreshold: threshold, limit: limit)
        let places = graph.gather(found, graph.ints([0, 2]), axis: 1)
        let order = graph.best(graph.node("GatherND", [scores, places]), limit: limit)
        let kept = graph.gather(places, order.indices)
        let first = graph.squeeze(graph.slice(kept, axis: 1, 0, 1), [1])
        let second = graph.squeeze(graph.slice(kept, axis: 1, 1, 2), [1])
        let count = graph.int(classes)
        let place = bool("class_agnostic") ? second : graph.add(graph.mul(second, count), first)
        return [
            graph.gather(graph.reshape(candidates.boxes, [-1, 4]), place), order.values,
            graph.add(graph.node("Mod", [place, count]), graph.int(1)),
        ]
    }

    /// Boxes `[N, limit, 4]`, scores `[N, limit]`, labels `[N, limit]` and counts `[N]` of a batch of images; zeros behind the
    /// last detection of each.
    private func ofBatch(_ candidates: Candidates) throws -> [GraphValue] {
        let (classes, count) = (candidates.classes, candidates.count)
        let limit = min(try int("limit"), classes * count)
        let threshold = graph.scalar(try double("score_threshold"))
        // Each class has chosen boxes of its own, so classes of images take the place of images.
        let group = bool("class_agnostic") ? classes * count : count
        let boxes = graph.reshape(candidates.boxes, [-1, group, 4])
        let scores = graph.reshape(candidates.scores, [-1, group])
        let found = graph.suppressed(
            boxes: boxes, scores: graph.unsqueeze(scores, [1]), iouThreshold: try double("iou_threshold"),
            scoreThreshold: try double("score_threshold"), limit: limit)
        let places = graph.gather(found, graph.ints([0, 2]), axis: 1)
        let none = graph.node("Expand", [graph.scalar(-1), graph.sizes(scores, 0..<2)])
        let kept = graph.node("ScatterND", [none, places, graph.node("GatherND", [scores, places])])
        let best = graph.topK(graph.reshape(kept, [-1, classes * count]), graph.ints([limit]))
        let isFound = graph.greater(best.values, threshold)
        let chosen = graph.node(
            "GatherND",
            [graph.reshape(candidates.boxes, [-1, classes * count, 4]), graph.unsqueeze(best.indices, [2])],
            ["batch_dims": .int(1)])
        let labels = graph.add(graph.div(best.indices, graph.int(count)), graph.int(1))
        return [
            graph.where(graph.unsqueeze(isFound, [2]), chosen, graph.scalar(0)),
            graph.where(isFound, best.values, graph.scalar(0)), graph.where(isFound, labels, graph.int(0)),
            graph.node("ReduceSum", [graph.cast(isFound, to: .int64), graph.ints([1])], ["keepdims": .int(0)]),
        ]
    }
}

extension GraphBuilder {
    /// Boxes as torchvision's `batched_nms` compares them: up to 1000 candidates are moved apart by their class, which rounds
    /// their edges, and only the same rounding gives the same decisions; more are compared as they are.
    ///
    /// - Parameters:
    ///   - boxes: `[…, 4]`.
    ///   - classes: numbers of the boxes' classes, float32, of a shape that broadcasts to the boxes'.
    ///   - isCandidate: `[…]`.
    func movedApart(_ boxes: GraphValue, by classes: GraphValue, where isCandidate: GraphValue) -> GraphValue {
        let all: [String: NodeAttribute] = ["keepdims": .int(0)]
        let candidates = `where`(unsqueeze(isCandidate, [-1]), boxes, scalar(-.greatestFiniteMagnitude))
        let count = node("ReduceSum", [cast(isCandidate, to: .int64)], all)
        let isFew = node("LessOrEqual", [count, int(1000)], type: .bool)
        let isAny = node("Greater", [count, int(0)], type: .bool)
        let step = `where`(and(isFew, isAny), add(node("ReduceMax", [candidates], all), scalar(1)), scalar(0))
        return add(boxes, mul(classes, step))
    }
}
