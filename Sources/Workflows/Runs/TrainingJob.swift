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
    ///   - resume: Whether to continue from the run's last checkpoint.
    ///   - seconds: Time after which training saves and stops, to be resumed later; nil sets no limit.
    ///   - resumeCommand: The command that resumes the run, for the message when training stops.
    ///   - showsProgress: Whether to show progress on standard error.
    func train(resume: Bool, seconds: Double?, resumeCommand: String?, showsProgress: Bool) throws -> TrainingOutcome
}
