import NN
import Tensors

/// A feature pyramid over a backbone's stages (Lin et al. 2017): every map gets the same channels, and each finer one the
/// coarser ones' content.
///
/// Parameters: `inner_blocks.i.0` (1×1 on stage i) and `layer_blocks.i.0` (3×3 on the sum), torchvision's names.
public final class FeaturePyramid: Module {
    package let innerBlocks: [Conv2d]
    package let layerBlocks: [Conv2d]

    /// A pyramid with fresh weights.
    ///
    /// - Parameters:
    ///   - inputs: channels of each stage, finest first.
    ///   - channels: channels of every map of the pyramid.
    public init(inputs: [Int], channels: Int) {
        innerBlocks = inputs.map { Conv2d($0, channels, kernelSize: 1) }
        layerBlocks = inputs.map { _ in Conv2d(channels, channels, kernelSize: 3, padding: 1) }
        super.init()
        for block in innerBlocks + layerBlocks {
            block.weight.initialize(.kaimingUniform(.fanIn, gain: 1))
            block.bias?.initialize(.zeros)
        }
    }

    /// The 1×1 and the 3×3 convolutions, as `inner_blocks.i.0` and `layer_blocks.i.0`.
    public override func children() -> [(name: String, module: Module)] {
        innerBlocks.enumerated().map { ("inner_blocks.\($0).0", $1) }
            + layerBlocks.enumerated().map { ("layer_blocks.\($0).0", $1) }
    }

    /// The stages' outputs `[N, inputs[i], Hᵢ, Wᵢ]`, finest first → a map `[N, channels, Hᵢ, Wᵢ]` for each, then one
    /// more: every second pixel of the coarsest, for the largest anchors. Another number of stages traps.
    public func callAsFunction(_ stages: [Tensor]) -> [Tensor] {
        precondition(
            stages.count == innerBlocks.count, "a pyramid over \(innerBlocks.count) stages got \(stages.count)")
        var maps: [Tensor] = []
        var coarser: Tensor?
        for (i, stage) in stages.enumerated().reversed() {
            let sum = innerBlocks[i](stage)
            if let coarser {
                sum.addInPlace(F.interpolate(coarser, size: [sum.shape[2], sum.shape[3]], mode: .nearest))
            }
            coarser = sum
            maps.append(layerBlocks[i](sum))
        }
        maps.reverse()
        if let coarsest = maps.last {
            maps.append(F.maxPool2d(coarsest, kernelSize: [1, 1], stride: [2, 2], padding: [0, 0]))
        }
        return maps
    }
}
