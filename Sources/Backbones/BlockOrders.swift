import Architectures
import Tensors

/// Where the norms and rectifiers of a block stand: the three orders.
extension ResidualBlock {
    /// out = ReLU(F(x) + h(x)).
    func original(_ flow: inout StageFlow) {
        if let output = fusedOriginal(flow.x.value) {
            return leave(Measured(value: output), residual: nil, in: &flow)
        }
        let residual = residual(finalTerm(branch(flow.x)))
        let terms = [residual] + shortcutTerms(flow, isRectified: true, projecting: flow.x.value)
        var out: Measured
        if architecture.shortcut == .gs {
            let sum = sum(terms, wantsMoments: isTraining)
            flow.beforeReLU = sum
            out = Measured(value: sum.value.relu())
        } else {
            out = sum(terms, rectified: true, wantsMoments: wantsMomentsOfOutput)
        }
        if architecture.shortcut == .rgb, let rg { out = Measured(value: rg(out.value)) }
        leave(out, residual: residual, in: &flow)
    }

    /// The same with norms, addition and ReLU in the convolutions' own passes; nil where something stands between them, or
    /// a gradient is wanted.
    private func fusedOriginal(_ x: Tensor) -> Tensor? {
        let isPlain = !isAttended && gn1 == nil && gn2 == nil && !keepsResiduals
        let isStart = planned.position == .start
        // What follows the addition in these depends on the sum before its ReLU, or is one more norm.
        let isMore = architecture.shortcut == .gs || architecture.shortcut == .rgb
        guard isPlain, !isMore, isStart || architecture.shortcut == .identity || architecture.shortcut == .none,
            let last = conv3 == nil ? folded2 : folded3, last.applies(to: x)
        else { return nil }
        let v = branch(Measured(value: x))
        guard architecture.shortcut != .none else { return last(v, activation: .relu) }
        return last(v, adding: isStart ? project(x) : x, activation: .relu)
    }

    /// a = ReLU(BN(x)); out = F(a) + h(x), where a projection takes a.
    func preActivation(_ flow: inout StageFlow) {
        let a = rectify(bn1, flow.x)
        var v = rectify(bn2, Measured(value: apply(conv1, a)))
        if conv3 != nil { v = rectify(bn3, Measured(value: apply(conv2, v))) }
        let (out, residual) = addShortcut(
            to: v, flow, isRectified: false, projecting: a, rectifies: false)
        leave(out, residual: residual, in: &flow)
    }

    /// Start, Middle and End of a stage. That the block after Start has a rectified identity is done at Start's end.
    func staged(_ identity: StagedIdentity, _ flow: inout StageFlow) {
        let isRectified = planned.index == 1 && identity == .rectified
        let v: Tensor
        if planned.position == .start {
            v = branch(flow.x)
        } else if bn0 != nil {
            v = branch(Measured(value: rectify(bn0, flow.x)))
        } else {
            v = branch(isRectified ? flow.x : Measured(value: flow.x.value.relu()))
        }
        let rectifies = planned.position == .start && identity == .rectified
        var (out, residual) = addShortcut(
            to: v, flow, isRectified: isRectified, projecting: flow.x.value, rectifies: rectifies)
        if planned.position == .end { out = Measured(value: rectify(finalNorm, out)) }
        leave(out, residual: residual, in: &flow)
    }

    /// The last convolution of `v` and its norm, if it has one, with what is added to it; without a gradient, and with
    /// one addend, in the convolution's own pass.
    private func addShortcut(
        to v: Tensor, _ flow: StageFlow, isRectified: Bool, projecting y: Tensor, rectifies: Bool
    ) -> (out: Measured, residual: SumTerm?) {
        let isOneAddend = planned.position != .start && architecture.shortcut == .identity && !isAttended
        if isOneAddend, !isTraining, let bareLast, bareLast.applies(to: v) {
            let out = bareLast(v, adding: flow.x.value, activation: rectifies ? .relu : .none)
            return (Measured(value: out), nil)
        }
        let residual = residual(bareLast == nil ? finalTerm(v) : SumTerm(apply(conv3 ?? conv2, v)))
        let terms = [residual] + shortcutTerms(flow, isRectified: isRectified, projecting: y)
        return (sum(terms, rectified: rectifies, wantsMoments: isTraining), residual)
    }
}
