/// An architecture that describes no network: which axis, and why.
public struct ArchitectureError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The axis whose value has no meaning, alone or beside the others.
    public let axis: ArchitectureAxis
    /// What is wrong with it, and with what it would be right.
    public let reason: String

    package init(_ axis: ArchitectureAxis, _ reason: String) {
        self.axis = axis
        self.reason = reason
    }

    /// The axis and the reason in one line.
    public var description: String { "architecture, axis \(axis.name): \(reason)" }
}
