/// A job can't be done with what it was given: a run, a checkpoint, a file, a folder, or an option of the command.
///
/// Mistakes inside of a recipe are `RecipeFileError`, those inside of data sets the errors of their readers.
public struct JobError: Error, Hashable, CustomStringConvertible {
    /// The file, folder or option that is wrong.
    public let place: String
    /// What is wrong with it, and what to do.
    public let reason: String

    init(_ place: String, _ reason: String) {
        self.place = place
        self.reason = reason
    }

    /// The place, then the reason.
    public var description: String { "\(place): \(reason)" }
}
