/// A job can't use what it was given: a run, a checkpoint, a file, a folder, or an option of the command.
///
/// Mistakes in a recipe are `RecipeFileError`; for those in data sets, the readers have errors of their own.
public struct JobError: Error, Hashable, CustomStringConvertible {
    /// The file, folder or option that is wrong.
    public let place: String
    /// What is wrong with it, and what to do.
    public let reason: String

    package init(_ place: String, _ reason: String) {
        self.place = place
        self.reason = reason
    }

    /// The place, then the reason.
    public var description: String { "\(place): \(reason)" }
}
