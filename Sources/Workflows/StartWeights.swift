import Foundation
import NN
import Tensors

/// What became of the weights that a model was to start from.
public struct StartWeights: Sendable {
    /// The file that was read.
    public let path: String
    /// What they are for: "the classifier", "the detector's backbone".
    public let target: String
    public let fit: StateDictReport
    /// What else there is to say: of the file, and of what starts fresh.
    public let notes: [String]

    /// Names of the file that the model has no place for: unknown ones, and those of another shape.
    public var unused: [String] { fit.unexpected + fit.reshaped.map(\.name) }

    /// For a person: one line, and one more for each kind of difference.
    public var summary: String {
        let all = fit.matched + fit.missing.count + fit.reshaped.count
        func line(_ title: String, _ names: [String]) -> String? {
            names.isEmpty ? nil : "  \(title) (\(names.count)): \(WeightsFile.listing(names))"
        }
        let reshaped = fit.reshaped.map { "\($0.name) (\($0.expected) here, \($0.found) in the file)" }
        let lines = [
            "\(path): \(fit.matched) of the \(all) tensors of \(target) start from it",
            line("not in the file, so fresh", fit.missing), line("of another shape, so fresh", reshaped),
            line("of the file, not used", fit.unexpected), line("more than once in the file", fit.repeated),
        ]
        return (lines.compactMap(\.self) + notes.map { "  \($0)" }).joined(separator: "\n")
    }

    /// Copies what fits of the weights that a recipe's `model.weights` names.
    ///
    /// - Throws: `RecipeFileError` where there is no such file, or where less than half of the model is in it: that is
    ///   another network's; `WeightsFileError`.
    init(_ weights: WeightsFile, into model: Module, called target: String, recipe: RecipeFile, notes: [String] = [])
        throws
    {
        path = weights.path
        self.target = target
        self.notes = weights.notes + notes
        fit = try model.loadStateDict(weights.state, strict: false)
        guard fit.matched > 0, fit.matched >= fit.missing.count + fit.reshaped.count else {
            throw recipe.error(
                at: "model.weights",
                "\(weights.path) is of another network: \(fit.matched) of its \(weights.state.count) tensors fit \(target). "
                    + "The file begins with \(Self.beginning(weights.state)); \(target) with "
                    + "\(Self.beginning(model.stateDict())). Set model.backbone to the network that it was made from")
        }
    }

    /// The weights that a recipe's `model.weights` names.
    ///
    /// - Throws: `RecipeFileError` where there is no such file; `WeightsFileError`.
    static func file(_ path: String, recipe: RecipeFile) throws -> WeightsFile {
        guard FileManager.default.fileExists(atPath: path) else {
            throw recipe.error(at: "model.weights", "there is no file \(path)")
        }
        return try WeightsFile(path)
    }

    private static func beginning(_ state: [(name: String, tensor: Tensor)]) -> String {
        state.prefix(3).map { "\($0.name) \($0.tensor.shape)" }.joined(separator: ", ")
    }
}
