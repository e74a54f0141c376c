import Architectures
import NN
import Tensors

/// All blocks at one resolution: what `layer1` … `layer4` of a network are. In a DenseNet, a dense block with the
/// transition in front of it.
public final class BackboneStage: Module, UnaryLayer {
    /// The plan of the blocks that the stage was built from.
    public let plan: PlannedStage
    /// How many blocks make up a segment whose activations are computed once more for the backward pass instead of
    /// being kept; nil keeps all. Where blocks share more than one output, with dense shortcuts and GS, a segment is
    /// the whole stage.
    public var checkpointedBlocks: Int?
    let blocks: [ResidualBlock]
    private let denseBlock: DenseBlock?
    private let shortcut: Shortcut

    init(_ plan: PlannedStage, of architecture: BackboneArchitecture) {
        self.plan = plan
        shortcut = architecture.shortcut
        if case .concatenation = architecture.shortcut {
            denseBlock = DenseBlock(plan)
            blocks = []
        } else {
            denseBlock = nil
            blocks = plan.blocks.map { ResidualBlock($0, of: architecture) }
        }
    }

    /// The blocks by number from 0; of a DenseNet the layers under the plan's names.
    public override func children() -> [(name: String, module: Module)] {
        denseBlock?.children ?? blocks.enumerated().map { (String($0), $1) }
    }

    /// `[N, C, H, W]` (or `[N, C, T, H, W]`) → `[N, plan.channels, H / stride, W / stride]`.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        if let denseBlock { return denseBlock(x, checkpointedLayers: checkpointedBlocks) }
        guard let checkpointedBlocks else { return run(blocks[...], x) }
        let length = isChain ? checkpointedBlocks : blocks.count
        var h = x
        for start in stride(from: 0, to: blocks.count, by: length) {
            let segment = blocks[start..<min(blocks.count, start + length)]
            h = checkpointed(h) { [self] in run(segment, $0) }
        }
        return h
    }

    private func run(_ blocks: ArraySlice<ResidualBlock>, _ x: Tensor) -> Tensor {
        var flow = StageFlow(x: Measured(value: x))
        for block in blocks { block(&flow) }
        return flow.x.value
    }

    /// Whether every block needs nothing but the output of the one before.
    private var isChain: Bool {
        switch shortcut {
        case .dense, .denseIdentity, .gs: false
        default: true
        }
    }
}
