import Architectures
import NN
import Tensors

/// One block of any architecture: F(x) + h(x) in the architecture's order. Its layers are here, what is computed of them in
/// `BlockOrders`, F in `BlockBranch`, h in `BlockShortcut`.
///
/// Glossary: x the block's input, `[N, C, H, W]` or `[N, C, T, H, W]`; u the rectified output of the first 1×1; v what
/// goes into the last 1×1. Everything between two convolutions is one ``F/normalizedSum(_:rectified:)``: norms are never
/// computed by themselves where something is added to them or rectifies them.
final class ResidualBlock: Module {
    let planned: PlannedBlock
    let architecture: BackboneArchitecture
    private let layers: [(name: String, layer: any UnaryLayer)]

    let conv1: (any UnaryLayer)?
    let conv2: (any UnaryLayer)?
    let conv3: (any UnaryLayer)?
    let bn0: (any NormLayer)?
    let bn1: (any NormLayer)?
    let bn2: (any NormLayer)?
    let bn3: (any NormLayer)?
    let splits: [(convolution: any UnaryLayer, norm: any NormLayer)]
    let projection: [any UnaryLayer]
    let rg: (any NormLayer)?
    let ds: TermWeights?
    let innerRG: (any NormLayer)?
    let innerWeights: TermWeights?
    let gn1: (any NormLayer)?
    let gn2: (any NormLayer)?
    let squeezeExcitation: SqueezeExcitation?
    let cbam: CBAM?
    let folded1: FoldedConvolution?
    let folded2: FoldedConvolution?
    let folded3: FoldedConvolution?
    /// The last convolution of F without a norm: in the orders that have none between it and the addition.
    let bareLast: FoldedConvolution?
    let foldedProjection: FoldedConvolution?

    init(_ planned: PlannedBlock, of architecture: BackboneArchitecture) {
        self.planned = planned
        self.architecture = architecture
        let layers = planned.layers.map { (name: $0.name, layer: $0.makeModule()) }
        let byName = Dictionary(uniqueKeysWithValues: layers.map { ($0.name, $0.layer) })
        self.layers = layers
        conv1 = byName["conv1"]
        conv2 = byName["conv2"]
        conv3 = byName["conv3"]
        bn0 = byName["bn0"] as? any NormLayer
        bn1 = byName["bn1"] as? any NormLayer
        bn2 = byName["bn2"] as? any NormLayer
        bn3 = byName["bn3"] as? any NormLayer
        splits = layers.indices.compactMap { index in
            guard let convolution = byName["convs.\(index)"], let norm = byName["bns.\(index)"] as? any NormLayer else {
                return nil
            }
            return (convolution, norm)
        }
        projection = planned.projection.compactMap { byName[$0.name] }
        rg = byName["rg"] as? any NormLayer
        ds = byName["ds"] as? TermWeights
        innerRG = byName["rg_inner"] as? any NormLayer
        innerWeights = byName["ds_inner"] as? TermWeights
        gn1 = byName["gn1"] as? any NormLayer
        gn2 = byName["gn2"] as? any NormLayer
        if let fc1 = byName["se.fc1"], let fc2 = byName["se.fc2"] {
            squeezeExcitation = SqueezeExcitation(fc1: fc1, fc2: fc2)
        } else {
            squeezeExcitation = nil
        }
        if let fc1 = byName["cbam.fc1"], let fc2 = byName["cbam.fc2"], let conv = byName["cbam.conv"],
            let bn = byName["cbam.bn"]
        {
            cbam = CBAM(fc1: fc1, fc2: fc2, conv: conv, bn: bn)
        } else {
            cbam = nil
        }
        // In the pre-activation order norms stand in front of their convolutions.
        let isFoldable = architecture.order != .preActivation
        folded1 = isFoldable ? FoldedConvolution(conv1, bn1) : nil
        folded2 = isFoldable ? FoldedConvolution(conv2, bn2) : nil
        folded3 = isFoldable ? FoldedConvolution(conv3, bn3) : nil
        let isBeforeAddition =
            switch architecture.order {
            case .original: true
            case .staged: planned.position == .start
            case .preActivation: false
            }
        bareLast = isBeforeAddition ? nil : FoldedConvolution(conv3 ?? conv2, nil)
        foldedProjection = FoldedConvolution(projection.dropLast().last, projection.last as? any NormLayer)
    }

    /// In the plan's order.
    override func children() -> [(name: String, module: Module)] {
        layers.map { ($0.name, $0.layer) }
    }

    /// The norm behind F that the addition follows, if there is one.
    var normBeforeAddition: (any NormLayer)? { bareLast == nil ? finalNorm : nil }

    func callAsFunction(_ flow: inout StageFlow) {
        switch architecture.order {
        case .original: original(&flow)
        case .preActivation: preActivation(&flow)
        case .staged(let identity): staged(identity, &flow)
        }
    }

    /// Of F, in whatever place its order puts it.
    var finalNorm: (any NormLayer)? { architecture.branch.hasMiddle ? bn3 : bn2 }

    func sum(_ terms: [SumTerm], rectified: Bool = false, wantsMoments: Bool) -> Measured {
        guard wantsMoments else { return Measured(value: F.normalizedSum(terms, rectified: rectified)) }
        let (sum, moments) = F.sumWithMoments(terms, rectified: rectified)
        return Measured(value: sum, moments: moments)
    }

    func rectify(_ norm: (any NormLayer)?, _ x: Measured) -> Tensor {
        needed(norm).rectified(x.value, moments: x.moments)
    }

    func term(_ norm: (any NormLayer)?, _ x: Tensor, moments: Tensor? = nil) -> SumTerm {
        needed(norm).term(x, moments: moments)
    }

    func apply(_ layer: (any UnaryLayer)?, _ x: Tensor) -> Tensor {
        let layer = needed(layer)
        return layer(x)
    }

    private func needed<Layer>(_ layer: Layer?) -> Layer {
        guard let layer else { preconditionFailure("\(planned.name) was planned without a layer that its order needs") }
        return layer
    }
}
