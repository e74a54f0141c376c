import Architectures
import Backbones

/// Checks by names how much of a model a file of weights covers.
///
/// The file must have the backbone's whole stem, branches and projections. Each other part (norms of RG shortcuts, weights
/// of dense shortcuts, attention, a classifier, a detector's heads) must be there completely or not at all.
struct WeightsCoverage {
    /// Names or prefixes of layers that a file may lack altogether.
    private let optionalParts: Set<String>
    private let blocks: Set<String>
    private let stages: Set<String>

    /// - Parameters:
    ///   - prefix: the prefix of the names of the backbone's tensors.
    ///   - parts: names of the model's parts beside its backbone.
    init(of backbone: Backbone, prefix: String = "", beside parts: [String] = []) {
        let plan = backbone.plan
        let planned = plan.stages.flatMap(\.blocks)
        let additions = planned.flatMap { block in block.additions.map { "\(prefix)\(block.name).\($0.name)" } }
        optionalParts = Set(additions + parts + [prefix + plan.architecture.classifierName])
        blocks = Set(planned.map { prefix + $0.name })
        stages = Set(blocks.map { String($0.prefix(upTo: $0.lastIndex(of: ".") ?? $0.endIndex)) })
    }

    /// Required tensors among the model's tensors that a file lacks.
    func lacking(_ missing: [String], from file: [String]) -> [String] {
        let begun = Set(file.compactMap { Self.part(of: $0, among: optionalParts) })
        return missing.filter { Self.part(of: $0, among: optionalParts).map(begun.contains) ?? true }
    }

    /// The tensors of a file that belong to blocks after the model's last block of a stage.
    func beyond(_ unexpected: [String]) -> [String] {
        unexpected.filter {
            Self.part(of: $0, among: stages) != nil && Self.part(of: $0, among: blocks) == nil
        }
    }

    /// Names of the blocks, in this model or not, that tensors belong to, each once.
    func blocks(of tensors: [String]) -> [String] {
        var known = Set<String>()
        return tensors.compactMap { tensor in
            guard let stage = Self.part(of: tensor, among: stages) else { return nil }
            let block = stage + "." + tensor.dropFirst(stage.count + 1).prefix { $0 != "." }
            return known.insert(block).inserted ? block : nil
        }
    }

    /// The longest name in `parts` that is a parent of a tensor's name.
    private static func part(of tensor: String, among parts: Set<String>) -> String? {
        var name = tensor
        while let dot = name.lastIndex(of: ".") {
            name = String(name[..<dot])
            if parts.contains(name) { return name }
        }
        return nil
    }
}
