/// Thrown by work that ends early because the user asked to stop.
///
/// It is not a failure: code that catches it clears up and says what is kept. All work that can be stopped throws this
/// error and no other, so that one `catch` tells a stop from a mistake.
public struct Stopped: Error, Hashable, Sendable, CustomStringConvertible {
    /// How far the work came and what was kept, for the user; nil if the code that catches it knows.
    public var detail: String?

    /// A stop with a detail for the user.
    public init(_ detail: String? = nil) { self.detail = detail }

    /// The word "stopped", then the detail.
    public var description: String { detail.map { "stopped \($0)" } ?? "stopped" }
}
