import Architectures
import Backbones
import Tensors

/// Makes a network with fresh weights, runs it, and keeps it as a file that PyTorch reads:
///
///     FirstModel MODEL WEIGHTS.pth
@main
struct FirstModel {
    static func main() throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
        guard arguments.count == 2 else { fatalError("usage: FirstModel MODEL WEIGHTS.pth") }

        Random.seed(1)
        let architecture = try Catalogue.architecture(named: arguments[0])
        let network = try Backbone(architecture)

        // Two images of 64×64 pixels: channels, height, width behind the number of images.
        let images = Tensor.randn([2, 3, 64, 64])
        network.eval()
        let (logits, features) = withoutGrad { (network(images), network.features(images)) }
        for (stage, map) in zip(network.plan.stages, features) {
            print("\(stage.name): \(map.shape), a pixel for every \(stage.stride)")
        }
        print("logits \(logits.shape) of \(network.parameterCount) parameters")

        // And one step of training.
        network.train()
        let loss = network(images).square().mean()
        loss.backward()
        let gradients = network.parameters.compactMap(\.grad)
        print("loss \(loss.item()), \(gradients.count) gradients")

        try PTH.write(network.stateDict(), to: arguments[1])
    }
}
