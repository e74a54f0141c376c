import Architectures
import NN
import Tensors

/// F of a block without its last convolution, which is computed with the addition: conv-norm-ReLU, and in a bottleneck
/// the 3×3 behind it.
///
/// The norms are those behind the convolutions. In the pre-activation order F is called on a = ReLU(BN(x)), so `bn2` is the
/// norm behind `conv1`, and none is left for the last convolution.
///
/// Glossary: u the rectified output of the first 1×1; v what goes into the last convolution.
struct BlockBranch {
    /// The last convolution, with the norm that the addition follows, if there is one.
    let last: NormedConvolution
    private let first: NormedConvolution
    /// The 3×3 in the middle; nil in a basic branch.
    private let middle: BranchMiddle?
    private let gn1: (any NormLayer)?

    init(_ planned: PlannedBlock, of architecture: BackboneArchitecture, _ layers: BlockLayers) {
        let isPreActivation = architecture.order == .preActivation
        func normed(_ number: Int, _ norm: Int?) -> NormedConvolution {
            // Pre-activated blocks leave their norms as they are, in inference too.
            NormedConvolution(
                layers.needed("conv\(number)"), norm.flatMap { layers.norm("bn\($0)") },
                folds: !isPreActivation || norm == nil)
        }
        let count = architecture.branch.hasMiddle ? 3 : 2
        let hasLastNorm =
            switch architecture.order {
            case .original: true
            case .preActivation: false
            case .staged: planned.position == .start
            }
        first = normed(1, isPreActivation ? 2 : 1)
        last = normed(count, hasLastNorm ? count : nil)
        let splits = Res2NetSplits(planned, layers)
        middle =
            count == 2
            ? nil
            : BranchMiddle(
                convolution: splits == nil ? normed(2, isPreActivation ? 3 : 2) : nil, splits: splits,
                shortcut: InnerBlockShortcut(architecture, layers), gn2: layers.norm("gn2"))
        gn1 = layers.norm("gn1")
    }

    /// v for the input of F, which is x, or a in the pre-activation order.
    func callAsFunction(_ x: Tensor) -> Tensor {
        let readsMoments = gn1 == nil && middle?.shortcut?.readsMoments ?? false
        var u = first.rectified(x, wantsMoments: readsMoments)
        if let gn1 { u = Measured(value: gn1(u.value)) }
        return middle?(u, isRectified: gn1 == nil) ?? u.value
    }
}
