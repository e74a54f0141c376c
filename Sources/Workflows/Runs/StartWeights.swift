import Architectures
import Backbones
import Detectors
import Foundation
import NN
import Tensors

/// Which weights of a file a model started from, and which parts of it start fresh.
public struct StartWeights: Sendable {
    /// The file that was read.
    public let path: String
    /// What the weights are for: "the classifier", "the detector's backbone".
    public let target: String
    /// Which tensors of file and model match.
    public let fit: StateDictReport
    /// Names of tensors that start fresh, whatever their shape, because the file's classes are not the data's.
    public let ofOtherClasses: [String]
    /// More lines for a person, about the file and the parts that start fresh.
    public let notes: [String]

    /// Names of the file's tensors that the model does not use: unknown ones, those of another shape or of other classes.
    public var unused: [String] { fit.unexpected + fit.reshaped.map(\.name) + ofOtherClasses }

    /// Text for a person: one line, and another for each kind of difference.
    public var summary: String {
        let all = fit.matched + fit.missing.count + fit.reshaped.count
        func line(_ title: String, _ names: [String]) -> String? {
            names.isEmpty ? nil : "  \(title) (\(names.count)): \(WeightsFile.listing(names))"
        }
        let reshaped = fit.reshaped.map { "\($0.name) (\($0.expected) here, \($0.found) in the file)" }
        let lines = [
            "\(path): \(fit.matched) of the \(all) tensors of \(target) start from it",
            line("not in the file, so fresh", fit.missing.filter { !ofOtherClasses.contains($0) }),
            line("of another shape, so fresh", reshaped), line("of other classes, so fresh", ofOtherClasses),
            line("of the file, not used", fit.unexpected), line("more than once in the file", fit.repeated),
        ]
        return (lines.compactMap(\.self) + notes.map { "  \($0)" }).joined(separator: "\n")
    }

    /// The layers that have rows for each class. They start fresh if the data have other classes than the file.
    public struct Head: Sendable {
        /// The prefix of the layers' names.
        let name: String
        /// The tensor with one row for each class.
        let scores: String
        /// Rows of `scores` for the background, divided by `rowsPerClass`.
        let background: Int
        /// Rows of `scores` for each class.
        let rowsPerClass: Int

        /// The last layer of a classifier: `fc`, or `classifier` of a DenseNet. Nil for a network without one.
        init?(of network: Backbone) {
            guard let classifier = network.plan.classifier else { return nil }
            self.init(name: classifier.name, scores: classifier.name + ".weight", background: 0, rowsPerClass: 1)
        }

        private init(name: String, scores: String, background: Int, rowsPerClass: Int) {
            self.name = name
            self.scores = scores
            self.background = background
            self.rowsPerClass = rowsPerClass
        }

        static let boxPredictor = Head(
            name: "roi_heads.box_predictor", scores: "roi_heads.box_predictor.cls_score.weight", background: 1,
            rowsPerClass: 1)

        /// An SSD's head has a row for each class and each default box of a cell. Its boxes are the same for all
        /// classes, so `head.regression` stays.
        static func defaultBoxes(of plan: SSDPlan) -> Head {
            Head(
                name: "head.classification", scores: "head.classification.0.weight", background: 1,
                rowsPerClass: plan.maps[0].boxesPerCell)
        }

        /// Whether a tensor belongs to these layers.
        func holds(_ tensor: String) -> Bool { tensor.hasPrefix(name + ".") }

        /// Whether the two shapes differ only in the number of classes.
        func explains(_ reshaped: StateDictReport.Reshaped) -> Bool {
            holds(reshaped.name) && reshaped.expected.dropFirst() == reshaped.found.dropFirst()
        }

        func note(_ reshaped: [StateDictReport.Reshaped]) -> String? {
            guard !reshaped.isEmpty else { return nil }
            guard let scores = reshaped.first(where: { $0.name == scores }) else {
                return "the file has other classes than the data, so \(name) starts fresh"
            }
            func classes(_ shape: [Int]) -> Int { shape[0] / rowsPerClass - background }
            return "the file has \(classes(scores.found)) classes and the data have "
                + "\(classes(scores.expected)), so \(name) starts fresh"
        }

        /// A line saying that the head starts fresh, because the file has as many classes but other names.
        func note(_ found: [String], insteadOf wanted: [String]) -> String {
            "the file's classes are \(WeightsFile.listing(found, limit: 6)) and the data's "
                + "\(WeightsFile.listing(wanted, limit: 6)), so \(name) starts fresh"
        }
    }

    /// Copies the weights that a recipe's `model.weights` names into a backbone, as far as they fit. For a network of clips,
    /// weights of its 2D form are inflated.
    ///
    /// - Parameters:
    ///   - parts: Parts of the backbone that the file may lack, such as "layer4".
    ///   - classNames: The data's class names, for a backbone with a classifier.
    /// - Throws: as the other `init`.
    package init(
        _ weights: WeightsFile, into network: Backbone, beside parts: [String] = [], classNames: [String]? = nil,
        called target: String, recipe: RecipeFile, notes: [String] = []
    ) throws {
        try self.init(
            weights, as: weights.inflated(for: network), into: network,
            covering: WeightsCoverage(of: network, beside: parts),
            head: Head(of: network), classNames: classNames, called: target, recipe: recipe, notes: notes)
    }

