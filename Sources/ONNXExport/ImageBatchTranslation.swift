/// What a graph knows of the images that it was given.
struct ImageBatchNodes {
    /// Height and width of an image as it was given, int64 `[2]`.
    let original: GraphValue
    /// Height and width that it was scaled to, int64 `[2]`.
    let scaled: GraphValue
    /// Height and width with the padding, int64 `[2]`.
    let padded: GraphValue
    /// Whether images are scaled at all.
    let isScaled: Bool

    /// Factors from the batch's pixels to the image's, float32 `[4]` for x, y, x, y.
    func toOriginal(_ graph: GraphBuilder) -> GraphValue {
        let factors = graph.div(graph.cast(original, to: .float32), graph.cast(scaled, to: .float32))
        return graph.gather(factors, graph.ints([1, 0, 1, 0]))
    }

    /// The greatest coordinates in the batch's pixels, float32 `[4]` for x, y, x, y.
    func limits(_ graph: GraphBuilder) -> GraphValue {
        graph.gather(graph.cast(scaled, to: .float32), graph.ints([1, 0, 1, 0]))
    }
}

extension OperationCall {
    /// Images as a detector's network takes them: normalised, scaled, and padded with zeros.
    func imageBatch() throws -> GraphValue {
        let statistics = ChannelStatistics(mean: try doubles("mean"), deviation: try doubles("deviation"))
        let pixels = GraphValue(name: PixelInput.valueName, type: translator.input.type)
        let planes = graph.normalized(pixels, translator.input, by: statistics)
        let original = graph.sizes(planes, 2..<4)
        var scaled = original
        var values = planes
        let size = try ints("size")
        if !size.isEmpty {
            scaled = graph.ints(size)
        } else if case .int(let shorter) = argument("shorter_side") {
            scaled = scaledSize(original, shorter: shorter, longest: try int("longer_side"))
        }
        let isScaled = scaled != original
        if isScaled {
            values = graph.node(
                "Resize", [planes, nil, nil, graph.concat([graph.sizes(planes, 0..<2), scaled])],
                ["mode": .string("linear"), "coordinate_transformation_mode": .string("half_pixel")])
        }
        var padded = scaled
        let divisor = try int("size_divisor")
        if divisor > 1 {
            let number = graph.int(divisor)
            padded = graph.mul(graph.div(graph.add(scaled, graph.int(divisor - 1)), number), number)
            let amounts = graph.concat([graph.ints([0, 0, 0, 0, 0, 0]), graph.sub(padded, scaled)])
            values = graph.node("Pad", [values, amounts])
        }
        translator.images = ImageBatchNodes(original: original, scaled: scaled, padded: padded, isScaled: isScaled)
        return values
    }

    /// torchvision's rule: ⌊side · scale⌋ in float64, with the shorter side at one length unless the longer one would pass its
    /// own.
    private func scaledSize(_ size: GraphValue, shorter: Int, longest: Int) -> GraphValue {
        let sides = graph.cast(size, to: .float64)
        let axes = graph.ints([0])
        let scale = graph.min(
            graph.div(graph.scalar(Double(shorter), .float64), graph.node("ReduceMin", [sides, axes])),
            graph.div(graph.scalar(Double(longest), .float64), graph.node("ReduceMax", [sides, axes])))
        let whole = graph.cast(graph.mul(sides, scale), to: .int64)
        return graph.node("Max", [whole, graph.int(1)])
    }
}
