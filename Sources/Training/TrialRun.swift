import Foundation
import NN
import Support

/// Takes the steps of a task that a training would take, but keeps nothing of them: for a range test, or to see how long a step takes.
public struct TrialRun<Task: TrainingTask> {
    let task: Task
    let optimizer: any Optimizer
    let options: TrainingOptions

    /// A trial of what a training would do.
    ///
    /// - Parameters:
    ///   - task: What would be trained. Its weights move.
    ///   - optimizer: Over the task's parameters.
    ///   - options: Those of the training; its length, schedule, evaluations and checkpoints don't count.
    public init(task: Task, optimizer: any Optimizer, options: TrainingOptions) {
        (self.task, self.optimizer, self.options) = (task, optimizer, options)
    }

    private struct End: Error {}

    /// Takes `count` steps and reports each.
    ///
    /// - Parameters:
    ///   - count: The number of steps.
    ///   - schedule: The factor on the optimiser's learning rate at each step.
    ///   - body: Is told of a step; false ends the trial.
    /// - Returns: Whether all steps were taken, and not fewer because `body` or the user ended it.
    /// - Throws: What `TrainingLoop.run` throws.
    public func steps(
        _ count: Int, schedule: LearningRateSchedule = .constant, _ body: @escaping (StepReport) -> Bool
    ) throws -> Bool {
        var options = options
        (options.epochs, options.steps, options.seconds, options.schedule) = (nil, count, nil, schedule)
        (options.evaluation, options.checkpoints) = (.never, .never)
        (options.checkpointSteps, options.checkpointSeconds) = (nil, nil)
        (options.best, options.averaging, options.earlyStopping) = (nil, nil, nil)
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("vertebra-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let loop = TrainingLoop(
            task: task, optimizer: optimizer, options: options, folder: folder.path,
            observers: [StepWatcher { if !body($0) { throw End() } }])
        loop.keepsCheckpoints = false
        do {
            return try loop.run().reason == .completed
        } catch is End {
            return false
        }
    }

    /// Lets the learning rate grow evenly in its logarithm until the loss diverges.
    ///
    /// - Parameters:
    ///   - settings: Where the range begins and ends, and in how many steps.
    ///   - progress: Is told of the steps done, and of all.
    /// - Throws: `Stopped` once the user asks to stop; what `TrainingLoop.run` throws.
    public func learningRateRange(
        _ settings: LearningRateRange.Settings = .init(),
        progress: @escaping (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) throws -> LearningRateRange {
        let base = optimizer.learningRate
        var range = LearningRateRange(settings)
        do {
            let isWhole = try steps(
                settings.steps,
                schedule: .exponential(
                    steps: settings.steps - 1, from: settings.lowest / base, to: settings.highest / base)
            ) {
                progress($0.step, settings.steps)
                return range.add(learningRate: $0.learningRate, loss: $0.totalLoss)
            }
            guard isWhole || range.hasDiverged else {
                throw Stopped("after \(range.points.count) steps of the range test")
            }
        } catch let error as TrainingError {
            switch error {
            case .nonFiniteLoss, .nonFiniteGradient: range.diverge()
            default: throw error
            }
        }
        range.conclude()
        return range
    }
}

/// Tells of each step.
private final class StepWatcher: TrainingObserver {
    private let body: (StepReport) throws -> Void

    init(_ body: @escaping (StepReport) throws -> Void) { self.body = body }

    func handle(_ event: TrainingEvent) throws {
        if case .step(let report) = event { try body(report) }
    }
}
