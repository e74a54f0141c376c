import Architectures
import NN

/// The layers of a planned block, by name.
struct BlockLayers {
    /// All layers by name, in the plan's order.
    let all: [(name: String, layer: any UnaryLayer)]
    private let byName: [String: any UnaryLayer]
    private let block: String

    init(_ planned: [PlannedLayer], of block: String) {
        all = planned.map { (name: $0.name, layer: $0.makeModule()) }
        byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0.layer) })
        self.block = block
    }

    subscript(name: String) -> (any UnaryLayer)? { byName[name] }

    func norm(_ name: String) -> (any NormLayer)? { byName[name] as? any NormLayer }

    /// A layer without which the block has no meaning; traps where the plan left it out.
    func needed(_ name: String) -> any UnaryLayer { Self.needed(byName[name], in: block) }

    static func needed<Layer>(_ layer: Layer?, in block: String) -> Layer {
        guard let layer else { preconditionFailure("\(block) was planned without a layer that its order needs") }
        return layer
    }
}
