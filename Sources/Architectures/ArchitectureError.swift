/// The error that an architecture describes no network, with the axis and the reason.
public struct ArchitectureError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The axis whose value has no meaning, alone or together with the others.
    public let axis: ArchitectureAxis
    /// What is wrong with the value, and what would be right.
    public let reason: String

    package init(_ axis: ArchitectureAxis, _ reason: String) {
        self.axis = axis
        self.reason = reason
    }

    /// The axis and the reason in one line.
    public var description: String { "architecture, axis \(axis.name): \(reason)" }
}
