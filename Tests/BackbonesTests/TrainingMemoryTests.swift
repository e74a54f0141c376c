import Architectures
import Backbones
import NN
import Tensors
import TestSupport
import XCTest

/// A step of training lives in the memory of the step before it.
final class TrainingMemoryTests: XCTestCase {
    /// An allocator that may not cut small pieces from what a step gives back takes new memory in each step, some 20 MB of
    /// it here.
    func testADeepNetworkTakesNoNewMemoryAfterItsFirstSteps() throws {
        Random.seed(3)
        let model = try Backbone(Catalogue.architecture(named: "cifar_resnet164").with { $0.classes = 10 })
        let images = Tensor.randn([8, 3, 32, 32]).to(memoryFormat: .channelsLast)
        let labels = Tensor((0..<8).map { Int64($0) })
        func step() {
            for named in model.namedParameters() { named.parameter.tensor.setGrad(nil) }
            F.crossEntropy(model(images), labels).backward()
        }
        for _ in 0..<4 { step() }
        let before = try residentMemory()
        for _ in 0..<12 { step() }
        XCTAssertLessThan(try residentMemory() - before, 48 << 20)
    }
}
