import Support

/// What a graph knows of the images that it was given.
struct ImageBatchNodes {
    /// Height and width of an image as the graph was given it, int64 `[2]`.
    let given: GraphValue
    /// Height and width as the network was given it: once it was scaled as a loader does, if it was. int64 `[2]`.
    let original: GraphValue
    /// Height and width that the network scaled it to, int64 `[2]`.
    let scaled: GraphValue
    /// Height and width with the padding, int64 `[2]`.
    let padded: GraphValue

    /// Factors by which the network turns pixels of its batch into those of the image that it was given, float32 `[4]` for x, y,
    /// x, y; nil where they are the same.
    func toOriginal(_ graph: GraphBuilder) -> GraphValue? { factors(graph, from: scaled, to: original) }

    /// Factors from pixels of the image that the network was given to those of the graph's, float32 `[4]` for x, y, x, y; nil where
    /// they are the same.
    func toGiven(_ graph: GraphBuilder) -> GraphValue? { factors(graph, from: original, to: given) }

    /// The greatest coordinates in the batch's pixels, float32 `[4]` for x, y, x, y.
    func limits(_ graph: GraphBuilder) -> GraphValue {
        graph.gather(graph.cast(scaled, to: .float32), graph.ints([1, 0, 1, 0]))
    }

    private func factors(_ graph: GraphBuilder, from size: GraphValue, to other: GraphValue) -> GraphValue? {
        guard size != other else { return nil }
        let factors = graph.div(graph.cast(other, to: .float32), graph.cast(size, to: .float32))
        return graph.gather(factors, graph.ints([1, 0, 1, 0]))
    }
}

extension OperationCall {
    /// Images as a detector's network takes them: normalised, scaled, and padded with zeros.
    func imageBatch() throws -> GraphValue {
        let statistics = ChannelStatistics(mean: try doubles("mean"), deviation: try doubles("deviation"))
        var planes = graph.planes(
            GraphValue(name: PixelInput.valueName, type: translator.input.type), translator.input)
        let given = graph.sizes(planes, 2..<4)
        var original = given
        if let rule = translator.loading {
            original = try scaledSize(given, by: rule)
            planes = loaded(planes, size: original)
        }
        let rule = try networkRule()
        let isScaled = rule != nil && rule != translator.loading
        let scaled = if let rule, isScaled { try scaledSize(original, by: rule) } else { original }
        var values = graph.normalized(planes, translator.input, by: statistics)
        if isScaled { values = resized(values, to: scaled) }
        var padded = scaled
        let divisor = try int("size_divisor")
        if divisor > 1 {
            let number = graph.int(divisor)
            padded = graph.mul(graph.div(graph.add(scaled, graph.int(divisor - 1)), number), number)
            let amounts = graph.concat([graph.ints([0, 0, 0, 0, 0, 0]), graph.sub(padded, scaled)])
            values = graph.node("Pad", [values, amounts])
        }
        translator.images = ImageBatchNodes(given: given, original: original, scaled: scaled, padded: padded)
        return values
    }

    /// The rule by which the network scales images; nil where it takes them as they are.
    private func networkRule() throws -> ResizeRule? {
        let size = try ints("size")
        if !size.isEmpty { return .fixed(ImageSize(width: size[1], height: size[0])) }
        guard case .int(let shorter) = argument("shorter_side") else { return nil }
        return .shortestEdge(shorter, longest: try int("longer_side"))
    }

    /// Planes scaled as a loader scales an image's bytes: smoothed where they shrink (`ResizeFilter.bilinearAntialiased`), and in whole
    /// levels of 255.
    private func loaded(_ planes: GraphValue, size: GraphValue) -> GraphValue {
        // Weights beyond the image's edge count for nothing, as in Pillow.
        let values = resized(planes, to: size, ["antialias": .int(1), "exclude_outside": .int(1)])
        guard translator.input == .float else { return rounded(values) }
        let levels = graph.scalar(255)
        return graph.div(rounded(graph.mul(values, levels)), levels)
    }

    /// Halves are rounded up.
    private func rounded(_ values: GraphValue) -> GraphValue {
        graph.node("Floor", [graph.add(values, graph.scalar(0.5))])
    }

    private func resized(
        _ planes: GraphValue, to size: GraphValue, _ attributes: [String: NodeAttribute] = [:]
    ) -> GraphValue {
        let linear: [String: NodeAttribute] = [
            "mode": .string("linear"), "coordinate_transformation_mode": .string("half_pixel"),
        ]
        return graph.node(
            "Resize", [planes, nil, nil, graph.concat([graph.sizes(planes, 0..<2), size])],
            linear.merging(attributes) { _, new in new })
    }

    /// The size that a rule gives for a size, int64 `[2]`.
    private func scaledSize(_ size: GraphValue, by rule: ResizeRule) throws -> GraphValue {
        switch rule {
        case .fixed(let fixed): return graph.ints([fixed.height, fixed.width])
        case .shortestEdge(let shorter, let longest):
            let sides = graph.cast(size, to: .float64)
            let axes = graph.ints([0])
            let scale = graph.min(
                graph.div(graph.scalar(Double(shorter), .float64), graph.node("ReduceMin", [sides, axes])),
                graph.div(graph.scalar(Double(longest), .float64), graph.node("ReduceMax", [sides, axes])))
            let whole = graph.cast(graph.mul(sides, scale), to: .int64)
            return graph.node("Max", [whole, graph.int(1)])
        case .shorterSide, .longestSide: throw error("images scaled by the rule \(rule)")
        }
    }
}
