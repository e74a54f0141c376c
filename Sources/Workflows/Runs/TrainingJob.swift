import DataPipeline
import Foundation
import Media
import NN
import Tensors
import Training

/// A training that can start: its data are open and its model is built.
public protocol TrainingJob {
    /// Class names in the order of their labels.
    var classNames: [String] { get }
    /// A line for a person about the training data.
    var summary: String { get }
    /// What became of the weights to start from; nil without any.
    var start: StartWeights? { get }
    /// Further lines that a person should see before training begins.
    var notes: [String] { get }
    /// Images that could not be read and were replaced by others.
    var replacedImages: [SkippedSample] { get }
    /// Damaged images that training and its evaluations accepted.
    var damagedImages: [MediaWarning] { get }
    /// Validation images that could not be read and that evaluations left out.
    var leftOutImages: [UnreadableImage] { get }

    /// Trains to the end, or until the user asks to stop.
    ///
    /// - Parameters:
    ///   - resume: Whether to continue from a checkpoint.
    ///   - checkpoint: The checkpoint to continue from: `best`, `last` or a file; nil is the run's last.
    ///   - acceptingChanges: Whether to continue although the recipe's changes make another training of it.
    ///   - seconds: Time after which training saves and stops, to be resumed later; nil sets no limit.
    ///   - resumeCommand: The command that resumes the run, for the message when training stops.
    ///   - showsProgress: Whether to show progress on standard error.
    func train(
        resume: Bool, from checkpoint: String?, acceptingChanges: Bool, seconds: Double?, resumeCommand: String?,
        showsProgress: Bool
    ) throws -> TrainingOutcome

    /// Lets the learning rate grow from step to step until the loss diverges. The weights move, and nothing is written.
    ///
    /// - Parameter progress: Is told of the steps done, and of all.
    /// - Throws: What training's steps throw; `Stopped` once the user asks to stop.
    func learningRateRange(progress: @escaping (_ done: Int, _ total: Int) -> Void) throws -> LearningRateRange

    /// Takes two steps and the beginning of an evaluation to say what the training will take. Nothing is written.
    ///
    /// - Throws: What training's steps throw; `Stopped` once the user asks to stop.
    func rehearse() throws -> TrainingRehearsal
}

extension TrainingJob {
    /// Trains to the end, or until the user asks to stop; a run that is resumed continues from its last checkpoint.
    public func train(
        resume: Bool, seconds: Double?, resumeCommand: String?, showsProgress: Bool
    ) throws -> TrainingOutcome {
        try train(
            resume: resume, from: nil, acceptingChanges: false, seconds: seconds, resumeCommand: resumeCommand,
            showsProgress: showsProgress)
    }
}
