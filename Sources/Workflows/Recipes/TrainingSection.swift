import DataPipeline
import NN
import Support
import Tensors
import Training

/// The section `training` of a recipe: its length, optimiser, learning rate, threads and precision.
package struct TrainingSection: Codable, Hashable, Sendable {
    package enum OptimizerName: String, Codable, CaseIterable, Sendable {
        case sgd, adamw
    }

    package enum Schedule: String, Codable, CaseIterable, Sendable {
        case constant
        /// Multiplies the rate by `gamma` at each of the `milestones`.
        case multiStep = "multi_step"
        case cosine
    }

    package enum Precision: String, Codable, CaseIterable, Sendable {
        case float32, bfloat16, float16

        /// The type that convolutions and matrix products compute in; nil where nothing is changed.
        var dtype: DType? {
            switch self {
            case .float32: nil
            case .bfloat16: .bfloat16
            case .float16: .float16
            }
        }
    }

    /// What a training keeps for its backward pass.
    package enum Memory: String, Codable, CaseIterable, Sendable {
        /// All that can't be made again at nearly no cost.
        case standard
        /// On the CPU, less: see `withLeanMemory`.
        case lean
    }

    package var epochs = 12
    /// Optimiser steps after which training ends even if epochs are left. Nil: no limit.
    package var steps: Int?
    /// Images of one optimiser step, over all processes.
    package var batch = 2
    /// Images that a device takes at a time. Nil: all of the step.
    package var deviceBatch: Int?
    /// Whether an epoch leaves out a last micro-batch that is not full.
    package var dropLast = false
    package var optimizer = OptimizerName.sgd
    package var learningRate = 0.02
    package var momentum = 0.9
    package var nesterov = false
    package var weightDecay = 1e-4
    /// Whether weight decay acts on norms and biases as well.
    package var decayNormsAndBiases = true
    package var schedule = Schedule.multiStep
    /// When `multi_step` lowers the rate.
    package var milestones = Milestones.shares([0.67, 0.92])
    package var gamma = 0.1
    /// Steps in which the rate grows linearly to its full value.
    package var warmupSteps = 0
    /// The warm-up in epochs. Nil: `warmupSteps` decides.
    package var warmupEpochs: Double?
    /// Largest norm of all gradients together. Nil: no limit.
    package var clipNorm: Double?
    /// The average of the weights that is measured and saved beside them. Nil: none.
    package var ema: AveragingSection?
    /// When training ends because it no longer gets better. Nil: never.
    package var earlyStopping: EarlyStoppingSection?
    /// Evaluations of which a checkpoint is kept, the best ones.
    package var keepBest = 1
    /// How often images are visited. Nil: once in an epoch.
    package var sampling: SamplingSection?
    /// Factors on the classes' terms of the classification loss. Nil: 1 for all.
    package var classWeights: ClassWeights?
    package var seed: UInt64 = 0
    /// Steps from one checkpoint to the next, beside those at the end of an epoch. Nil: no such rule.
    package var checkpointSteps: Int?
    /// Minutes after which the next checkpoint is written, beside those at the end of an epoch. 0: no such rule.
    package var checkpointMinutes = 10.0
    /// Threads that compute. Nil: one for each processor.
    package var threads: Int?
    /// Threads that load images; 0 loads between the steps.
    package var loaderThreads = 2
    /// The type of number in which convolutions and matrix products compute.
    package var precision = Precision.float32
    package var memory = Memory.standard
    /// What a CUDA device may compute in TensorFloat-32.
    package var tf32 = DeviceArithmetic.TF32.convolutions
    /// Whether cuDNN tries its algorithms for each size. Nil: where all inputs have one size.
    package var cudnnBenchmark: Bool?
    /// Whether the backbone's activations and weights have their channels last in memory.
    package var channelsLast = true

    enum CodingKeys: String, CodingKey, CaseIterable {
        case epochs, steps, batch
        case deviceBatch = "device_batch"
        case dropLast = "drop_last"
        case optimizer
        case learningRate = "learning_rate"
        case momentum, nesterov
        case weightDecay = "weight_decay"
        case decayNormsAndBiases = "decay_norms_and_biases"
        case schedule, milestones, gamma
        case warmupSteps = "warmup_steps"
        case warmupEpochs = "warmup_epochs"
        case clipNorm = "clip_norm"
        case ema
        case earlyStopping = "early_stopping"
        case keepBest = "keep_best"
        case sampling
        case classWeights = "class_weights"
        case seed
        case checkpointSteps = "checkpoint_steps"
        case checkpointMinutes = "checkpoint_minutes"
        case threads
        case loaderThreads = "loader_threads"
        case precision, memory, tf32
        case cudnnBenchmark = "cudnn_benchmark"
        case channelsLast = "channels_last"
    }

    /// The most epochs, images in a batch and batches in a step. Products of them fit into an integer.
    private static let most = 1_000_000

    package init() {}

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        try values.update(&epochs, .epochs, "must be 1 to \(Self.most)") { (1...Self.most).contains($0) }
        steps = try values.decodeIfPresent(Int.self, forKey: .steps)
        try values.require(steps.map { $0 > 0 } ?? true, .steps, "must be above 0")
        try values.update(&batch, .batch, "must be 1 to \(Self.most)") { (1...Self.most).contains($0) }
        deviceBatch = try values.decodeIfPresent(Int.self, forKey: .deviceBatch)
        let batch = batch
        try values.require(
            deviceBatch.map { $0 > 0 && batch % $0 == 0 } ?? true, .deviceBatch,
            "is \(deviceBatch ?? 0), and training.batch is \(batch): it must divide the images of a step, as "
                + Self.divisors(of: batch, near: deviceBatch ?? 1) + " would")
        try values.update(&dropLast, .dropLast)
        try values.update(&optimizer, .optimizer)
        try values.update(&learningRate, .learningRate, "must be above 0") { $0 > 0 }
        try values.update(&momentum, .momentum, "must be in 0…1, without 1") { (0..<1).contains($0) }
        let momentum = momentum
        try values.update(&nesterov, .nesterov, "needs a momentum above 0") { !$0 || momentum > 0 }
        try values.update(&weightDecay, .weightDecay, "must not be below 0") { $0 >= 0 }
        try values.update(&decayNormsAndBiases, .decayNormsAndBiases)
        try values.update(&schedule, .schedule)
        milestones = try values.decodeIfPresent(Milestones.self, forKey: .milestones) ?? milestones
        try values.update(&gamma, .gamma, "must be above 0") { $0 > 0 }
        try values.update(&warmupSteps, .warmupSteps, "must not be below 0") { $0 >= 0 }
        warmupEpochs = try values.decodeIfPresent(Double.self, forKey: .warmupEpochs)
        try values.require(
            warmupEpochs.map { (0...Double(Self.most)).contains($0) } ?? true, .warmupEpochs,
            "must be 0 to \(Self.most)")
        try values.require(
            warmupEpochs == nil || !values.contains(.warmupSteps), .warmupEpochs,
            "says the same as warmup_steps; keep one of them")
        clipNorm = try values.decodeIfPresent(Double.self, forKey: .clipNorm)
        try values.require(clipNorm.map { $0 > 0 } ?? true, .clipNorm, "must be above 0")
        ema = try values.decodeIfPresent(AveragingSection.self, forKey: .ema)
        earlyStopping = try values.decodeIfPresent(EarlyStoppingSection.self, forKey: .earlyStopping)
        try values.update(&keepBest, .keepBest, "must be 1 to 1000") { (1...1000).contains($0) }
        sampling = try values.decodeIfPresent(SamplingSection.self, forKey: .sampling)
        classWeights = try values.decodeIfPresent(ClassWeights.self, forKey: .classWeights)
        try values.update(&seed, .seed)
        checkpointSteps = try values.decodeIfPresent(Int.self, forKey: .checkpointSteps)
        try values.require(checkpointSteps.map { $0 > 0 } ?? true, .checkpointSteps, "must be above 0")
        try values.update(&checkpointMinutes, .checkpointMinutes, "must not be below 0") { $0 >= 0 }
        threads = try values.decodeIfPresent(Int.self, forKey: .threads)
        let most = WorkerThreads.most
        try values.require(threads.map { (1...most).contains($0) } ?? true, .threads, "must be 1 to \(most)")
        try values.require(
            threads.map(WorkerThreads.canStart) ?? true, .threads,
            "is \(threads ?? 0), and the system does not start as many threads; lower it, or raise the limit (ulimit -u)"
        )
        try values.update(&loaderThreads, .loaderThreads, "must be 0 to \(most)") { (0...most).contains($0) }
        try values.update(&precision, .precision)
        try values.update(&memory, .memory)
        try values.update(&tf32, .tf32)
        cudnnBenchmark = try values.decodeIfPresent(Bool.self, forKey: .cudnnBenchmark)
        try values.update(&channelsLast, .channelsLast)
    }

    /// The images of a micro-batch: what one device takes at a time. Batch norms take their statistics over these.
    package var microBatch: Int { deviceBatch ?? batch }
    /// The key to lower where a micro-batch does not fit into memory.
    package var memoryKey: String { deviceBatch == nil ? "training.batch" : "training.device_batch" }
    /// The micro-batches of one optimiser step, over all processes.
    package var microBatches: Int { batch / microBatch }

    /// The divisors of a number nearest to another, the smaller one first, as words.
    static func divisors(of number: Int, near wanted: Int) -> String {
        let all = (1...max(number, 1)).filter { number % $0 == 0 }
        let below = all.last { $0 <= wanted }, above = all.first { $0 > wanted }
        return [below, above].compactMap { $0.map(String.init) }.joined(separator: " or ")
    }

    /// The micro-batches that fall to one of several processes.
    ///
    /// - Parameters:
    ///   - processes: Those that train together; nil for one alone.
    ///   - model: What is trained. Norms that take their statistics over all processes need all images of a step at once.
    ///   - file: The recipe, for errors.
    /// - Throws: `RecipeFileError` where they can't be shared out, with what could.
    package func share(
        of processes: TrainingProcesses?, training model: Module, file: RecipeFile
    ) throws -> BatchShare {
        let size = processes?.size ?? 1
        let synchronizes = model.namedModules().contains { ($0.module as? BatchNorm)?.isSynchronized ?? false }
        guard !synchronizes || microBatches == size else {
            throw file.error(
                at: "training.device_batch",
                "synchronized_batch takes its statistics over all images of a step at once, so "
                    + (size == 1 ? "one process takes them" : "each of \(size) processes takes its share")
                    + " at once: "
                    + (batch % size == 0
                        ? "set training.device_batch to \(batch / size)"
                        : "take a training.batch that \(size) divides"))
        }
        guard let processes else { return BatchShare(stepBatches: microBatches) }
        guard microBatches % processes.size == 0 else {
            let counts = (2...max(2, microBatches)).filter { microBatches % $0 == 0 }.map(String.init)
            let fits = (1...batch).filter { batch % $0 == 0 && (batch / $0) % processes.size == 0 }.map(String.init)
            throw file.error(
                at: "training.device_batch",
                "a step's \(batch) images are \(microBatches) \(microBatches == 1 ? "micro-batch" : "micro-batches") of "
                    + "\(microBatch), which \(processes.size) processes can't share alike. "
                    + (fits.isEmpty
                        ? "Take a training.batch that \(processes.size) divides"
                        : "Set training.device_batch to \(fits.suffix(3).joined(separator: ", "))"
                            + (counts.isEmpty || microBatches < 2
                                ? "" : ", or start \(counts.suffix(3).joined(separator: ", ")) processes"))
            )
        }
        return BatchShare(
            stepBatches: microBatches, part: processes.rank, parts: processes.size, wholeSteps: synchronizes)
    }

    /// The factor on the learning rate at each of `totalSteps` optimiser steps.
    package func learningRateSchedule(totalSteps: Int, stepsPerEpoch: Int) -> LearningRateSchedule {
        let main: LearningRateSchedule =
            switch schedule {
            case .constant: .constant
            case .multiStep:
                .multiStep(
                    milestones: milestones.steps(totalSteps: totalSteps, stepsPerEpoch: stepsPerEpoch), gamma: gamma)
            case .cosine: .cosine(total: totalSteps)
            }
        let warmup = warmupEpochs.map { Int(($0 * Double(stepsPerEpoch)).rounded()) } ?? warmupSteps
        guard warmup > 0 else { return main }
        return .linearWarmup(steps: warmup, startFactor: 1 / Double(warmup), then: main)
    }

    /// The optimiser over a model's trainable parameters.
    package func makeOptimizer(for module: Module) -> any Optimizer {
        let groups = ParameterGroup.split(
            module, weightDecay: weightDecay, decayNormsAndBiases: decayNormsAndBiases)
        switch optimizer {
        case .sgd:
            return SGD(
                groups: groups, learningRate: learningRate, momentum: momentum, weightDecay: weightDecay,
                nesterov: nesterov)
        case .adamw:
            return AdamW(groups: groups, learningRate: learningRate, weightDecay: weightDecay)
        }
    }
}

