import Architectures
import Backbones
import Tensors
import XCTest

/// State dicts as torchvision's ResNets and the official iResNet code name them, from the rules by which their modules
/// are made: whatever has these names and shapes loads.
final class PublishedNamesTests: XCTestCase {
    /// A network as the papers' tables give it.
    private struct Published {
        var blocks: [Int]
        var isBottleneck = true
        var groups = 1
        /// Channels of a group at 64 planes.
        var width = 64
        var isStaged = false

        typealias Entry = (name: String, shape: [Int])

        private func norm(_ name: String, _ channels: Int) -> [Entry] {
            ["weight", "bias", "running_mean", "running_var"].map { ("\(name).\($0)", [channels]) }
                + [("\(name).num_batches_tracked", [])]
        }

        private func convolution(_ name: String, _ outputs: Int, _ inputs: Int, _ side: Int) -> [Entry] {
            [("\(name).weight", [outputs, inputs, side, side])]
        }

        var stateDict: [Entry] {
            var entries = convolution("conv1", 64, 3, 7) + norm("bn1", 64)
            var inputs = 64
            for (stage, count) in blocks.enumerated() {
                let planes = 64 << stage
                let outputs = isBottleneck ? 4 * planes : planes
                for i in 0..<count {
                    let block = "layer\(stage + 1).\(i)"
                    entries += branch(block, i, of: count, inputs: inputs, planes: planes, outputs: outputs)
                    // iResNet's first stage strides as well; a projection that only pools has no weights.
                    if i == 0 && (inputs != outputs || stage > 0) {
                        let first = isStaged ? 1 : 0
                        entries += convolution("\(block).downsample.\(first)", outputs, inputs, 1)
                        entries += norm("\(block).downsample.\(first + 1)", outputs)
                    }
                    inputs = outputs
                }
            }
            return entries + [("fc.weight", [1000, inputs]), ("fc.bias", [1000])]
        }

        private func branch(_ block: String, _ i: Int, of count: Int, inputs: Int, planes: Int, outputs: Int) -> [Entry]
        {
            let middle = planes * width / 64 * groups
            var entries: [Entry] = []
            if isStaged && i > 1 { entries += norm("\(block).bn0", inputs) }
            if isBottleneck {
                entries += convolution("\(block).conv1", middle, inputs, 1) + norm("\(block).bn1", middle)
                entries += convolution("\(block).conv2", middle, middle / groups, 3) + norm("\(block).bn2", middle)
                entries += convolution("\(block).conv3", outputs, middle, 1)
            } else {
                entries += convolution("\(block).conv1", planes, inputs, 3) + norm("\(block).bn1", planes)
                entries += convolution("\(block).conv2", planes, planes, 3)
            }
            // In a stage of iResNet, Start and End alone norm behind the last convolution.
            if !isStaged || i == 0 || i == count - 1 {
                entries += norm("\(block).bn\(isBottleneck ? 3 : 2)", outputs)
            }
            return entries
        }
    }

    private static let depths = [
        18: [2, 2, 2, 2], 34: [3, 4, 6, 3], 50: [3, 4, 6, 3], 101: [3, 4, 23, 3], 152: [3, 8, 36, 3],
        200: [3, 24, 36, 3], 302: [4, 34, 58, 4], 404: [4, 46, 80, 4],
    ]

    private func expect(_ model: String, is published: Published) throws {
        let planned = try Catalogue.architecture(named: model).plan().tensors
        let expected = published.stateDict
        XCTAssertEqual(planned.map(\.name), expected.map(\.name), model)
        XCTAssertEqual(planned.map(\.shape), expected.map(\.shape), model)
    }

    func testTorchvisionsNames() throws {
        for depth in [18, 34, 50, 101, 152] {
            let blocks = try XCTUnwrap(Self.depths[depth])
            try expect("resnet\(depth)", is: Published(blocks: blocks, isBottleneck: depth >= 50))
        }
        try expect("resnext50_32x4d", is: Published(blocks: [3, 4, 6, 3], groups: 32, width: 4))
        try expect("resnext101_32x8d", is: Published(blocks: [3, 4, 23, 3], groups: 32, width: 8))
        try expect("resnext101_64x4d", is: Published(blocks: [3, 4, 23, 3], groups: 64, width: 4))
        try expect("wideresnet50_2", is: Published(blocks: [3, 4, 6, 3], width: 128))
        try expect("wideresnet101_2", is: Published(blocks: [3, 4, 23, 3], width: 128))
    }

    func testTheOfficialIResNetsNames() throws {
        for (depth, blocks) in Self.depths {
            try expect("iresnet\(depth)", is: Published(blocks: blocks, isBottleneck: depth >= 50, isStaged: true))
        }
    }

    func testStateDictsOfTheseNamesLoadWholly() throws {
        for (model, published) in [
            ("iresnet50", Published(blocks: [3, 4, 6, 3], isStaged: true)),
            ("iresnet101", Published(blocks: [3, 4, 23, 3], isStaged: true)),
            ("iresnet152", Published(blocks: [3, 8, 36, 3], isStaged: true)),
            ("iresnet200", Published(blocks: [3, 24, 36, 3], isStaged: true)),
            ("resnet50", Published(blocks: [3, 4, 6, 3])),
            ("resnext50_32x4d", Published(blocks: [3, 4, 6, 3], groups: 32, width: 4)),
            ("wideresnet50_2", Published(blocks: [3, 4, 6, 3], width: 128)),
        ] {
            let network = try Backbone(Catalogue.architecture(named: model))
            // Each tensor holds its place in the list.
            let state = published.stateDict.enumerated().map { i, entry in
                (entry.name, Tensor(Double(i)).expand(entry.shape))
            }
            let report = try network.loadStateDict(state)
            XCTAssertEqual(report.matched, state.count, model)
            for (i, entry) in network.stateDict().enumerated() {
                XCTAssertEqual(entry.tensor.to(.float32).amax().item(), Double(i), "\(model) \(entry.name)")
                XCTAssertEqual(entry.tensor.to(.float32).amin().item(), Double(i), "\(model) \(entry.name)")
            }
            // Without one of them it does not.
            XCTAssertThrowsError(try network.loadStateDict(Array(state.dropFirst())))
        }
    }
}
