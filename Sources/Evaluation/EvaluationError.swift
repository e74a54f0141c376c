/// Why detections could not be scored.
public struct EvaluationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The results' file, or what stands for it.
    public var source: String
    /// What is wrong: a clause without a full stop.
    public var problem: String
    /// What a person can do: a sentence without a full stop.
    public var fix: String

    /// Source, problem and fix as sentences on one line.
    public var description: String { "\(source): \(problem). \(fix)." }
}
