import Foundation
import NN
import Tensors
import Training

/// Twelve-by-one regression and classification with dropout and batch norm, on numbers drawn from (epoch, batch).
final class ToyTask: TrainingTask {
    struct Batch {
        let epoch: Int
        let index: Int
        let inputs: Tensor
        let classes: Tensor
    }

    final class Net: Module {
        let fc1 = Linear(4, 8)
        let bn = BatchNorm(8)
        let dropout = Dropout(0.3)
        let classifier = Linear(8, 3)
        let size = Linear(8, 1)

        func callAsFunction(_ x: Tensor) -> (logits: Tensor, size: Tensor) {
            let features = dropout(bn(fc1(x)).relu())
            return (classifier(features), size(features))
        }
    }

    let net: Net
    var model: Module { net }
    let batchesPerEpoch: Int
    /// Batches that are really there.
    var available: Int
    var poison: (epoch: Int, index: Int, term: String)?
    var beforeBatch: (_ epoch: Int, _ index: Int) throws -> Void = { _, _ in }
    var score: (ToyTask) throws -> [String: Double]? = { _ in nil }

    private let device: Device

    init(batchesPerEpoch: Int = 7, seed: UInt64 = 1, device: Device = .cpu) {
        Random.seed(seed)
        net = Net()
        net.move(to: device)
        self.device = device
        self.batchesPerEpoch = batchesPerEpoch
        available = batchesPerEpoch
    }

    static func values(_ key: Int, _ count: Int) -> [Float] {
        var state = UInt64(key) &* 0x9E37_79B9_7F4A_7C15 | 1
        return (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Float(state >> 40) / Float(1 << 24) - 0.5
        }
    }

    func batches(epoch: Int, startingAt first: Int) throws -> () throws -> Batch? {
        var index = first
        return { [self] in
            guard index < available else { return nil }
            try beforeBatch(epoch, index)
            defer { index += 1 }
            let key = epoch * 1000 + index + 1
            return Batch(
                epoch: epoch, index: index, inputs: Tensor(Self.values(key, 24), shape: [6, 4]),
                classes: Tensor(Self.values(key + 500, 6).map { Int64(($0 + 0.5) * 2.99) }))
        }
    }

    func losses(_ batch: Batch) throws -> [(name: String, value: Tensor)] {
        let inputs = batch.inputs.to(device)
        let output = net(inputs)
        var classification = F.crossEntropy(output.logits, batch.classes.to(device))
        var size = F.smoothL1(output.size, inputs.sum([1], keepDim: true))
        if let poison, poison.epoch == batch.epoch, poison.index == batch.index {
            if poison.term == "class" { classification *= Double.nan }
            if poison.term == "size" { size *= Double.infinity }
            if poison.term == "gradient" {
                // sqrt(0) has the value 0 and an infinite slope.
                size += (net.size.weight.tensor * 0.0).sqrt().sum()
            }
        }
        return [("class", classification), ("size", size)]
    }

    func imageCount(_ batch: Batch) -> Int { 6 }
    func describe(_ batch: Batch) -> String { "images \(batch.epoch)-\(batch.index).jpg" }
    func replay(_ batch: Batch) -> [(name: String, tensor: Tensor)] {
        [("inputs", batch.inputs), ("classes", batch.classes)]
    }
    func evaluate() throws -> [String: Double]? { try score(self) }
}

/// Keeps what it is told.
final class EventRecorder: TrainingObserver {
    private(set) var events: [TrainingEvent] = []
    var onEvent: (TrainingEvent) throws -> Void = { _ in }

    func handle(_ event: TrainingEvent) throws {
        events.append(event)
        try onEvent(event)
    }

    var steps: [StepReport] { events.compactMap { if case .step(let report) = $0 { report } else { nil } } }
    var evaluations: [EvaluationReport] {
        events.compactMap { if case .evaluated(let report) = $0 { report } else { nil } }
    }
    var notices: [String] { events.compactMap { if case .notice(let text) = $0 { text } else { nil } } }
}

func toyOptions(epochs: Int = 3, accumulation: Int = 2) -> TrainingOptions {
    var options = TrainingOptions(epochs: epochs)
    options.accumulation = accumulation
    options.schedule = .linearWarmup(steps: 4, startFactor: 0.1, then: .multiStep(milestones: [8], gamma: 0.1))
    options.maxGradientNorm = 0.5
    options.seed = 11
    options.evaluation = .never
    return options
}

func toyOptimizer(_ task: ToyTask, adam: Bool = false) -> any Optimizer {
    let groups = ParameterGroup.split(task.model, weightDecay: 0.01, decayNormsAndBiases: false)
    return adam
        ? AdamW(groups: groups, learningRate: 0.01)
        : SGD(groups: groups, learningRate: 0.2, momentum: 0.9, nesterov: true)
}

func toyLoop(
    _ task: ToyTask, _ folder: String, options: TrainingOptions = toyOptions(), adam: Bool = false,
    identity: RunIdentity = RunIdentity(classNames: ["a", "b", "c"], recipe: "toy", resumeCommand: "toy --resume"),
    observers: [any TrainingObserver] = []
) -> TrainingLoop<ToyTask> {
    TrainingLoop(
        task: task, optimizer: toyOptimizer(task, adam: adam), options: options, identity: identity, folder: folder,
        observers: observers)
}
