extension ComposedDetectionOps {
    package static func roiAlign(
        _ x: Tensor, rois: Tensor, outputSize: (Int, Int), spatialScale: Double, samplingRatio: Int, aligned: Bool
    ) -> Tensor {
        let working: DType = x.dtype == .float64 ? .float64 : .float32
        let rois = rois.detached().to(working)
        let offset = aligned ? 0.5 : 0
        let low = rois.slice(dim: 1, 1, 3) * spatialScale - offset
        var size = rois.slice(dim: 1, 3, 5) * spatialScale - offset - low
        if !aligned { size = size.clamp(min: 1) }
        let map = PixelRows(x.to(working))
        let regions = Regions(image: rois.select(dim: 1, index: 0).to(.int64), low: low, size: size)
        if samplingRatio > 0 {
            return map.align(regions, outputSize, samples: (samplingRatio, samplingRatio)).to(x.dtype)
        }
        // As many samples as pixels, so regions are taken together that have the same number of them.
        let counts = [outputSize.1, outputSize.0].enumerated().map { axis, bins in
            (size.select(dim: 1, index: axis) / Double(bins)).ceil().array(Double.self)
        }
        let groups = Dictionary(grouping: 0..<rois.shape[0]) { k in
            [counts[1][k], counts[0][k]].map { $0.isFinite && $0 > 0 ? Int($0) : 0 }
        }.sorted { $0.key.lexicographicallyPrecedes($1.key) }
        guard !groups.isEmpty else {
            return Tensor.zeros(map.outputShape(0, outputSize), dtype: x.dtype, device: x.device)
        }
        let outputs = groups.map { samples, members in
            samples.contains(0)
                ? Tensor.zeros(map.outputShape(members.count, outputSize), dtype: working, device: x.device)
                : map.align(
                    regions.selected(Tensor(members, device: x.device)), outputSize, samples: (samples[0], samples[1]))
        }
        return Tensor.cat(outputs).indexSelect(dim: 0, inverse(groups.flatMap(\.value), x.device)).to(x.dtype)
    }

    package static func multiScaleRoIAlign(
        _ levels: [Tensor], rois: Tensor, scales: [Double], outputSize: (Int, Int), samplingRatio: Int,
        aligned: Bool = false, canonicalSize: Double = 224, canonicalLevel: Double = 4
    ) -> Tensor {
        let levelOf = DetectionOps.pyramidLevels(
            rois: rois, scales: scales, canonicalSize: canonicalSize, canonicalLevel: canonicalLevel
        ).array(Int.self)
        let members = levels.indices.map { level in levelOf.indices.filter { levelOf[$0] == level } }
        let outputs = levels.indices.map { level in
            roiAlign(
                levels[level], rois: rois.indexSelect(dim: 0, Tensor(members[level], device: rois.device)),
                outputSize: outputSize, spatialScale: scales[level], samplingRatio: samplingRatio, aligned: aligned)
        }
        return Tensor.cat(outputs).indexSelect(dim: 0, inverse(members.flatMap { $0 }, rois.device))
    }

    /// Positions from which to read so that `order` becomes 0, 1, 2, …
    private static func inverse(_ order: [Int], _ device: Device) -> Tensor {
        var places = [Int](repeating: 0, count: order.count)
        for (place, k) in order.enumerated() { places[k] = place }
        return Tensor(places, device: device)
    }

