import NN
import Tensors

/// Class logits and box offsets of every default box: for each map a 3×3 convolution for both, `classification.i` and
/// `regression.i`. Class 0 is the background; a box's offsets are the same for all classes.
public final class SSDHead: Module {
    let classification: ModuleList<Conv2d>
    let regression: ModuleList<Conv2d>
    private let classCount: Int
    /// Both of a map.
    private let joined: [JoinedConvolution]

    init(_ maps: [SSDPlan.Map], classCount: Int) {
        self.classCount = classCount
        func convolutions(_ outputsPerBox: Int) -> ModuleList<Conv2d> {
            ModuleList(
                maps.map { map in
                    let layer = Conv2d(map.channels, map.boxesPerCell * outputsPerBox, kernelSize: 3, padding: 1)
                    layer.weight.initialize(.xavierUniform)
                    layer.bias?.initialize(.zeros)
                    return layer
                })
        }
        classification = convolutions(classCount + 1)
        regression = convolutions(4)
        joined = zip(classification, regression).map { JoinedConvolution([$0, $1]) }
    }

    /// Feature maps, finest first → logits `[N, A, 1 + classes]` and offsets `[N, A, 4]`, in the default boxes' order.
    func callAsFunction(_ maps: [Tensor]) -> (logits: Tensor, offsets: Tensor) {
        let outputs = zip(joined, maps).map { $0($1) }
        func rows(_ part: Int, _ width: Int) -> Tensor {
            Tensor.cat(
                outputs.map { $0[part].permute([0, 2, 3, 1]).reshape([$0[part].shape[0], -1, width]) }, dim: 1)
        }
        return (rows(0, classCount + 1), rows(1, 4))
    }
}

/// A coarser map of the one before: 1×1, norm, ReLU, then the convolution that shrinks, norm, ReLU.
final class ExtraMapLayer: Module, UnaryLayer {
    let conv1: Conv2d
    let bn1: BatchNorm
    let conv2: Conv2d
    let bn2: BatchNorm
    private let folded: [FoldedConvolution?]

    init(_ plan: SSDPlan.ExtraMap, inputs: Int) {
        conv1 = Conv2d(inputs, plan.middle, kernelSize: 1, bias: false)
        bn1 = BatchNorm(plan.middle)
        conv2 = Conv2d(
            plan.middle, plan.outputs, kernelSize: plan.kernelSize, stride: plan.stride, padding: plan.padding,
            bias: false)
        bn2 = BatchNorm(plan.outputs)
        folded = [FoldedConvolution(conv1, bn1), FoldedConvolution(conv2, bn2)]
        super.init()
        for layer in [conv1, conv2] { layer.weight.initialize(.xavierUniform) }
    }

    override func children() -> [(name: String, module: Module)] {
        [("conv1", conv1), ("bn1", bn1), ("conv2", conv2), ("bn2", bn2)]
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        zip(folded, [(conv1, bn1), (conv2, bn2)]).reduce(x) { x, layer in
            if let folded = layer.0, folded.applies(to: x) { return folded(x, activation: .relu) }
            return layer.1.1.rectified(layer.1.0(x))
        }
    }
}
