/// Thrown by work that ends early because the user asked to stop.
///
/// It is no failure: what catches it clears up and says what is kept. Everything that can be stopped throws this error and
/// no other, so that one `catch` tells a wish from a mistake.
public struct Stopped: Error, Hashable, Sendable, CustomStringConvertible {
    /// How far the work came and what was kept of it, for the user; nil where whoever catches it knows.
    public var detail: String?

    /// A stop, with what is to be said of it.
    public init(_ detail: String? = nil) { self.detail = detail }

    /// The word "stopped", and the detail.
    public var description: String { detail.map { "stopped \($0)" } ?? "stopped" }
}
