import Support
import Tensors

/// The anchors of one image size, over all feature maps, finest first. Within a map: row by row, cell by cell.
package struct Anchors {
    /// `[A, 4]` float32, XYXY pixels.
    package let boxes: Tensor
    /// Anchors on each map.
    package let counts: [Int]
    /// `[A]` int64: the map of each anchor.
    let levels: Tensor
    /// Where each map's anchors begin; one more entry than maps.
    let offsets: [Int]

    package var total: Int { offsets[offsets.count - 1] }
}

/// Boxes of fixed sizes and shapes at every cell of every feature map (Ren et al. 2015, section 3.1.1).
package final class AnchorGenerator {
    /// The boxes around a cell's origin for each map, flattened XYXY; ratio by ratio, size by size.
    package let cellAnchors: [[Float]]

    private var cache: [Key: Anchors] = [:]
    private var cellsOnDevice: [Device: [Tensor]] = [:]

    private struct Key: Hashable {
        let grids: [ImageSize]
        let image: ImageSize
        let device: Device
    }

    /// A generator of the anchors of these sizes and ratios.
    ///
    /// - Parameters:
    ///   - sizes: square roots of the anchors' areas in pixels, a list for each feature map.
    ///   - aspectRatios: height over width, the same for every map.
    package init(sizes: [[Double]], aspectRatios: [Double]) {
        cellAnchors = sizes.map { Self.cell(sizes: $0, aspectRatios: aspectRatios) }
    }

    /// Anchors at each cell.
    package var countPerCell: Int { cellAnchors[0].count / 4 }

    /// Rounded to whole pixels, ties to even, in float32 throughout: the arithmetic that published weights were trained
    /// with.
    private static func cell(sizes: [Double], aspectRatios: [Double]) -> [Float] {
        aspectRatios.flatMap { ratio -> [Float] in
            let heightFactor = Float(ratio).squareRoot()
            let widthFactor = 1 / heightFactor
            return sizes.flatMap { size -> [Float] in
                let w = widthFactor * Float(size)
                let h = heightFactor * Float(size)
                return [-w / 2, -h / 2, w / 2, h / 2].map { $0.rounded(.toNearestOrEven) }
            }
        }
    }

    /// The anchors for maps of these sizes over a padded image. A cell's stride is the image's extent over the map's.
    package func anchors(grids: [ImageSize], image: ImageSize, device: Device) -> Anchors {
        precondition(
            grids.count == cellAnchors.count,
            "anchor sizes for \(cellAnchors.count) feature maps, but there are \(grids.count)")
        let key = Key(grids: grids, image: image, device: device)
        if let known = cache[key] { return known }
        // Training on images of many sizes would otherwise keep every size's anchors.
        if cache.count >= 32 { cache.removeAll() }
        let made = withoutGrad { make(key) }
        cache[key] = made
        return made
    }

    /// The boxes around a cell's origin on a device, `[k, 4]` for each map; they go there once.
    private func cells(on device: Device) -> [Tensor] {
        if let known = cellsOnDevice[device] { return known }
        let made = cellAnchors.map { Tensor($0, shape: [countPerCell, 4]).to(device) }
        cellsOnDevice[device] = made
        return made
    }

    private func make(_ key: Key) -> Anchors {
        var boxes: [Tensor] = []
        var levels: [Tensor] = []
        var offsets = [0]
        let cells = cells(on: key.device)
        for (level, grid) in key.grids.enumerated() {
            let strideY = Double(key.image.height / grid.height)
            let strideX = Double(key.image.width / grid.width)
            func places(_ count: Int, _ stride: Double, _ shape: [Int]) -> Tensor {
                (Tensor.arange(0, Double(count), dtype: .float32, device: key.device) * stride).reshape(shape)
                    .expand([grid.height, grid.width])
            }
            let x = places(grid.width, strideX, [1, -1])
            let y = places(grid.height, strideY, [-1, 1])
            boxes.append((Tensor.stack([x, y, x, y], dim: 2).unsqueeze(2) + cells[level]).reshape([-1, 4]))
            let count = grid.height * grid.width * countPerCell
            levels.append(Tensor.full([count], Double(level), dtype: .int64, device: key.device))
            offsets.append(offsets[level] + count)
        }
        return Anchors(
            boxes: Tensor.cat(boxes), counts: zip(offsets.dropFirst(), offsets).map { $0 - $1 },
            levels: Tensor.cat(levels), offsets: offsets)
    }
}
