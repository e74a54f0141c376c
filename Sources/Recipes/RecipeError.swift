/// A recipe that describes no network: which axis, and why.
public struct RecipeError: Error, Hashable, Sendable, CustomStringConvertible {
    public let axis: RecipeAxis
    public let reason: String

    public init(_ axis: RecipeAxis, _ reason: String) {
        self.axis = axis
        self.reason = reason
    }

    public var description: String { "backbone recipe, axis \(axis.rawValue): \(reason)" }
}
