import Architectures
import NN
import Tensors

/// h(x), what is added to F(x), and what a block leaves to the shortcuts of later ones.
extension ResidualBlock {
    /// What is added to the residual: h(x) in one addend or several.
    func shortcutTerms(_ flow: StageFlow, isRectified: Bool, projecting y: Tensor) -> [SumTerm] {
        let x = flow.x
        if planned.position == .start {
            if architecture.shortcut == .none { return [] }
            return [projection.isEmpty ? SumTerm(x.value) : projectionTerm(y)]
        }
        var rectified: SumTerm {
            term(rg, isRectified ? x.value : x.value.relu(), moments: isRectified ? x.moments : nil)
        }
        switch architecture.shortcut {
        case .none, .concatenation: return []
        case .identity, .rgb: return [SumTerm(x.value)]
        case .rg, .rbs: return [rectified]
        case .identityAndRG:
            var both = rectified
            guard isRectified else { return [both, SumTerm(x.value)] }
            both.isPlain = true
            return [both]
        case .gs:
            let source = flow.beforeReLU ?? x
            return [term(rg, source.value, moments: source.moments)]
        case .dense(_, let normalization, _):
            return flow.terms.enumerated().map { normalized($1, normalization, weights: ds, index: $0) }
        case .denseIdentity: return flow.terms.map { SumTerm($0.value) }
        }
    }

    /// One addend of a dense shortcut: w ⊙ N(x).
    func normalized(
        _ x: Measured, _ normalization: DenseNormalization, weights: TermWeights?, index: Int
    ) -> SumTerm {
        var term = SumTerm(x.value, weight: weights?.row(index), moments: x.moments)
        switch normalization {
        case .group: term.norm = .group(architecture.shortcutGroups)
        case .layer: term.norm = .group(1)
        case .instance: term.norm = .group(x.value.shape[1])
        case .batch: term.norm = .batch(runningMean: nil, runningVariance: nil, momentum: 0)
        case .none: break
        }
        return term
    }

    /// The projection of a Start; without a gradient in one pass.
    func project(_ x: Tensor) -> Tensor {
        guard let foldedProjection, foldedProjection.applies(to: x) else { return projection.reduce(x) { $1($0) } }
        return foldedProjection(projection.dropLast(2).reduce(x) { $1($0) })
    }

    /// The same as an addend, whose norm is not computed by itself.
    private func projectionTerm(_ x: Tensor) -> SumTerm {
        let isFolded = foldedProjection?.applies(to: x) ?? false
        guard !isFolded, let norm = projection.last as? any NormLayer else { return SumTerm(project(x)) }
        return norm.term(projection.dropLast().reduce(x) { $1($0) })
    }

    /// Hands the output, and what later blocks need, on.
    func leave(_ output: Measured, residual: SumTerm?, in flow: inout StageFlow) {
        flow.x = output
        guard planned.position != .end else { return }
        switch architecture.shortcut {
        case .dense(let source, _, _):
            if source == .residuals, planned.position != .start, let residual {
                flow.terms.append(Measured(value: residual.x))
            } else {
                flow.terms.append(output)
            }
        case .denseIdentity: flow.terms.append(output)
        default: break
        }
    }

    /// Whether a norm reads the block's output as it is, and by its own statistics.
    var wantsMomentsOfOutput: Bool {
        guard planned.position != .end else { return false }
        switch architecture.shortcut {
        case .rg, .identityAndRG: return true
        case .rbs: return isTraining
        case .dense(.aggregates, let normalization, _): return normalization != .none
        case .dense(.residuals, let normalization, _): return normalization != .none && planned.position == .start
        default: return false
        }
    }
}
