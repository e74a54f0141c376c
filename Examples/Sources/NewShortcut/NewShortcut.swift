import Architectures
import Backbones
import DataPipeline
import Media
import NN
import SampleSets
import Tensors

/// Trains three small networks that differ in the shortcut of their last blocks alone, and shows their losses:
///
///     NewShortcut [STEPS]
@main
struct NewShortcut {
    static func main() throws {
        let steps = CommandLine.arguments.dropFirst().first.flatMap(Int.init) ?? 200
        let (images, labels) = shapes(count: 96, side: 32)
        for shortcut in Shortcut.allCases {
            Random.seed(1)
            let network = try Network(shortcut, classes: ShapeSampleSet.classNames.count)
            let optimizer = SGD(
                groups: ParameterGroup.split(network, weightDecay: 1e-4), learningRate: 0.05, momentum: 0.9)
            var losses: [Double] = []
            for _ in 0..<steps {
                optimizer.zeroGrad()
                let loss = F.crossEntropy(network(images), labels)
                loss.backward()
                optimizer.step()
                losses.append(loss.item())
            }
            let gate = network.blocks.first?.gate.map { ", gate \($0.tensor.abs().mean().item())" } ?? ""
            print("\(shortcut): \(network.parameterCount) parameters, loss \(losses[0]) → \(losses[steps - 1])\(gate)")
        }
    }

    /// The first two stages of a ResNet for 32×32 pixels, two blocks of ours, and a classifier.
    final class Network: Module {
        let trunk: Backbone
        let blocks: ModuleList<GatedBlock>
        let fc: Linear

        init(_ shortcut: Shortcut, classes: Int) throws {
            let architecture = try Catalogue.architecture(named: "resnet18").with {
                $0.stem = .cifar
                $0.stemWidth = 16
                $0.planes = [16, 32, 64, 128]
                $0.depths = [1, 1, 1, 1]
            }
            trunk = try Backbone(architecture, classes: nil, stageCount: 2)
            let channels = trunk.plan.stages[1].channels
            blocks = ModuleList([GatedBlock(channels, shortcut), GatedBlock(channels, shortcut)])
            fc = Linear(channels, classes)
        }

        /// Images `[N, 3, 32, 32]` → logits `[N, classes]`.
        func callAsFunction(_ x: Tensor) -> Tensor {
            let features = trunk.features(x)[1]
            return fc(blocks.reduce(features) { $1($0) }.mean([2, 3]))
        }
    }

    /// At least `count` objects of the drawn sample set, cut out: `[N, 3, side, side]` with mean 0 and deviation 1, and
    /// their classes `[N]` from 0.
    static func shapes(count: Int, side: Int) -> (images: Tensor, labels: Tensor) {
        let set = ShapeSampleSet()
        var images: [Tensor] = []
        var labels: [Int] = []
        for index in 0..<set.imageCount where images.count < count {
            let picture = set.picture(index)
            for object in picture.objects {
                let box = object.box
                let cut = picture.image.cropped(
                    x: Int(box.x0), y: Int(box.y0), width: max(1, Int(box.width)), height: max(1, Int(box.height)))
                images.append(Tensor(cut.resized(width: side, height: side)).permute([2, 0, 1]).to(.float32))
                labels.append(object.label - 1)
            }
        }
        let pixels = Tensor.stack(images)
        return ((pixels - pixels.mean()) / pixels.std(), Tensor(labels))
    }
}
