import NN
import Recipes
import Tensors

/// All blocks at one resolution, named `0`, `1`, …: what `layer1` … `layer4` of a backbone are.
public final class BackboneStage: Module, UnaryLayer {
    public let plan: PlannedStage
    let blocks: [ResidualBlock]

    init(_ plan: PlannedStage, of recipe: BackboneRecipe) {
        self.plan = plan
        blocks = plan.blocks.map { ResidualBlock($0, of: recipe) }
    }

    public override func children() -> [(name: String, module: Module)] {
        blocks.enumerated().map { (String($0), $1) }
    }

    /// `[N, C, H, W]` (or `[N, C, T, H, W]`) → `[N, plan.channels, H / stride, W / stride]`.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        var flow = StageFlow(x: Measured(value: x))
        for block in blocks { block(&flow) }
        return flow.x.value
    }
}
