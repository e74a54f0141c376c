import Support

/// What is wrong with an annotation file: where, what, and what to do about it.
public struct AnnotationError: Error, Hashable, Sendable, CustomStringConvertible {
    public var file: String
    /// A record, an element, a byte; empty when it is the file as a whole.
    public var place: String
    public var problem: String
    /// What a person can do.
    public var fix: String

    public init(file: String, place: String = "", problem: String, fix: String) {
        self.file = file
        self.place = place
        self.problem = problem
        self.fix = fix
    }

    init(_ error: WholeFileError) {
        self.init(file: error.path, problem: error.problem, fix: error.fix)
    }

    public var description: String {
        "\(file)\(place.isEmpty ? "" : ", \(place)"): \(problem). \(fix)."
    }
}
