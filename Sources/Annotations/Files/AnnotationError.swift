import Support

/// What is wrong with a file of annotations or of detections: where, what, and what to do about it.
public struct AnnotationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Path of the file or folder.
    public var file: String
    /// The line, record, element or byte in it; empty when it is the file as a whole.
    public var place: String
    /// What is wrong there: a clause without a full stop.
    public var problem: String
    /// What a person can do: a sentence without a full stop.
    public var fix: String

    package init(file: String, place: String = "", problem: String, fix: String) {
        self.file = file
        self.place = place
        self.problem = problem
        self.fix = fix
    }

    init(_ error: WholeFileError) {
        self.init(file: error.path, problem: error.problem, fix: error.fix)
    }

    package init(_ error: TextFileError) {
        self.init(file: error.path, place: error.place, problem: error.problem, fix: error.fix)
    }

    /// Place, problem and fix for a message that names the file itself.
    package var reason: String { "\(place.isEmpty ? "" : place + ": ")\(problem). \(fix)" }

    /// Place, problem and fix as sentences on one line.
    public var description: String {
        "\(file)\(place.isEmpty ? "" : ", \(place)"): \(problem). \(fix).".onOneLine
    }
}
