import NN
import Support
import Tensors

/// The convolutions that say of every anchor whether there is an object, and where exactly (Ren et al. 2015, section 3.1).
///
/// Shapes: N images, C channels, k anchors at each of H × W cells. Parameters: `conv.0.0` (3×3), `cls_logits` (1×1, k),
/// `bbox_pred` (1×1, 4k), torchvision's names.
public final class RegionProposalHead: Module {
    @Named("conv.0.0") package var conv: Conv2d
    @Named("cls_logits") package var classLogits: Conv2d
    @Named("bbox_pred") package var boxOffsets: Conv2d
    let anchorsPerCell: Int

    /// A head with fresh weights.
    ///
    /// - Parameters:
    ///   - inputs: channels of the feature maps.
    ///   - channels: channels between the two layers.
    ///   - anchorsPerCell: k.
    public init(inputs: Int, channels: Int, anchorsPerCell: Int) {
        self.anchorsPerCell = anchorsPerCell
        super.init()
        conv = Conv2d(inputs, channels, kernelSize: 3, padding: 1)
        classLogits = Conv2d(channels, anchorsPerCell, kernelSize: 1)
        boxOffsets = Conv2d(channels, 4 * anchorsPerCell, kernelSize: 1)
        for layer in [conv, classLogits, boxOffsets] {
            layer.weight.initialize(.normal(deviation: 0.01))
            layer.bias?.initialize(.zeros)
        }
    }

    /// Feature maps `[N, C, H, W]` → for each one the logits `[N, H·W·k]` and the offsets `[N, H·W·k, 4]`, in the
    /// anchors' order.
    public func callAsFunction(_ maps: [Tensor]) -> [(logits: Tensor, offsets: Tensor)] {
        let hasRelu = !isGradEnabled
        let hidden = conv(maps, relu: hasRelu)
        if !hasRelu { hidden.forEach { $0.reluInPlace() } }
        return hidden.map { outputs($0) }
    }

    /// Both last layers in one: they read the same large map and give little. With channels last the cells are rows of a
    /// matrix, so nothing is copied on the way in.
    private func outputs(_ hidden: Tensor) -> (logits: Tensor, offsets: Tensor) {
        let k = anchorsPerCell
        let layers = [classLogits, boxOffsets]
        let weight = Tensor.cat(layers.map(\.weight.tensor)).reshape([5 * k, -1])
        let bias = Tensor.cat(layers.compactMap { $0.bias?.tensor })
        let n = hidden.shape[0]
        let values = F.linear(
            hidden.permute([0, 2, 3, 1]).reshape([n, -1, hidden.shape[1]]), weight: weight, bias: bias)
        return (
            values.narrow(dim: 2, start: 0, length: k).reshape([n, -1]),
            values.narrow(dim: 2, start: k, length: 4 * k).reshape([n, -1, 4])
        )
    }

    /// The logits `[S]` and offsets `[P, 4]` at single anchors only, equal to what the whole maps give there.
    ///
    /// Training looks at a few hundred of some hundred thousand anchors, so the gradient needs the head at their cells
    /// alone: an eighth of the cost of the maps' backward pass and less.
    ///
    /// - Parameters:
    ///   - sites: the S anchors, those whose offsets are wanted first.
    ///   - maps: the feature maps, `[N, C, H, W]` each.
    ///   - offsetCount: P.
    package func atSites(_ sites: AnchorSites, of maps: [Tensor], offsetCount: Int) -> (logits: Tensor, offsets: Tensor)
    {
        let patches = sites.patches(of: maps)
        let kernel = conv.weight.tensor.permute([0, 2, 3, 1]).reshape([conv.weight.shape[0], -1])
        let hidden = F.linear(patches, weight: kernel, bias: conv.bias?.tensor)
        hidden.reluInPlace()
        let k = anchorsPerCell
        let device = hidden.device
        let anchor = Tensor(sites.anchorInCell).to(device)
        let logits = F.linear(
            hidden, weight: classLogits.weight.tensor.reshape([k, -1]), bias: classLogits.bias?.tensor
        ).gather(dim: 1, index: anchor.reshape([-1, 1])).reshape([-1])
        let offsets = F.linear(
            hidden.narrow(dim: 0, start: 0, length: offsetCount),
            weight: boxOffsets.weight.tensor.reshape([4 * k, -1]), bias: boxOffsets.bias?.tensor)
        let rows = Tensor((0..<offsetCount).map { $0 * k + sites.anchorInCell[$0] }).to(device)
        return (logits, offsets.reshape([-1, 4]).indexSelect(dim: 0, rows))
    }
}

/// Where single anchors lie: map, image, cell, and which anchor of the cell.
package struct AnchorSites {
    private(set) var anchorInCell: [Int] = []
    private var level: [Int] = []
    private var row: [Int] = []
    private var y: [Int] = []
    private var x: [Int] = []
    private let grids: [ImageSize]

    /// The places of single anchors.
    ///
    /// - Parameters:
    ///   - indices: their numbers in the concatenation of all images' anchors.
    ///   - anchors: the anchors of one image.
    ///   - grids: extents of the feature maps.
    ///   - anchorsPerCell: anchors at each cell.
    package init(_ indices: [Int], anchors: Anchors, grids: [ImageSize], anchorsPerCell: Int) {
        self.grids = grids
        for index in indices {
            let (image, anchor) = index.quotientAndRemainder(dividingBy: anchors.total)
            var map = 0
            while anchor >= anchors.offsets[map + 1] { map += 1 }
            let (cell, k) = (anchor - anchors.offsets[map]).quotientAndRemainder(dividingBy: anchorsPerCell)
            let grid = grids[map]
            anchorInCell.append(k)
            level.append(map)
            row.append(image * grid.height * grid.width + cell)
            y.append(cell / grid.width)
            x.append(cell % grid.width)
        }
    }

    /// The 3×3 surroundings of each site, `[S, 9C]`, zero outside the map.
    func patches(of maps: [Tensor]) -> Tensor {
        var gathered: [Tensor] = []
        var place = [Int](repeating: 0, count: level.count)
        var filled = 0
        for (map, features) in maps.enumerated() {
            let members = level.indices.filter { level[$0] == map }
            guard !members.isEmpty else { continue }
            var rows: [Int] = []
            var inside: [Float] = []
            for site in members {
                place[site] = filled
                filled += 1
                for dy in -1...1 {
                    for dx in -1...1 {
                        let within =
                            (0..<grids[map].height).contains(y[site] + dy)
                            && (0..<grids[map].width).contains(x[site] + dx)
                        rows.append(within ? row[site] + dy * grids[map].width + dx : row[site])
                        inside.append(within ? 1 : 0)
                    }
                }
            }
            let channels = features.shape[1]
            let cells = features.permute([0, 2, 3, 1]).reshape([-1, channels])
                .indexSelect(dim: 0, Tensor(rows).to(features.device))
            let mask = Tensor(inside, shape: [inside.count, 1]).to(features.device)
            gathered.append((cells * mask).reshape([members.count, 9 * channels]))
        }
        let inMapOrder = Tensor.cat(gathered)
        return inMapOrder.indexSelect(dim: 0, Tensor(place).to(inMapOrder.device))
    }
}