    package static func roiPool(
        _ x: Tensor, rois: Tensor, outputSize: (Int, Int), spatialScale: Double
    ) -> Tensor {
        let working: DType = x.dtype == .float64 ? .float64 : .float32
        let shape = x.shape
        let rois = rois.detached().to(working)
        let far = Double(1 << 30)
        let corners = (rois.slice(dim: 1, 1, 5) * spatialScale).clamp(min: -far, max: far)
        // Halves round away from zero, as C's `round` does.
        let rounded = (corners.abs() + 0.5).floor() * corners.sign()
        let rows = BinRanges(rounded.select(dim: 1, index: 1), rounded.select(dim: 1, index: 3), outputSize.0, shape[2])
        let columns = BinRanges(
            rounded.select(dim: 1, index: 0), rounded.select(dim: 1, index: 2), outputSize.1, shape[3])
        let pixels = x.to(working).permute([0, 2, 3, 1])
        let image = rois.select(dim: 1, index: 0).to(.int64)
        // Some regions at a time: a strip of the map is copied for each bin column of each.
        let some = max(1, (1 << 26) / max(1, shape[1] * shape[2] * outputSize.1))
        let chunks = stride(from: 0, to: rois.shape[0], by: some).map { start in
            let length = min(some, rois.shape[0] - start)
            return pool(
                pixels, image.narrow(dim: 0, start: start, length: length), rows.narrowed(start, length),
                columns.narrowed(start, length))
        }
        guard !chunks.isEmpty else {
            return Tensor.zeros([0, shape[1], outputSize.0, outputSize.1], dtype: x.dtype, device: x.device)
        }
        return Tensor.cat(chunks).to(x.dtype)
    }

    /// Columns first, then rows, each keeping the first of equals: the gradient goes to the first maximum in row-major
    /// order, as in the native operation.
    private static func pool(_ pixels: Tensor, _ image: Tensor, _ rows: BinRanges, _ columns: BinRanges) -> Tensor {
        let (count, width) = (image.shape[0], columns.begin.shape[1])
        let height = pixels.shape[1]
        let images = image.reshape([count, 1, 1])
        let everyRow = Tensor.arange(0, Double(height), dtype: .int64, device: pixels.device).reshape([1, height, 1])
        var strips: Tensor?
        for step in 0..<columns.longest {
            let column = columns.index(step).reshape([count, 1, width])
            let candidate = pixels.indexed(by: [images, everyRow, column])
            strips = strips.map { Tensor.where(candidate .> $0, candidate, $0) } ?? candidate
        }
        let regions = Tensor.arange(0, Double(count), dtype: .int64, device: pixels.device).reshape([count, 1])
        var bins: Tensor?
        for step in 0..<rows.longest {
            guard let strips else { break }
            let candidate = strips.indexed(by: [regions, rows.index(step)])
            bins = bins.map { Tensor.where(candidate .> $0, candidate, $0) } ?? candidate
        }
        let shape = [count, rows.begin.shape[1], width, pixels.shape[3]]
        guard let bins else {
            return Tensor.zeros(shape, dtype: pixels.dtype, device: pixels.device).permute([0, 3, 1, 2])
        }
        let isEmpty =
            (rows.begin .>= rows.end).reshape([count, shape[1], 1, 1])
            .| (columns.begin .>= columns.end).reshape([count, 1, width, 1])
        return bins.maskedFill(isEmpty, 0).permute([0, 3, 1, 2])
    }

    /// From which to which row (or column) the bins of each region reach: int64 `[K, bins]`.
    private struct BinRanges {
        let begin, end: Tensor
        let longest, size: Int

        init(_ first: Tensor, _ last: Tensor, _ bins: Int, _ size: Int) {
            let isNumber = (first + last).isFinite()
            let low = Tensor.where(
                isNumber, first, Tensor.full(first.shape, Double(1 << 30), dtype: first.dtype, device: first.device))
            let length = Tensor.where(isNumber, last - first + 1, Tensor.onesLike(first)).clamp(min: 1)
            let bin = (length / Double(bins)).unsqueeze(1)
            let steps = Tensor.arange(0, Double(bins), dtype: .float32, device: first.device).to(first.dtype)
            let start = low.unsqueeze(1)
            begin = ((steps * bin).floor().to(.int64) + start.to(.int64)).clamp(min: 0, max: Double(size)).to(.int64)
            end = (((steps + 1) * bin).ceil().to(.int64) + start.to(.int64)).clamp(min: 0, max: Double(size)).to(.int64)
            let lengths = (end - begin).array(Int.self)
            longest = lengths.max() ?? 0
            self.size = size
        }

        private init(begin: Tensor, end: Tensor, longest: Int, size: Int) {
            (self.begin, self.end, self.longest, self.size) = (begin, end, longest, size)
        }

