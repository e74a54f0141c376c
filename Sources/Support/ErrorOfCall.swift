/// An error that may be a mistake in the call of a command, such as in one of its options, rather than in a file.
package protocol ErrorOfCall: Error {
    /// Whether the call was wrong.
    var isOfCall: Bool { get }
}
