import NN
import Tensors
import XCTest

final class ModuleTests: XCTestCase {
    private class Block: Module {
        let conv1: Conv2d
        let bn1: BatchNorm
        let downsample: Sequential?
        init(projected: Bool) {
            conv1 = Conv2d(2, 2, kernelSize: 1, bias: false)
            bn1 = BatchNorm(2)
            downsample = projected ? Sequential([MaxPool(kernelSize: 2), Conv2d(2, 2, kernelSize: 1)]) : nil
        }
    }

    private final class ScaledBlock: Block {
        let scale = Parameter(Tensor.ones([2]))
        let anchors = Buffer(Tensor.zeros([4]), isPersistent: false)
    }

    private final class Net: Module {
        let layer1: [Block] = [ScaledBlock(projected: true), Block(projected: false)]
        let clsLogits = Linear(2, 3)
        @Named("head") var classifier: Linear
        let shared: Linear
        let name = "a string is no part"
        override init() {
            shared = clsLogits
            super.init()
            classifier = Linear(2, 1, bias: false)
        }
    }

    func testNamesFollowTheStructureInPyTorchsOrder() {
        XCTAssertEqual(
            Net().namedParameters().map(\.name),
            [
                "layer1.0.scale", "layer1.0.conv1.weight", "layer1.0.bn1.weight", "layer1.0.bn1.bias",
                "layer1.0.downsample.1.weight", "layer1.0.downsample.1.bias", "layer1.1.conv1.weight",
                "layer1.1.bn1.weight", "layer1.1.bn1.bias", "cls_logits.weight", "cls_logits.bias", "head.weight",
            ])
        XCTAssertEqual(
            Block(projected: false).stateDict().map(\.name),
            [
                "conv1.weight", "bn1.weight", "bn1.bias", "bn1.running_mean", "bn1.running_var",
                "bn1.num_batches_tracked",
            ])
        XCTAssertEqual(
            Net().namedModules().map(\.name).filter { $0.contains("layer1.0") },
            [
                "layer1.0", "layer1.0.conv1", "layer1.0.bn1", "layer1.0.downsample", "layer1.0.downsample.0",
                "layer1.0.downsample.1",
            ])
    }

    func testSharedPartsAreCountedOnceButSavedUnderBothNames() {
        let net = Net()
        XCTAssertFalse(net.namedParameters().contains { $0.name.hasPrefix("shared") })
        XCTAssertTrue(net.stateDict().contains { $0.name == "shared.weight" })
        XCTAssertEqual(net.parameterCount, 2 + (4 + 4) + (4 + 2) + (4 + 4) + (6 + 3) + 2)
    }

    func testBuffersThatArentPersistentStayOutOfTheStateDict() {
        let net = Net()
        XCTAssertTrue(net.namedBuffers().contains { $0.name == "layer1.0.anchors" })
        XCTAssertFalse(net.stateDict().contains { $0.name == "layer1.0.anchors" })
    }

    func testTrainAndEvalReachEveryPart() {
        let net = Net()
        net.eval()
        XCTAssertTrue(net.namedModules().allSatisfy { !$0.module.isTraining })
        net.train()
        XCTAssertTrue(net.namedModules().allSatisfy { $0.module.isTraining })
    }

    private final class Replaceable: Module {
        var head = Linear(2, 3)
    }

    func testAReplacedPartIsSeenOnceTheStructureIsAnnouncedToHaveChanged() {
        let net = Replaceable()
        XCTAssertEqual(net.parameterCount, 9)
        net.head = Linear(2, 5)
        net.structureDidChange()
        XCTAssertEqual(net.parameterCount, 15)
    }

    func testFreezingStopsGradientsAndDropsTheOnesThere() throws {
        let layer = Linear(2, 1)
        layer(Tensor.ones([1, 2])).sum().backward()
        XCTAssertNotNil(layer.weight.grad)
        layer.setRequiresGrad(false)
        XCTAssertNil(layer.weight.grad)
        XCTAssertFalse(layer(Tensor.ones([1, 2])).requiresGrad)
    }

    /// A frozen norm in a network that trains: no gradient, the running statistics used and left alone.
    func testWhatIsFrozenStaysInEvaluation() {
        let net = Net()
        let norm = BatchNorm(2)
        norm.freeze()
        norm.train()
        XCTAssertTrue(norm.isFrozen)
        XCTAssertFalse(norm.isTraining)
        let x = Tensor([1, 2, 3, 4] as [Float], shape: [2, 2])
        XCTAssertEqual(norm(x).array(Float.self).map { ($0 * 1e4).rounded() }, [10000, 20000, 30000, 40000])
        XCTAssertFalse(norm(x).requiresGrad)
        XCTAssertEqual(norm.runningMean.tensor.array(Float.self), [0, 0])
        XCTAssertEqual(norm.numBatchesTracked.tensor.itemInt(), 0)

        let part = net.namedModules()[1]
        part.module.freeze()
        net.train()
        for (name, module) in net.namedModules() {
            let isFrozen = name == part.name || name.hasPrefix(part.name + ".")
            XCTAssertEqual(module.isFrozen, isFrozen, name)
            XCTAssertEqual(module.isTraining, !isFrozen, name)
        }
    }

    func testConversionsKeepValuesAndTrainability() {
        let block = Block(projected: true)
        let before = block.conv1.weight.tensor.array(Double.self)
        block.setRequiresGrad(false)
        block.convert(to: .float64)
        XCTAssertEqual(block.conv1.weight.tensor.dtype, .float64)
        XCTAssertEqual(block.bn1.numBatchesTracked.tensor.dtype, .int64)
        XCTAssertFalse(block.conv1.weight.requiresGrad)
        XCTAssertEqual(block.conv1.weight.tensor.array(Double.self), before)
    }

    func testChannelsLastChangesTheLayoutAndNothingElse() {
        Random.seed(3)
        let flat = Conv2d(3, 4, kernelSize: 3)
        let volume = Conv3d(3, 4, kernelSize: [2, 3, 3])
        let before = flat.weight.tensor.array(Float.self)
        flat.convertToChannelsLast()
        volume.convertToChannelsLast()
        XCTAssertEqual(flat.weight.tensor.strides, [27, 1, 9, 3])
        XCTAssertTrue(volume.weight.tensor.isChannelsLast)
        XCTAssertEqual(flat.weight.tensor.array(Float.self), before)
        XCTAssertTrue(flat.weight.requiresGrad)
    }
}
