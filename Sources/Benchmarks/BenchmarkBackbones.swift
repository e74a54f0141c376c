import Architectures
import Backbones
import NN
import Tensors

extension Benchmark {
    /// Measures the inference of each network on one batch of noise: optimized for it, and as it is.
    func runInference(_ inputs: Inputs) throws {
        for name in inputs.models {
            let architecture = try BackboneArchitecture(text: name)
            Random.seed(0)
            let images = Tensor.randn([inputs.batch, 3] + extents(of: architecture))
            for dtype in [DType.float32, .bfloat16] where isWanted("\(name) inference \(dtype)") {
                let network = try Backbone(architecture).optimizedForInference(dtype)
                measure("\(name) inference \(dtype)", batch: inputs.batch, warmUp: 2, runs: 11) { _ = network(images) }
            }
            for dtype in [DType.float32, .bfloat16] where isWanted("\(name) as it is \(dtype)") {
                let network = try Backbone(architecture)
                network.eval()
                network.convert(to: dtype)
                let images = images.to(dtype)
                measure("\(name) as it is \(dtype)", batch: inputs.batch, warmUp: 2, runs: 11) {
                    withoutGrad { _ = network(images) }
                }
            }
        }
    }

    /// Measures a training step of each network: forward, cross-entropy, backward, and SGD with momentum and weight decay, on
    /// one batch of noise. To compare peak memory, name only one network in each call.
    func runBackbones(_ inputs: Inputs) throws {
        let ending =
            (inputs.precision == .float32 ? "" : " \(inputs.precision)") + (inputs.usesLeanMemory ? " lean" : "")
        if let rounds = inputs.rounds {
            let cases = try inputs.models.map { ("\($0) training step\(ending)", try trainingStep(of: $0, inputs)) }
            return measureInTurn(cases, batch: inputs.batch, warmUp: 1, runs: rounds)
        }
        for name in inputs.models {
            let step = try trainingStep(of: name, inputs)
            measure("\(name) training step\(ending)", batch: inputs.batch, warmUp: 1, runs: 5, step)
        }
    }

    private func trainingStep(of name: String, _ inputs: Inputs) throws -> () -> Void {
        let batch = inputs.batch
        let architecture = try BackboneArchitecture(text: name)
        Random.seed(0)
        let network = try Backbone(architecture)
        let optimizer = SGD(
            groups: ParameterGroup.split(network, weightDecay: 1e-4), learningRate: 0.01, momentum: 0.9)
        let images = Tensor.randn([batch, 3] + extents(of: architecture))
        let labels = Tensor((0..<batch).map { Int64($0 % (architecture.classes ?? 1)) })
        return {
            optimizer.zeroGrad()
            func forward() -> Tensor { Self.computing(in: inputs.precision) { network(images) } }
            let logits = (inputs.usesLeanMemory ? withLeanMemory(forward) : forward()).to(.float32)
            F.crossEntropy(logits, labels).backward()
            optimizer.step()
        }
    }

    /// The input size that papers use.
    func extents(of architecture: BackboneArchitecture) -> [Int] {
        architecture.rank == .video ? [16, 112, 112] : architecture.stem == .cifar ? [32, 32] : [224, 224]
    }
}
