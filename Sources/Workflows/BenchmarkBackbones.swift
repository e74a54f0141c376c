import Backbones
import NN
import Recipes
import Tensors

extension Benchmark {
    /// A training step of each network as `train_step.py` takes it: forward, cross-entropy, backward, and SGD with
    /// momentum and weight decay, on one batch of noise. The peak memory is the process's: name one network a run.
    func runBackbones(_ inputs: Inputs) throws {
        for name in inputs.models {
            let recipe = try Catalogue.recipe(named: name)
            let extents = recipe.rank == .video ? [16, 112, 112] : recipe.stem == .cifar ? [32, 32] : [224, 224]
            Random.seed(0)
            let network = try Backbone(recipe)
            let optimizer = SGD(
                groups: ParameterGroup.split(network, weightDecay: 1e-4), learningRate: 0.01, momentum: 0.9)
            let images = Tensor.randn([inputs.batch, 3] + extents)
            let labels = Tensor((0..<inputs.batch).map { Int64($0 % (recipe.classes ?? 1)) })
            measure("\(name) training step", batch: inputs.batch, warmUp: 1, runs: 5) {
                optimizer.zeroGrad()
                F.crossEntropy(network(images), labels).backward()
                optimizer.step()
            }
        }
    }
}
