import Tensors

/// A state dict without what programs put around a network: prefixes of every name, and tensors of their own.
struct UnwrappedNames {
    /// The network's tensors under the network's own names.
    private(set) var state: [(name: String, tensor: Tensor)]
    /// Lines that tell a person what was taken off and left out.
    private(set) var notes: [String] = []

    /// First parts of names that PyTorch's DataParallel, its compiler, Lightning and averages of weights put in front.
    private static let wrappers: Set<String> = [
        "module", "_orig_mod", "model", "net", "network", "model_ema", "ema_model", "ema", "detector",
    ]
    /// The first layer of every network that is known here.
    private static let firstLayers = [
        "conv1.weight", "features.conv0.weight", "backbone.conv1.weight", "backbone.body.conv1.weight",
        "backbone.bottom_up.stem.conv1.weight", "stem.conv1.weight",
    ]

    init(_ given: [(name: String, tensor: Tensor)]) {
        state = given
        leaveOutAverages()
        var prefix = ""
        while let first = state.first?.name.prefix(while: { $0 != "." }), Self.wrappers.contains(String(first)),
            state.allSatisfy({ $0.name.hasPrefix("\(first).") })
        {
            prefix += "\(first)."
            state = state.map { (String($0.name.dropFirst(first.count + 1)), $0.tensor) }
        }
        if !prefix.isEmpty { notes.append("'\(prefix)' removed from every name") }
        keepTheNetwork()
    }

    /// Leaves out the counter of `torch.optim.swa_utils.AveragedModel`, and the averages that mmdetection keeps beside the
    /// weights under names without dots.
    private mutating func leaveOutAverages() {
        let kept = state.filter {
            $0.name != "n_averaged" && !($0.name.hasPrefix("ema_") && !$0.name.contains("."))
        }
        guard kept.count < state.count, !kept.isEmpty else { return }
        notes.append("left out: \(state.count - kept.count) tensors of averaged weights")
        state = kept
    }

    /// Lightning keeps losses and metrics with tensors beside the network: of these names, those under one prefix stay.
    private mutating func keepTheNetwork() {
        let names = Set(state.map(\.name))
        guard !Self.firstLayers.contains(where: names.contains) else { return }
        for wrapper in Self.wrappers.sorted()
        where Self.firstLayers.contains(where: { names.contains("\(wrapper).\($0)") }) {
            let prefix = wrapper + "."
            let others = state.filter { !$0.name.hasPrefix(prefix) }.map(\.name)
            notes.append("'\(prefix)' removed; left out: \(WeightsFile.listing(others, limit: 3))")
            state = state.filter { $0.name.hasPrefix(prefix) }.map {
                (String($0.name.dropFirst(prefix.count)), $0.tensor)
            }
            return
        }
    }
}
