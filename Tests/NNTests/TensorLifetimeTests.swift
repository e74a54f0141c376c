import NN
import Tensors
import XCTest

final class TensorLifetimeTests: XCTestCase {
    func testHandlesStayConstantOverATrainingLoop() {
        Random.seed(0)
        let net = Sequential([
            Conv2d(1, 4, kernelSize: 3), BatchNorm(4), ReLU(), Dropout(0.1), GlobalAvgPool(), Linear(4, 2),
        ])
        let optimizers: [any Optimizer] = [
            SGD(groups: ParameterGroup.split(net, weightDecay: 1e-4), learningRate: 0.01, momentum: 0.9),
            AdamW(groups: ParameterGroup.split(net, weightDecay: 1e-4), learningRate: 0.001),
        ]
        var counts: [Int] = []
        for _ in 0..<12 {
            for optimizer in optimizers {
                optimizer.zeroGrad()
                let loss = F.crossEntropy(net(Tensor.randn([2, 1, 8, 8])), Tensor([Int64(0), 1]))
                loss.backward()
                clipGradientNorm(net.parameters, maxNorm: 1)
                optimizer.step()
            }
            counts.append(Tensor.liveHandleCount)
        }
        XCTAssertEqual(Set(counts[2...]).count, 1, "live handles after each step: \(counts)")
    }
}
