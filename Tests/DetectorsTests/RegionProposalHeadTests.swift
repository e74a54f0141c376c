import Detectors
import NN
import Support
import Tensors
import XCTest

final class RegionProposalHeadTests: XCTestCase {
    private let grids = [ImageSize(width: 6, height: 4), ImageSize(width: 3, height: 2)]
    private let anchorsPerCell = 3

    private func makeHead() -> RegionProposalHead {
        let head = RegionProposalHead(inputs: 5, channels: 7, anchorsPerCell: anchorsPerCell)
        for (_, parameter) in head.namedParameters() { parameter.initialize(.normal(deviation: 0.5)) }
        return head
    }

    private func makeMaps() -> [Tensor] {
        grids.map { Tensor.randn([2, 5, $0.height, $0.width]).contiguous(.channelsLast).requiringGrad() }
    }

    private var anchors: Anchors {
        AnchorGenerator(sizes: [[16], [32]], aspectRatios: [0.5, 1, 2]).anchors(
            grids: grids, image: ImageSize(width: 48, height: 32), device: .cpu)
    }

    /// The order of the outputs is the anchors': cell by cell, then the cell's anchors.
    func testOutputsFollowTheAnchors() {
        Random.seed(1)
        let head = makeHead()
        let map = makeMaps()[0]
        let (logits, offsets) = head([map])[0]
        XCTAssertEqual(logits.shape, [2, 72])
        XCTAssertEqual(offsets.shape, [2, 72, 4])
        let hidden = F.relu(head.conv(map))
        let classes = head.classLogits(hidden)
        let moves = head.boxOffsets(hidden)
        let place = (2 * 6 + 4) * 3 + 1
        XCTAssertEqual(logits[1, place].item(), classes[1, 1, 2, 4].item(), accuracy: 1e-5)
        expectEqual(offsets[1, place], moves[1, 4..<8, 2, 4].array(), absolute: 1e-5)
    }

    /// Single anchors, among them corners, give what the whole maps give there, and the same gradients.
    func testSitesEqualTheMaps() {
        Random.seed(2)
        let head = makeHead()
        let anchors = anchors
        let indices = [0, 17, 71, 89, 90, 3, 55, 100, 179, 180 - 18, 40, 41]
        let offsetCount = 5
        let maps = makeMaps()
        let whole = head(maps)
        let chosen = Tensor(indices)
        let logits = Tensor.cat(whole.map(\.logits), dim: 1).reshape([-1]).indexSelect(dim: 0, chosen)
        let offsets = Tensor.cat(whole.map(\.offsets), dim: 1).reshape([-1, 4])
            .indexSelect(dim: 0, chosen.narrow(dim: 0, start: 0, length: offsetCount))
        let sites = head.atSites(
            AnchorSites(indices, anchors: anchors, grids: grids, anchorsPerCell: anchorsPerCell), of: maps,
            offsetCount: offsetCount)
        expectEqual(sites.logits, logits.array(), relative: 1e-4, absolute: 1e-5)
        expectEqual(sites.offsets, offsets.array(), relative: 1e-4, absolute: 1e-5)

        let inputs = maps + head.parameters.map(\.tensor)
        func gradientsOf(_ logits: Tensor, _ offsets: Tensor) -> [Tensor?] {
            let weights = Tensor(indices.indices.map { Float($0) - 4 })
            return gradients(of: [(logits * weights).sum() + offsets.square().sum()], for: inputs)
        }
        for (sparse, dense) in zip(gradientsOf(sites.logits, sites.offsets), gradientsOf(logits, offsets)) {
            guard let sparse, let dense else { return XCTFail("no gradient") }
            XCTAssertGreaterThan(dense.norm().item(), 0)
            expectEqual(sparse, dense.array(), relative: 1e-3, absolute: 1e-4)
        }
    }

    func testNamesAreTorchvisions() {
        XCTAssertEqual(
            Set(makeHead().namedParameters().map(\.name)),
            [
                "conv.0.0.weight", "conv.0.0.bias", "cls_logits.weight", "cls_logits.bias", "bbox_pred.weight",
                "bbox_pred.bias",
            ])
    }
}
