import Architectures

/// Makes networks as values and counts what is in them, without a tensor:
///
///     PlanBackbone
@main
struct PlanBackbone {
    static func main() throws {
        // A named network is a value; so is one that nobody named.
        let iresnet = try Catalogue.architecture(named: "iresnet50")
        let mixed = iresnet.with {
            $0.shortcut = .identityAndRG
            $0.attention = .squeezeExcitation()
        }
        let onClips = mixed.onVideo(classes: 400)

        for (name, architecture) in [("iResNet-50", iresnet), ("with RG and SE", mixed), ("on clips", onClips)] {
            let plan = try architecture.plan()
            let stages = plan.stages.map { "\($0.name) \($0.channels)/\($0.stride)" }.joined(separator: ", ")
            print("\(name): \(plan.parameterCount) parameters; \(stages)")
        }

        // What has no meaning is refused before anything is built.
        do {
            _ = try iresnet.with { $0.shortcut = .gs }.plan()
        } catch {
            print("refused: \(error)")
        }
    }
}