        func narrowed(_ start: Int, _ length: Int) -> BinRanges {
            BinRanges(
                begin: begin.narrow(dim: 0, start: start, length: length),
                end: end.narrow(dim: 0, start: start, length: length), longest: longest, size: size)
        }

        /// The row of each bin's `step`-th pixel; past its end the last one again.
        func index(_ step: Int) -> Tensor {
            Tensor.minimum(begin + step, end - 1).clamp(min: 0, max: Double(size - 1)).to(.int64)
        }
    }

    /// Regions in pixels of the map: image index `[K]`, corner and size `[K, 2]`, x before y.
    private struct Regions {
        let image, low, size: Tensor

        func selected(_ members: Tensor) -> Regions {
            Regions(
                image: image.indexSelect(dim: 0, members), low: low.indexSelect(dim: 0, members),
                size: size.indexSelect(dim: 0, members))
        }
    }

    /// Pixels of a map as rows of channels, `[N · H · W, C]`.
    private struct PixelRows {
        let rows: Tensor
        let channels, height, width: Int

        init(_ x: Tensor) {
            let shape = x.shape
            (channels, height, width) = (shape[1], shape[2], shape[3])
            rows = x.permute([0, 2, 3, 1]).reshape([-1, channels])
        }

        func outputShape(_ count: Int, _ size: (Int, Int)) -> [Int] { [count, channels, size.0, size.1] }

        func align(_ regions: Regions, _ bins: (Int, Int), samples: (Int, Int)) -> Tensor {
            let count = regions.image.shape[0]
            let x = SampleAxis(regions, axis: 0, bins: bins.1, samples: samples.1, size: width)
            let y = SampleAxis(regions, axis: 1, bins: bins.0, samples: samples.0, size: height)
            let image = regions.image.reshape([count, 1, 1])
            var sum: Tensor?
            for (row, rowWeight) in y.corners {
                for (column, columnWeight) in x.corners {
                    let index = (image * height + row.unsqueeze(2)) * width + column.unsqueeze(1)
                    let weight = (rowWeight.unsqueeze(2) * columnWeight.unsqueeze(1)).unsqueeze(3)
                    let value = rows.indexSelect(dim: 0, index.flatten()).reshape(index.shape + [channels]) * weight
                    sum = sum.map { $0 + value } ?? value
                }
            }
            guard let sum else { return Tensor.zeros(outputShape(count, bins)) }
            return sum.reshape([count, bins.0, samples.0, bins.1, samples.1, channels]).mean([2, 4])
                .permute([0, 3, 1, 2])
        }
    }

    /// Where the samples of each region lie along one axis: the pixels before and after, `[K, bins · samples]`, and their
    /// bilinear weights, zero for what is outside.
    private struct SampleAxis {
        let corners: [(index: Tensor, weight: Tensor)]

        init(_ regions: Regions, axis: Int, bins: Int, samples: Int, size: Int) {
            let start = regions.low.select(dim: 1, index: axis).unsqueeze(1)
            let bin = (regions.size.select(dim: 1, index: axis) / Double(bins)).unsqueeze(1)
            let (dtype, device) = (start.dtype, start.device)
            let step = Tensor.arange(0, Double(bins * samples), dtype: .float64, device: device)
            let ofBin = (step / Double(samples)).floor()
            let within = step - ofBin * Double(samples) + 0.5
            let position = start + ofBin.to(dtype) * bin + within.to(dtype) * bin / Double(samples)
            let isInside = (position .>= -1) .& (position .<= Double(size)) .& (start + bin).isFinite()
            let inside = Tensor.where(isInside, position, Tensor.zerosLike(position)).clamp(
                min: 0, max: Double(size - 1))
            let low = inside.floor()
            let beyond = inside - low
            let counts = isInside.to(dtype)
            corners = [
                (low.to(.int64), (1 - beyond) * counts),
                ((low + 1).clamp(max: Double(size - 1)).to(.int64), beyond * counts),
            ]
        }
    }
}