    /// Copies the weights that a recipe's `model.weights` names into a model, as far as they fit.
    ///
    /// - Parameters:
    ///   - adapted: The weights in the model's form; nil takes `weights` as they are.
    ///   - classNames: The data's class names. The head starts fresh if the checkpoint has others, or another order.
    /// - Throws: `RecipeFileError` if the weights are another network's: a tensor outside the head has another shape, one
    ///   that `coverage` requires is not in the file, or the file has more blocks.
    init(
        _ weights: WeightsFile, as adapted: WeightsFile? = nil, into model: Module, covering coverage: WeightsCoverage,
        head: Head?, classNames: [String]?, called target: String, recipe: RecipeFile, notes: [String] = []
    ) throws {
        path = weights.path
        self.target = target
        var adapted = adapted ?? weights
        var notes = adapted.notes + notes
        var ofOtherClasses: [String] = []
        if let head, let found = adapted.classNames, let classNames, found.count == classNames.count,
            found != classNames
        {
            ofOtherClasses = adapted.state.map(\.name).filter(head.holds)
            adapted = adapted.renamed { $0.filter { !head.holds($0.name) } }
            notes.append(head.note(found, insteadOf: classNames))
        }
        self.ofOtherClasses = ofOtherClasses
        fit = try model.loadStateDict(adapted.state, strict: false)
        let remade = fit.reshaped.filter { head?.explains($0) ?? false }
        self.notes = notes + [head?.note(remade)].compactMap(\.self)
        let strange = fit.reshaped.filter { !remade.contains($0) }
        func refusal(_ reason: String) -> RecipeFileError {
            recipe.error(at: "model.weights", "\(path) \(reason). \(Self.advice(weights.state))")
        }
        if let first = strange.first {
            throw refusal(
                "is of another network: \(strange.count) of its tensors have other shapes than \(target)'s, first "
                    + "\(first.name): \(first.expected) here, \(first.found) in the file")
        }
        let lacking = coverage.lacking(fit.missing, from: adapted.state.map(\.name))
        if let first = lacking.first {
            guard 2 * fit.matched >= weights.state.count || fit.matched > lacking.count else {
                throw refusal(
                    "is of another network: \(fit.matched) of its \(weights.state.count) tensors fit \(target). "
                        + "The file begins with \(Self.beginning(weights.state)); \(target) with "
                        + Self.beginning(model.stateDict()))
            }
            guard lacking.count > 1 else { throw refusal("has only a part of \(target): \(first) is missing") }
            let blocks = coverage.blocks(of: lacking)
            throw refusal(
                "has only a part of \(target): \(lacking.count) tensors are missing, first \(first)"
                    + (blocks.isEmpty ? "" : ", in \(WeightsFile.listing(blocks, limit: 3))"))
        }
        let beyond = coverage.beyond(fit.unexpected)
        if let first = beyond.first {
            throw refusal(
                "is of a deeper network: \(target) has no place for \(beyond.count) of its tensors, first \(first), in "
                    + WeightsFile.listing(coverage.blocks(of: beyond), limit: 3))
        }
    }

    /// Reads the weights that a recipe's `model.weights` names.
    ///
    /// - Throws: `RecipeFileError` if there is no such file; `WeightsFileError`.
    static func file(_ path: String, recipe: RecipeFile) throws -> WeightsFile {
        guard FileManager.default.fileExists(atPath: path) else {
            throw recipe.error(at: "model.weights", "there is no file \(path)")
        }
        return try WeightsFile(path)
    }

    private static func beginning(_ state: [(name: String, tensor: Tensor)]) -> String {
        state.prefix(3).map { "\($0.name) \($0.tensor.shape)" }.joined(separator: ", ")
    }

    /// What to do about weights of another network. It names the network that they fit, if the catalogue has it.
    private static func advice(_ state: [(name: String, tensor: Tensor)]) -> String {
        let body = "backbone.body."
        let ofDetector = state.filter { $0.name.hasPrefix(body) }.map {
            (name: String($0.name.dropFirst(body.count)), shape: $0.tensor.shape)
        }
        let names = Catalogue.names(
            ofState: ofDetector.isEmpty ? state.map { ($0.name, $0.tensor.shape) } : ofDetector)
        guard !names.isEmpty else {
            return "Set model to the network that the file was made from, or name a file of this one"
        }
        return "Its \(ofDetector.isEmpty ? "tensors" : "backbone's tensors") are those of "
            + "\(WeightsFile.listing(names, limit: 3)): set model to the network that it was made from, or name a file of "
            + "this one"
    }
}

extension WeightsFile {
    /// Weights of the 2D form of a network of clips, turned into weights of the network; other weights stay as they are.
    func inflated(for network: Backbone) -> WeightsFile {
        guard network.plan.architecture.rank == .video else { return self }
        let inflated = network.inflating(state)
        let count = zip(state, inflated).count { $0.tensor.rank != $1.tensor.rank }
        guard count > 0 else { return self }
        return WeightsFile(
            self, state: inflated,
            notes: ["weights of pictures: \(count) kernels repeated over time and divided by their length there"])
    }
}
