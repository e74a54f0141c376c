/// Why detections could not be scored.
public struct EvaluationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The results' file, or what stands for it.
    public var source: String
    public var problem: String
    /// What a person can do.
    public var fix: String

    public init(source: String, problem: String, fix: String) {
        self.source = source
        self.problem = problem
        self.fix = fix
    }

    public var description: String { "\(source): \(problem). \(fix)." }
}
