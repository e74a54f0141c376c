/// An architecture that describes no network: which axis, and why.
public struct ArchitectureError: Error, Hashable, Sendable, CustomStringConvertible {
    public let axis: ArchitectureAxis
    public let reason: String

    public init(_ axis: ArchitectureAxis, _ reason: String) {
        self.axis = axis
        self.reason = reason
    }

    public var description: String { "architecture, axis \(axis.name): \(reason)" }
}
