import NN
import Tensors

/// Where the pictures of a batch speak for a class (Selvaraju et al., "Grad-CAM: Visual Explanations from Deep Networks
/// via Gradient-based Localization", ICCV 2017); ``Backbone/gradCAM(_:classes:stage:)`` makes it.
///
/// With A_k the channels of a stage's output and y_c the logit of class c: α_k is the mean over all positions of
/// ∂y_c/∂A_k (equation 1), and the map is ReLU(Σ_k α_k A_k) (equation 2).
public struct GradCAM {
    /// The maps ReLU(Σ_k α_k A_k), `[N, h, w]` in the stage's size, `[N, t, h, w]` for clips. They are not brought into
    /// any range, and all zero where nothing speaks for the class.
    public let maps: Tensor
    /// The weights α of the stage's channels, `[N, channels of the stage]`.
    public let weights: Tensor
    /// The network's logits, `[N, classes]`.
    public let logits: Tensor
    /// The class of each map, from 0.
    public let classes: [Int]

    /// The logit y_c of each map's class, `[N]`.
    public var scores: Tensor { chosen(logits) }
    /// The share in the softmax of each map's class, `[N]`, in 0…1.
    public var probabilities: Tensor { chosen(logits.softmax(dim: 1)) }

    private func chosen(_ values: Tensor) -> Tensor {
        values.gather(dim: 1, index: Self.column(classes, values)).squeeze(1)
    }

    fileprivate static func column(_ classes: [Int], _ values: Tensor) -> Tensor {
        Tensor(classes.map(Int64.init), shape: [classes.count, 1], device: values.device)
    }
}

/// A map that a network can't give.
public enum GradCAMError: Error, Hashable, CustomStringConvertible {
    /// The network has no classifier, so that no class has a score.
    case noClassifier
    /// There is no stage of that index.
    case noStage(index: Int, stages: [String])
    /// There is no class of that index.
    case noClass(index: Int, classes: Int)

    /// What is missing, and what there is.
    public var description: String {
        switch self {
        case .noClassifier: "the network was built without a classifier, so no class has a score; build it with classes"
        case .noStage(let index, let stages):
            "there is no stage \(index); the network has 0…\(stages.count - 1): \(stages.joined(separator: ", "))"
        case .noClass(let index, let classes): "there is no class \(index); the network knows 0…\(classes - 1)"
        }
    }
}

extension Backbone {
    /// Grad-CAM of a batch at a stage's output (Selvaraju et al., 2017, equations 1 and 2).
    ///
    /// It runs in evaluation, with batch norm by its running statistics, whatever mode the network is in; the network's
    /// modes and the gradients of its parameters stay as they are. A batch of a wrong rank, and another number of
    /// classes than of pictures, trap.
    ///
    /// - Parameters:
    ///   - x: `[N, 3, H, W]`, or `[N, 3, T, H, W]` for a network of clips, as for the network itself.
    ///   - classes: the class of each picture, from 0; nil takes each one's likeliest.
    ///   - stage: the stage's number, from 0; nil takes the last.
    /// - Throws: ``GradCAMError``.
    public func gradCAM(_ x: Tensor, classes: [Int]? = nil, stage: Int? = nil) throws(GradCAMError) -> GradCAM {
        let index = stage ?? stages.count - 1
        guard let classCount = plan.architecture.classes, plan.classifier != nil else { throw .noClassifier }
        guard stages.indices.contains(index) else { throw .noStage(index: index, stages: plan.stages.map(\.name)) }
        precondition(
            x.rank == plan.architecture.rank.axes + 2 && classes.map { $0.count == x.shape[0] } ?? true,
            "gradCAM: a batch of \(x.shape) and \(classes.map { "\($0.count)" } ?? "no") classes, for a network of "
                + "\(plan.architecture.rank.axes) axes")
        if let strange = classes?.first(where: { !(0..<classCount).contains($0) }) {
            throw .noClass(index: strange, classes: classCount)
        }
        return asInEvaluation { gradCAM(x, classes: classes, at: index) }
    }

    private func gradCAM(_ x: Tensor, classes: [Int]?, at index: Int) -> GradCAM {
        // The output itself is what is differentiated by, so nothing in front of it needs a record.
        let activation = withoutGrad { (0...index).reduce(stem(x)) { self.stage($1, $0) } }
            .detached().requiringGrad()
        let (logits, chosen, gradient) = withGrad {
            let last = (index + 1..<stages.count).reduce(activation) { self.stage($1, $0) }
            let logits = classifier(last)
            let chosen = classes ?? logits.detached().argmax(dim: 1).array(Int.self)
            // No picture has a part in another's score, so the sum has every picture's own gradient.
            let scores = logits.gather(dim: 1, index: GradCAM.column(chosen, logits)).sum()
            return (logits.detached(), chosen, gradients(of: [scores], for: [activation])[0])
        }
        return withoutGrad {
            let a = activation.detached()
            let weights = (gradient ?? Tensor.zerosLike(a)).flatten(from: 2).mean([2])
            let spread = weights.reshape(weights.shape + a.shape.dropFirst(2).map { _ in 1 })
            return GradCAM(maps: (spread * a).sum([1]).relu(), weights: weights, logits: logits, classes: chosen)
        }
    }

    /// Runs `body` in evaluation and with every activation kept, then puts all back: a segment that is made anew would
    /// hand its parameters gradients.
    private func asInEvaluation<R>(_ body: () -> R) -> R {
        let modes = namedModules().map { (module: $0.module, isTraining: $0.module.isTraining) }
        let segments = stages.map(\.checkpointedBlocks)
        eval()
        for stage in stages { stage.checkpointedBlocks = nil }
        defer {
            // Parents first: what differs from its parent is put right after it.
            for (module, isTraining) in modes where module.isTraining != isTraining { module.train(isTraining) }
            for (stage, blocks) in zip(stages, segments) { stage.checkpointedBlocks = blocks }
        }
        return body()
    }
}