extension KeyedDecodingContainer {
    /// Overwrites a default if the key is there. Throws the requirement if the value is not valid.
    func update<Value: Decodable>(
        _ value: inout Value, _ key: Key, _ requirement: String = "", where isValid: (Value) -> Bool = { _ in true }
    ) throws {
        guard let found = try decodeIfPresent(Value.self, forKey: key) else { return }
        try require(isValid(found), key, "is \(found); it \(requirement)")
        value = found
    }

    /// Throws `reason` as the mistake in a key's value unless the condition holds.
    func require(_ condition: Bool, _ key: Key, _ reason: String) throws {
        guard !condition else { return }
        throw DecodingError.dataCorruptedError(forKey: key, in: self, debugDescription: reason)
    }
}

extension RecipeFile {
    /// `training.threads`: the number of threads that the process should take; nil leaves it to libtorch. Threads belong to
    /// the process, so a program sets them (`Threads.count`) before it opens a job.
    ///
    /// - Throws: `RecipeFileError`.
    package func threads() throws -> Int? { try decode(Head.self).training?.threads }

    private struct Head: Decodable {
        let training: TrainingSection?

        // Not CaseIterable: these are not all keys of a recipe, and others must not be refused.
        private enum CodingKeys: String, CodingKey { case training }
    }
}
