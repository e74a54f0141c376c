import Architectures
import Backbones

/// How much of a model the names in a file of weights cover: which of its parts they may leave out, and which not.
///
/// A backbone's stem, branches and projections must all be there. What has layers of its own beside them (the norms of RG
/// shortcuts, weights of dense ones, attention, a classifier, a detector's heads) may be left out, but not by halves.
struct WeightsCoverage {
    /// Names of layers, or of what many of them begin with, that a file may lack altogether.
    private let optionalParts: Set<String>
    private let blocks: Set<String>
    private let stages: Set<String>

    /// - Parameters:
    ///   - prefix: what the names of the backbone's tensors begin with.
    ///   - parts: the model's parts beside its backbone.
    init(of backbone: Backbone, prefix: String = "", beside parts: [String] = []) {
        let plan = backbone.plan
        let planned = plan.stages.flatMap(\.blocks)
        let additions = planned.flatMap { block in block.additions.map { "\(prefix)\(block.name).\($0.name)" } }
        optionalParts = Set(additions + parts + [prefix + plan.architecture.classifierName])
        blocks = Set(planned.map { prefix + $0.name })
        stages = Set(blocks.map { String($0.prefix(upTo: $0.lastIndex(of: ".") ?? $0.endIndex)) })
    }

    /// The tensors that a file should have, among those of the model that it lacks.
    func lacking(_ missing: [String], from file: [String]) -> [String] {
        let begun = Set(file.compactMap { Self.part(of: $0, among: optionalParts) })
        return missing.filter { Self.part(of: $0, among: optionalParts).map(begun.contains) ?? true }
    }

    /// The tensors of a file that belong to blocks beyond the model's last in a stage.
    func beyond(_ unexpected: [String]) -> [String] {
        unexpected.filter {
            Self.part(of: $0, among: stages) != nil && Self.part(of: $0, among: blocks) == nil
        }
    }

    /// The blocks that tensors belong to, the model's or not, each once.
    func blocks(of tensors: [String]) -> [String] {
        var known = Set<String>()
        return tensors.compactMap { tensor in
            guard let stage = Self.part(of: tensor, among: stages) else { return nil }
            let block = stage + "." + tensor.dropFirst(stage.count + 1).prefix { $0 != "." }
            return known.insert(block).inserted ? block : nil
        }
    }

    /// The longest of `parts` that a tensor's name stands under.
    private static func part(of tensor: String, among parts: Set<String>) -> String? {
        var name = tensor
        while let dot = name.lastIndex(of: ".") {
            name = String(name[..<dot])
            if parts.contains(name) { return name }
        }
        return nil
    }
}
