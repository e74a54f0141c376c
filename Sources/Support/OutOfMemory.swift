/// There was not enough memory for an operation on tensors or for the pixels of a picture.
public struct OutOfMemory: Error, Hashable, Sendable, CustomStringConvertible {
    /// Work that may need more memory than there is, in words for the user.
    public struct Work: Hashable, Sendable {
        /// What takes the memory, such as "a batch of 8 images, the largest of 1333 × 800 pixels".
        public var load: String
        /// What makes it smaller, such as "lower training.batch".
        public var advice: String

        /// Work of a name, and what makes it smaller.
        public init(_ load: String, advice: String) {
            self.load = load
            self.advice = advice
        }
    }

    /// The work that the operation was part of, if it was told.
    public let work: Work?
    /// What failed: an operation with the shapes of what it was given, or what the memory was for.
    public let operation: String
    /// The words of what refused the memory, such as libtorch's.
    public let reason: String

    /// What was too large, what failed, and what to do.
    public var description: String {
        "out of memory" + (work.map { " at \($0.load)" } ?? "") + ": \(work?.advice ?? "take less at a time"). "
            + "What failed was \(operation): \(reason)"
    }

    @TaskLocal private static var current: Work?

    /// Runs `body` as work that has a name if its memory does not suffice. Within other named work, that one's name stays.
    public static func naming<R>(_ work: @autoclosure () -> Work?, _ body: () throws -> R) rethrows -> R {
        guard current == nil else { return try body() }
        return try $current.withValue(work(), operation: body)
    }

    init(operation: String, reason: String) {
        work = Self.current
        self.operation = operation
        self.reason = reason
    }
}
