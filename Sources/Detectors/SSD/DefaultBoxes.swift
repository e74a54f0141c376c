import Foundation
import Tensors

/// The boxes that SSD starts from: of fixed sizes and proportions around the centre of every cell of every map (Liu et al.
/// 2016, section 2.2).
///
/// At the scale s of a map and s′ of the next: s × s, √(ss′) × √(ss′), and for each ratio r the two of the first one's area,
/// s√r × s/√r and s/√r × s√r. No side is longer than the image's, though a box at the edge reaches beyond it.
package enum DefaultBoxes {
    /// Widths and heights in pixels of the boxes around each cell of map `level`.
    package static func extents(_ configuration: SSDConfiguration, level: Int) -> [(width: Double, height: Double)] {
        let limit = Double(configuration.variant.side)
        let scale = configuration.scales[level]
        let between = (scale * configuration.scales[level + 1]).squareRoot()
        let others = configuration.aspectRatios[level].flatMap { ratio -> [(Double, Double)] in
            let long = scale * ratio.squareRoot()
            let short = scale / ratio.squareRoot()
            return [(long, short), (short, long)]
        }
        return ([(scale, scale), (between, between)] + others).map { (min($0, limit), min($1, limit)) }
    }

    /// All of a plan's boxes, `[A, 4]` float32, XYXY pixels of the input: map by map, row by row, cell by cell.
    package static func boxes(_ plan: SSDPlan) -> Tensor {
        var coordinates: [Float] = []
        coordinates.reserveCapacity(4 * plan.boxCount)
        for (level, map) in plan.maps.enumerated() {
            let step = plan.configuration.variant.steps[level]
            let extents = extents(plan.configuration, level: level)
            for row in 0..<map.size {
                for column in 0..<map.size {
                    let x = (Double(column) + 0.5) * step
                    let y = (Double(row) + 0.5) * step
                    for (width, height) in extents {
                        coordinates += [x - width / 2, y - height / 2, x + width / 2, y + height / 2].map(Float.init)
                    }
                }
            }
        }
        return Tensor(coordinates, shape: [plan.boxCount, 4])
    }
}
