import NN

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
        case float32, bfloat16
    }

    package var epochs = 12
    /// Optimiser steps after which training ends even if epochs are left. Nil: no limit.
    package var steps: Int?
    /// Images in a batch.
    package var batch = 2
    /// Batches whose gradients make one step.
    package var accumulation = 1
    /// Whether an epoch leaves out a last batch that is not full.
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

    enum CodingKeys: String, CodingKey, CaseIterable {
        case epochs, steps, batch, accumulation
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
        case seed
        case checkpointSteps = "checkpoint_steps"
        case checkpointMinutes = "checkpoint_minutes"
        case threads
        case loaderThreads = "loader_threads"
        case precision
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
        try values.update(&accumulation, .accumulation, "must be 1 to \(Self.most)") { (1...Self.most).contains($0) }
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
        try values.update(&seed, .seed)
        checkpointSteps = try values.decodeIfPresent(Int.self, forKey: .checkpointSteps)
        try values.require(checkpointSteps.map { $0 > 0 } ?? true, .checkpointSteps, "must be above 0")
        try values.update(&checkpointMinutes, .checkpointMinutes, "must not be below 0") { $0 >= 0 }
        threads = try values.decodeIfPresent(Int.self, forKey: .threads)
        try values.require(threads.map { (1...1024).contains($0) } ?? true, .threads, "must be 1 to 1024")
        try values.update(&loaderThreads, .loaderThreads, "must not be below 0") { $0 >= 0 }
        try values.update(&precision, .precision)
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
