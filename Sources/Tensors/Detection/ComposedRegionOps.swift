extension ComposedDetectionOps {
    package static func roiAlign(
        _ x: Tensor, rois: Tensor, outputSize: (Int, Int), spatialScale: Double, samplingRatio: Int, aligned: Bool
    ) -> Tensor {
        align(
            [x], level: Tensor.zeros([rois.shape[0]], dtype: .int64, device: rois.device), scales: [spatialScale],
            rois: rois, outputSize: outputSize, samplingRatio: samplingRatio, aligned: aligned)
    }

    package static func multiScaleRoIAlign(
        _ levels: [Tensor], rois: Tensor, scales: [Double], outputSize: (Int, Int), samplingRatio: Int,
        aligned: Bool = false, canonicalSize: Double = 224, canonicalLevel: Double = 4
    ) -> Tensor {
        align(
            levels,
            level: DetectionOps.pyramidLevels(
                rois: rois, scales: scales, canonicalSize: canonicalSize, canonicalLevel: canonicalLevel),
            scales: scales, rois: rois, outputSize: outputSize, samplingRatio: samplingRatio, aligned: aligned)
    }

    /// The regions of all maps at once: none of them waits for the host to know which map it is of.
    private static func align(
        _ maps: [Tensor], level: Tensor, scales: [Double], rois: Tensor, outputSize: (Int, Int), samplingRatio: Int,
        aligned: Bool
    ) -> Tensor {
        let (dtype, channels, count) = (maps[0].dtype, maps[0].shape[1], rois.shape[0])
        let working: DType = dtype == .float64 ? .float64 : .float32
        let rows = maps.map { $0.to(working).permute([0, 2, 3, 1]).reshape([-1, channels]) }
        let pixels = rows.count == 1 ? rows[0] : Tensor.cat(rows)
        let shape = [count, channels, outputSize.0, outputSize.1]
        guard count > 0 else { return Tensor.zeros(shape, dtype: dtype, device: rois.device) }
        let regions = Regions(rois.detached().to(working), maps: maps, level: level, scales: scales, aligned: aligned)
        if samplingRatio > 0 {
            let taps = regions.taps(outputSize, samples: (samplingRatio, samplingRatio))
            return features(F.weightedRowSums(pixels, indices: taps.indices, weights: taps.weights), shape).to(dtype)
        }
        // As many samples as pixels, so what a region's bins are sums of is found for those together that have as many.
        let counts = [outputSize.1, outputSize.0].enumerated().map { axis, bins in
            quotient(regions.size.select(dim: 1, index: axis), bins).ceil().array(Double.self)
        }
        let samples = (0..<count).map { k in
            [counts[1][k], counts[0][k]].map { $0.isFinite && $0 > 0 ? Int($0) : 0 }
        }
        let bins = outputSize.0 * outputSize.1
        let ofBin = samples.map { 4 * $0[0] * $0[1] }
        var starts: [Int] = []
        let total = ofBin.reduce(0) { total, taps in
            starts.append(total)
            return total + bins * taps
        }
        guard total > 0 else { return Tensor.zeros(shape, dtype: dtype, device: rois.device) }
        let first = Tensor(starts, device: rois.device).unsqueeze(1)
        let groups = Dictionary(grouping: 0..<count) { samples[$0] }.filter { !$0.key.contains(0) }
            .sorted { $0.key.lexicographicallyPrecedes($1.key) }
        var (places, indices, weights): ([Tensor], [Tensor], [Tensor]) = ([], [], [])
        for (samples, members) in groups {
            let members = Tensor(members, device: rois.device)
            let taps = regions.selected(members).taps(outputSize, samples: (samples[0], samples[1]))
            let each = Tensor.arange(
                0, Double(bins * 4 * samples[0] * samples[1]), dtype: .int64, device: rois.device)
            places.append((first.indexSelect(dim: 0, members) + each).flatten())
            indices.append(taps.indices.flatten())
            weights.append(taps.weights.flatten())
        }
        let place = Tensor.cat(places)
        let sums = F.weightedRowSums(
            pixels,
            indices: Tensor.zeros([total], dtype: .int64, device: rois.device).indexPut(
                [place], values: Tensor.cat(indices)),
            weights: Tensor.zeros([total], dtype: working, device: rois.device).indexPut(
                [place], values: Tensor.cat(weights)),
            starts: (first
                + Tensor(ofBin, device: rois.device).unsqueeze(1)
                * Tensor.arange(0, Double(bins), dtype: .int64, device: rois.device)).flatten())
        return features(sums, shape).to(dtype)
    }

    /// Each element divided by a number, rounded as IEEE 754 says. CUDA's division by a number of the host is a product with the
    /// number's reciprocal, and a little more than 3 is rounded up to another pixel than 3.
    private static func quotient(_ x: Tensor, _ divisor: Int) -> Tensor {
        x / Tensor.full([1], Double(divisor), dtype: x.dtype, device: x.device)
    }

    /// The sums of all regions' bins, `[K · bins, C]`, as features of the shape `[K, C, bins.0, bins.1]`.
    private static func features(_ sums: Tensor, _ shape: [Int]) -> Tensor {
        sums.reshape([shape[0], shape[2], shape[3], shape[1]]).permute([0, 3, 1, 2])
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
        let (count, bins) = (rois.shape[0], outputSize.0 * outputSize.1)
        guard count > 0, shape[2] * shape[3] > 0 else {
            return Tensor.zeros([count, shape[1], outputSize.0, outputSize.1], dtype: x.dtype, device: x.device)
        }
        let pixels = x.to(working).permute([0, 2, 3, 1])
        let image = rois.select(dim: 1, index: 0).to(.int64)
        // No gradient is kept of the way to the greatest pixel, only which it is.
        let places = withoutGrad {
            let places = Tensor.zeros([count, outputSize.0, outputSize.1, shape[1]], dtype: .int64, device: x.device)
            // Some regions at a time: a strip of the map is copied for each bin column of each. The passes back take some
            // three times the features' memory, so that the strips of a sixth of them make no new peak.
            let room = max(1 << 22, count * bins * shape[1] / 6)
            let some = max(1, room / (shape[1] * shape[2] * outputSize.1))
            for start in stride(from: 0, to: count, by: some) {
                let length = min(some, count - start)
                places.narrow(dim: 0, start: start, length: length).copyInPlace(
                    from: greatest(
                        pixels, image.narrow(dim: 0, start: start, length: length), rows.narrowed(start, length),
                        columns.narrowed(start, length)))
            }
            return places
        }
        var flat = pixels.reshape([-1, shape[1]])
        if rows.someAreEmpty || columns.someAreEmpty {
            // The places of empty bins are those of a row of zeros behind all pixels.
            flat = Tensor.cat([flat, Tensor.zeros([1, shape[1]], dtype: working, device: x.device)])
        }
        return features(
            flat.gather(dim: 0, index: places.reshape([-1, shape[1]])),
            [count, shape[1], outputSize.0, outputSize.1]
        ).to(x.dtype)
    }

    /// Which pixel of all images is the greatest of each bin and channel, int64 `[K, bins.0, bins.1, C]`; the one behind the
    /// last for an empty bin. Columns first, then rows, each keeping the first of equals: the first maximum in row-major order,
    /// as in the native operation.
    private static func greatest(_ pixels: Tensor, _ image: Tensor, _ rows: BinRanges, _ columns: BinRanges) -> Tensor {
        let (count, shape) = (image.shape[0], pixels.shape)
        let (height, width) = (shape[1], shape[2])
        func arange(_ count: Int) -> Tensor { Tensor.arange(0, Double(count), dtype: .int64, device: pixels.device) }
        let images = image.reshape([count, 1, 1])
        let everyRow = arange(height).reshape([1, height, 1])
        let regions = arange(count).reshape([count, 1])
        var strips: (value: Tensor, column: Tensor)?
        for step in 0..<columns.longest {
            let column = columns.index(step)
            let value = pixels.indexed(by: [images, everyRow, column.unsqueeze(1)])
            let place = column.to(.int32).reshape([count, 1, -1, 1])
            guard let known = strips else {
                strips = (value, place.expand(value.shape).contiguous())
                continue
            }
            let isGreater = value .> known.value
            strips = (
                Tensor.where(isGreater, value, known.value), Tensor.where(isGreater, place, known.column)
            )
        }
        var bins: (value: Tensor, pixel: Tensor)?
        for step in 0..<rows.longest {
            guard let strips else { break }
            let row = rows.index(step)
            let value = strips.value.indexed(by: [regions, row])
            let pixel =
                strips.column.indexed(by: [regions, row]) + (row * width).to(.int32).reshape([count, -1, 1, 1])
            guard let known = bins else {
                bins = (value, pixel)
                continue
            }
            let isGreater = value .> known.value
            bins = (Tensor.where(isGreater, value, known.value), Tensor.where(isGreater, pixel, known.pixel))
        }
        let behind = Double(shape[0] * height * width)
        let sizes = [count, rows.begin.shape[1], columns.begin.shape[1], shape[3]]
        guard let bins else { return Tensor.full(sizes, behind, dtype: .int64, device: pixels.device) }
        let isEmpty =
            rows.isEmpty.reshape([count, -1, 1, 1]) .| columns.isEmpty.reshape([count, 1, -1, 1])
        return (bins.pixel.to(.int64) + (image * (height * width)).reshape([count, 1, 1, 1])).maskedFill(
            isEmpty, behind)
    }

    /// From which to which row (or column) the bins of each region reach: int64 `[K, bins]`.
    private struct BinRanges {
        let begin, end: Tensor
        let longest, size: Int
        let someAreEmpty: Bool
        var isEmpty: Tensor { begin .>= end }

        init(_ first: Tensor, _ last: Tensor, _ bins: Int, _ size: Int) {
            let isNumber = (first + last).isFinite()
            let low = Tensor.where(
                isNumber, first, Tensor.full(first.shape, Double(1 << 30), dtype: first.dtype, device: first.device))
            let length = Tensor.where(isNumber, last - first + 1, Tensor.onesLike(first)).clamp(min: 1)
            let bin = quotient(length, bins).unsqueeze(1)
            let steps = Tensor.arange(0, Double(bins), dtype: .float32, device: first.device).to(first.dtype)
            let start = low.unsqueeze(1)
            begin = ((steps * bin).floor().to(.int64) + start.to(.int64)).clamp(min: 0, max: Double(size)).to(.int64)
            end = (((steps + 1) * bin).ceil().to(.int64) + start.to(.int64)).clamp(min: 0, max: Double(size)).to(.int64)
            let lengths = (end - begin).array(Int.self)
            longest = lengths.max() ?? 0
            someAreEmpty = lengths.contains { $0 <= 0 }
            self.size = size
        }

        private init(begin: Tensor, end: Tensor, of all: BinRanges) {
            (self.begin, self.end) = (begin, end)
            (longest, size, someAreEmpty) = (all.longest, all.size, all.someAreEmpty)
        }

        func narrowed(_ start: Int, _ length: Int) -> BinRanges {
            BinRanges(
                begin: begin.narrow(dim: 0, start: start, length: length),
                end: end.narrow(dim: 0, start: start, length: length), of: self)
        }

        /// The row of each bin's `step`-th pixel; past its end the last one again.
        func index(_ step: Int) -> Tensor {
            Tensor.minimum(begin + step, end - 1).clamp(min: 0, max: Double(size - 1)).to(.int64)
        }
    }

    /// Regions, each in pixels of the map that it looks at.
    private struct Regions {
        /// Corner and size, `[K, 2]`, x before y.
        let low, size: Tensor
        /// int64 `[K]`: of each region's map the width and height, and the row of the region's image in the pixels of all
        /// maps.
        let width, height, first: Tensor

        private init(low: Tensor, size: Tensor, width: Tensor, height: Tensor, first: Tensor) {
            (self.low, self.size, self.width, self.height, self.first) = (low, size, width, height, first)
        }

        init(_ rois: Tensor, maps: [Tensor], level: Tensor, scales: [Double], aligned: Bool) {
            let image = rois.select(dim: 1, index: 0).to(.int64)
            var (width, height, first) = (Tensor.zerosLike(level), Tensor.zerosLike(level), Tensor.zerosLike(level))
            var scale = Tensor.zeros(level.shape, dtype: rois.dtype, device: rois.device)
            var rows = 0
            for (index, map) in maps.enumerated() {
                let shape = map.shape
                let isHere = (level .== Double(index)).to(.int64)
                width = width + isHere * shape[3]
                height = height + isHere * shape[2]
                first = first + isHere * (image * (shape[2] * shape[3]) + rows)
                scale = scale + isHere.to(rois.dtype) * scales[index]
                rows += shape[0] * shape[2] * shape[3]
            }
            let offset = aligned ? 0.5 : 0
            let low = rois.slice(dim: 1, 1, 3) * scale.unsqueeze(1) - offset
            let size = rois.slice(dim: 1, 3, 5) * scale.unsqueeze(1) - offset - low
            self.init(
                low: low, size: aligned ? size : size.clamp(min: 1), width: width, height: height, first: first)
        }

        func selected(_ members: Tensor) -> Regions {
            func select(_ x: Tensor) -> Tensor { x.indexSelect(dim: 0, members) }
            return Regions(
                low: select(low), size: select(size), width: select(width), height: select(height),
                first: select(first))
        }

        /// The pixels of which each bin is a weighted sum, int64 `[K · bins.0 · bins.1, n]`, and their weights. The sum is the
        /// mean of the bin's samples, none of which is stored.
        func taps(_ bins: (Int, Int), samples: (Int, Int)) -> (indices: Tensor, weights: Tensor) {
            let count = first.shape[0]
            let x = SampleAxis(
                start: low.select(dim: 1, index: 0), length: size.select(dim: 1, index: 0), extent: width, bins: bins.1,
                samples: samples.1)
            let y = SampleAxis(
                start: low.select(dim: 1, index: 1), length: size.select(dim: 1, index: 1), extent: height,
                bins: bins.0, samples: samples.0)
            let rows = first.reshape([count, 1, 1]) + y.pixels * width.reshape([count, 1, 1])
            let index = rows.reshape([count, bins.0, 1, -1, 1]) + x.pixels.reshape([count, 1, bins.1, 1, -1])
            let weight = y.weights.reshape([count, bins.0, 1, -1, 1]) * x.weights.reshape([count, 1, bins.1, 1, -1])
            return (
                index.reshape([count * bins.0 * bins.1, -1]),
                weight.reshape([count * bins.0 * bins.1, -1]) / Double(samples.0 * samples.1)
            )
        }
    }

    /// Where the samples of each region lie along one axis.
    private struct SampleAxis {
        /// The pixels before and after each sample, int64 `[K, bins, 2 · samples]`.
        let pixels: Tensor
        /// Their bilinear weights, zero for what is outside, of the same shape.
        let weights: Tensor

        /// - Parameters:
        ///   - start: where each region begins, `[K]`.
        ///   - length: how far it reaches, `[K]`.
        ///   - extent: pixels of its map along the axis, int64 `[K]`.
        init(start: Tensor, length: Tensor, extent: Tensor, bins: Int, samples: Int) {
            let (dtype, count) = (start.dtype, start.shape[0])
            let start = start.unsqueeze(1)
            let bin = quotient(length, bins).unsqueeze(1)
            let extent = extent.to(dtype).unsqueeze(1)
            let step = Tensor.arange(0, Double(bins * samples), dtype: .float64, device: start.device)
            let ofBin = (step / Double(samples)).floor()
            let within = step - ofBin * Double(samples) + 0.5
            let position = start + ofBin.to(dtype) * bin + within.to(dtype) * bin / Double(samples)
            let isInside = (position .>= -1) .& (position .<= extent) .& (start + bin).isFinite()
            let inside = Tensor.minimum(
                Tensor.where(isInside, position, Tensor.zerosLike(position)).clamp(min: 0), extent - 1)
            let low = inside.floor()
            let beyond = inside - low
            let counts = isInside.to(dtype)
            pixels = Tensor.stack([low.to(.int64), Tensor.minimum(low + 1, extent - 1).to(.int64)], dim: 2)
                .reshape([count, bins, 2 * samples])
            weights = Tensor.stack([(1 - beyond) * counts, beyond * counts], dim: 2).reshape([count, bins, 2 * samples])
        }
    }
}
