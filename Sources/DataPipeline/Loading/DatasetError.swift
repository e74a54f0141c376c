/// A data set can't be used as its files are: what is wrong, where, and what to do.
///
/// What is wrong inside of annotation files and image files is said by their readers' errors.
public struct DatasetError: Error, Hashable, CustomStringConvertible {
    /// The file or folder.
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
