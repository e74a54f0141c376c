import NN
import Tensors

/// A backbone that is only used for inference, as fast as it goes: norms folded into the convolutions before them,
/// additions and ReLUs in the convolutions' own passes, no autograd. What can't be fused runs as it is.
///
/// Made by ``Backbone/optimizedForInference(_:)``. Logits and features equal the backbone's in evaluation within the
/// rounding of its type: 1e-4 of their size in float32.
public final class OptimizedBackbone {
    /// The network that it runs, in evaluation and frozen.
    public let backbone: Backbone
    /// What it takes and returns: float32, or bfloat16.
    public let dtype: DType
    /// What it computes in. bfloat16 only where the device multiplies it: a CPU that would imitate it is several times
    /// as fast in float32, and no less exact.
    public let computation: DType

    init(_ backbone: Backbone, _ dtype: DType) {
        precondition(
            dtype == .float32 || dtype == .bfloat16, "optimizedForInference: \(dtype); it takes float32 or bfloat16")
        self.backbone = backbone
        self.dtype = dtype
        let device = backbone.parameters.first?.tensor.device ?? .cpu
        computation = dtype == .bfloat16 && device.multipliesBFloat16 ? .bfloat16 : .float32
        backbone.eval()
        backbone.setRequiresGrad(false)
        backbone.useChannelsLast()
        backbone.convert(to: computation)
    }

    /// `[N, 3, H, W]` or `[N, 3, T, H, W]` of any floating-point type → logits, `[N, classes]`, in ``dtype``. No
    /// gradient flows.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        withoutGrad { backbone(x.to(computation)).to(dtype) }
    }

    /// The output of every stage, as ``Backbone/features(_:)`` gives them, in ``dtype``. No gradient flows.
    public func features(_ x: Tensor) -> [Tensor] {
        withoutGrad { backbone.features(x.to(computation)).map { $0.to(dtype) } }
    }
}

extension Backbone {
    /// Makes this network one for inference alone, from now on: it is put into evaluation and frozen, and its weights
    /// take the type that is computed in. Later changes of the weights are seen. A type other than float32 and bfloat16
    /// traps.
    public func optimizedForInference(_ dtype: DType = .float32) -> OptimizedBackbone {
        OptimizedBackbone(self, dtype)
    }
}
