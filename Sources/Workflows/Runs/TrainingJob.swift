import DataPipeline
import Foundation
import NN
import Tensors
import Training

/// A training that a recipe describes, opened: its data found, its model built.
public protocol TrainingJob {
    /// In the order of their labels.
    var classNames: [String] { get }
    /// What is trained on, for a person.
    var summary: String { get }
    /// What became of the weights to start from; nil without any.
    var start: StartWeights? { get }
    /// What else a person should know before it begins.
    var notes: [String] { get }
    /// Images that could not be read and were replaced by others.
    var replacedImages: [SkippedSample] { get }

    /// Trains to the end, or until the user asks to stop.
    ///
    /// - Parameters:
    ///   - resume: Goes on from the run's last checkpoint.
    ///   - seconds: Saves and stops after that time, to be resumed.
    ///   - resumeCommand: What a user types to go on.
    ///   - showsProgress: On standard error.
    func train(resume: Bool, seconds: Double?, resumeCommand: String?, showsProgress: Bool) throws -> TrainingOutcome
}
