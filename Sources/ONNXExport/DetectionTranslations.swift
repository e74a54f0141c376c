/// Boxes that may be detections, with a score for each class.
struct Candidates {
    /// float32: `[P, C, 4]` of one image, of which each class has boxes of its own; `[N, C, k, 4]` of a batch of images.
    var boxes: GraphValue
    /// float32 of the boxes' shape without its last axis; −1 where there is no candidate.
    var scores: GraphValue
    /// Whether these are of a batch of images rather than of one image.
    let isBatch: Bool
    /// Kinds of objects.
    let classes: Int
    /// Candidates of a class, where their number is fixed.
    let count: Int
}

extension Translator {
    /// The operations of detectors, under the names that recordings give them.
    static let detection: [String: Translation] = [
        "vertebra::image_batch": { [try $0.imageBatch()] },
        "vertebra::proposals": { [try $0.proposals()] },
        "vertebra::regions": { [try $0.regions()] },
        "vertebra::roi_align": { [try $0.roiAlign()] },
        "vertebra::roi_pool": { [try $0.roiPool()] },
        "vertebra::region_candidates": { call in
            try call.regionCandidates()
            return []
        },
        "vertebra::original_scale": { call in
            try call.originalScale()
            return []
        },
        "vertebra::default_box_candidates": { call in
            try call.defaultBoxCandidates()
            return []
        },
        "vertebra::suppression": { call in
            try call.suppression()
            return []
        },
    ]
}

extension OperationCall {
    /// The images' sizes, which an operation before this one must have said.
    func images() throws -> ImageBatchNodes {
        guard let images = translator.images else { throw error("the images' sizes are not known") }
        return images
    }

    /// The left, upper, right and lower edges of boxes, or the parts of offsets, along the last axis, which stays.
    private func parts(_ boxes: GraphValue) -> [GraphValue] {
        graph.nodes(
            "Split", [boxes], ["axis": .int(-1), "num_outputs": .int(4)],
            types: [ElementType](repeating: boxes.type, count: 4))
    }

    /// Boxes `[…, 4]` from offsets and reference boxes of one shape, or of shapes that broadcast (Girshick et al. 2014,
    /// appendix C).
    func decoded(_ offsets: GraphValue, references: GraphValue) throws -> GraphValue {
        let weights = try doubles("weights")
        let edges = parts(references)
        let width = graph.sub(edges[2], edges[0])
        let height = graph.sub(edges[3], edges[1])
        let half = graph.scalar(0.5)
        let moves = zip(parts(offsets), weights).map { part, weight in
            weight == 1 ? part : graph.div(part, graph.scalar(weight))
        }
        let clip = graph.scalar(try double("clip"))
        let x = graph.add(graph.mul(moves[0], width), graph.add(edges[0], graph.mul(half, width)))
        let y = graph.add(graph.mul(moves[1], height), graph.add(edges[1], graph.mul(half, height)))
        let halfWidth = graph.mul(half, graph.mul(graph.node("Exp", [graph.min(moves[2], clip)]), width))
        let halfHeight = graph.mul(half, graph.mul(graph.node("Exp", [graph.min(moves[3], clip)]), height))
        return graph.concat(
            [graph.sub(x, halfWidth), graph.sub(y, halfHeight), graph.add(x, halfWidth), graph.add(y, halfHeight)],
            axis: -1)
    }

    /// Boxes cut to the image, and which of them have both extents of the least size: `[…, 4]` and `[…]`.
    func clipped(_ boxes: GraphValue) throws -> (boxes: GraphValue, areLarge: GraphValue) {
        let inside = graph.min(
            graph.node("Max", [boxes, graph.scalar(0)]), try images().limits(graph))
        let edges = parts(inside)
        let least = graph.min(graph.sub(edges[2], edges[0]), graph.sub(edges[3], edges[1]))
        return (
            inside, graph.squeeze(graph.atLeast(least, graph.scalar(try double("min_size"))), [-1])
        )
    }

    /// Every class of every proposal (Girshick 2015): boxes `[P, C, 4]` in pixels of the batch.
    func regionCandidates() throws {
        let numbers = operation.inputs
        guard numbers.count == 3 else {
            throw error("\(numbers.count - 2) images at once; a model of this kind takes one")
        }
        let logits = try translator.value(numbers[0], .float32)
        let classes = translator.trace.tensor(numbers[0]).shape[1]
        let offsets = graph.reshape(try translator.value(numbers[1], .float32), [-1, classes, 4])
        let proposals = try translator.value(numbers[2], .float32)
        let all = graph.node("Softmax", [logits], ["axis": .int(1)])
        let boxes = try clipped(try decoded(offsets, references: graph.unsqueeze(proposals, [1])))
        let areFound = graph.and(
            boxes.areLarge, graph.greater(all, graph.scalar(try double("score_threshold"))))
        let scores = graph.where(areFound, all, graph.scalar(-1))
        // Class 0 is the background.
        translator.candidates = Candidates(
            boxes: graph.slice(boxes.boxes, axis: 1, 1, classes), scores: graph.slice(scores, axis: 1, 1, classes),
            isBatch: false, classes: classes - 1, count: 0)
    }

    /// Candidates' boxes in pixels of the image that the network was given.
    func originalScale() throws {
        guard let factors = try images().toOriginal(graph), let candidates = translator.candidates else { return }
        translator.candidates?.boxes = graph.mul(candidates.boxes, factors)
    }

    /// The best default boxes of each class and image, in pixels of the image that the network was given.
    func defaultBoxCandidates() throws {
        let numbers = operation.inputs
        let probabilities = try translator.value(numbers[0], .float32)
        let shape = translator.trace.tensor(numbers[0]).shape
        let (total, classes) = (shape[1], shape[2] - 1)
        let count = min(try int("candidates"), total)
        let references = graph.unsqueeze(try translator.value(numbers[2], .float32), [0])
        let boxes = try clipped(
            try decoded(try translator.value(numbers[1], .float32), references: references))
        let objects = graph.transpose(graph.slice(probabilities, axis: 2, 1, classes + 1), [0, 2, 1])
        let best = graph.topK(
            graph.where(graph.unsqueeze(boxes.areLarge, [1]), objects, graph.scalar(-1)), graph.ints([count]))
        let chosen = graph.node(
            "GatherND", [boxes.boxes, graph.unsqueeze(best.indices, [3])], ["batch_dims": .int(1)])
        let factors = try images().toOriginal(graph)
        translator.candidates = Candidates(
            boxes: factors.map { graph.mul(chosen, $0) } ?? chosen, scores: best.values,
            isBatch: true, classes: classes, count: count)
    }
}
