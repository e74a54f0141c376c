import DataPipeline
import Support
import Tensors
import Training

/// What a training will take, found out by a few of its steps: the network's size, memory and time.
public struct TrainingRehearsal: Hashable, Sendable, Codable {
    /// Numbers that the network holds.
    public var parameters: Int
    /// Those of them that are trained.
    public var trainedParameters: Int
    /// The backbone's multiplications and additions for one input.
    public var multiplyAdds: Int
    /// The size of that input: channels, frames of a clip, height, width.
    public var input: [Int]
    /// Images, or clips, of the step that was timed.
    public var images: Int
    /// Seconds of the step that was timed, the second one.
    public var stepSeconds: Double
    /// Seconds of it that were spent waiting for data.
    public var dataSeconds: Double
    /// The loss of the first step.
    public var loss: Double
    /// Steps of the whole training.
    public var steps: Int
    /// Steps of an epoch.
    public var stepsPerEpoch: Int
    /// Evaluations of the whole training, unless it stops early.
    public var evaluations: Int
    /// Seconds that one evaluation takes, as its first images were timed; nil without any.
    public var evaluationSeconds: Double?
    /// The most bytes of memory that the process had.
    public var peakMemory: Int?
    /// The most bytes that tensors took on the device; nil on the CPU.
    public var peakDeviceMemory: Int?

    /// Seconds of the whole training: steps and evaluations, without the writing of checkpoints.
    public var seconds: Double { stepSeconds * Double(steps) + (evaluationSeconds ?? 0) * Double(evaluations) }

    /// Lines for a person.
    public var text: String {
        let memory = [
            peakMemory.map { "\($0 >> 20) MiB of this process at most" },
            peakDeviceMemory.map { "\($0 >> 20) MiB of the device" },
        ].compactMap(\.self).joined(separator: ", ")
        let evaluation = evaluationSeconds.map {
            ", \(evaluations) \(evaluations == 1 ? "evaluation" : "evaluations") of \(ProgressPrinter.duration($0))"
        }
        return """
            network: \(ProgressPrinter.number(Double(parameters) / 1e6)) M parameters, \
            \(ProgressPrinter.number(Double(trainedParameters) / 1e6)) M of them trained; \
            \(ProgressPrinter.number(Double(multiplyAdds) / 1e9)) G multiply-adds of the backbone for \
            \(input.map(String.init).joined(separator: "×"))
            a step: \(ProgressPrinter.number(stepSeconds)) s for \(images) images, \
            \(Int((100 * dataSeconds / max(stepSeconds, 1e-9)).rounded()))% of it waiting for data; \
            the first loss is \(ProgressPrinter.number(loss))
            memory: \(memory.isEmpty ? "not known" : memory)
            time: about \(ProgressPrinter.duration(seconds)) for \(steps) steps (\(stepsPerEpoch) an epoch) of \
            \(ProgressPrinter.number(stepSeconds)) s\(evaluation ?? "")
            """
    }
}

extension TrainingRun {
    /// A trial that takes steps as the training would, and keeps nothing.
    func trial<Task: TrainingTask>(_ task: Task) -> TrialRun<Task> {
        TrialRun(
            task: task, optimizer: recipe.makeOptimizer(for: task.model),
            options: options(batchesPerEpoch: task.batchesPerEpoch, seconds: nil))
    }

    /// Takes two steps, of which the second is timed, and the first batches of an evaluation.
    ///
    /// - Parameters:
    ///   - input: The size of an input of the backbone.
    ///   - secondsPerImage: Seconds that an image of an evaluation takes, found out when it is asked.
    ///   - measuredImages: Images of an evaluation.
    /// - Throws: What a training's steps throw; `Stopped` once the user asks to stop.
    func rehearse<Task: TrainingTask, Model: RecipeModel>(
        _ task: Task, _ model: Model, input: [Int], measuredImages: Int, secondsPerImage: () throws -> Double?
    ) throws -> TrainingRehearsal {
        model.device.resetPeakMemory()
        var reports: [StepReport] = []
        // An epoch of one step is visited twice.
        guard
            try trial(task).steps(
                2,
                {
                    reports.append($0); return true
                }), let first = reports.first, let last = reports.last
        else { throw Stopped("before two steps were taken") }
        let perImage = evaluation == nil ? nil : try secondsPerImage()
        let stepsPerEpoch = last.stepsPerEpoch
        let steps = min(recipe.epochs * stepsPerEpoch, recipe.steps ?? .max)
        return TrainingRehearsal(
            parameters: model.module.parameterCount,
            trainedParameters: model.module.parameters.filter(\.tensor.requiresGrad).reduce(0) { $0 + $1.count },
            multiplyAdds: model.body.plan.multiplyAdds(input: input), input: input, images: last.images,
            stepSeconds: last.seconds, dataSeconds: last.dataSeconds, loss: first.totalLoss, steps: steps,
            stepsPerEpoch: stepsPerEpoch, evaluations: evaluations(steps: steps, stepsPerEpoch: stepsPerEpoch),
            evaluationSeconds: perImage.map { $0 * Double(measuredImages) },
            peakMemory: ProcessMemory.peak().map { $0 << 20 }, peakDeviceMemory: model.device.peakMemory)
    }

    /// Evaluations of a training: at the end of every n-th epoch, and at the end.
    private func evaluations(steps: Int, stepsPerEpoch: Int) -> Int {
        guard let evaluation else { return 0 }
        guard evaluation.every > 0 else { return 1 }
        let period = evaluation.every * stepsPerEpoch
        return (steps + period - 1) / period
    }
}

extension LoaderEpoch {
    /// Seconds that a sample takes where `body` is done with each batch: of a few batches behind the first one, which warms up, or
    /// of that one where there are no others; nil without any.
    func secondsPerSample(batches: Int = 3, _ body: (Batch<D.Sample>) throws -> Void) throws -> Double? {
        let began = ContinuousClock.now
        var warm = began, first = 0, later = 0
        for number in 0...batches {
            guard let batch = try next() else { break }
            guard !StopSignal.isRequested else { throw Stopped() }
            if !batch.samples.isEmpty { try body(batch) }
            if number == 0 {
                (warm, first) = (.now, batch.samples.count)
            } else {
                later += batch.samples.count
            }
        }
        let now = ContinuousClock.now
        if later > 0 { return (now - warm) / .seconds(1) / Double(later) }
        return first > 0 ? (now - began) / .seconds(1) / Double(first) : nil
    }
}
