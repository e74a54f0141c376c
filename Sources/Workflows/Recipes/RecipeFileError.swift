import Support

/// Where a recipe's value comes from.
public enum RecipePlace: Hashable, Sendable, CustomStringConvertible {
    /// A line of the recipe file, counted from 1.
    case line(file: String, line: Int)
    /// A `--set key=value` on the command line.
    case setting(String)
    /// The file as a whole.
    case file(String)

    /// The file with the line, or the option.
    public var description: String {
        switch self {
        case .line(let file, let line): "\(file):\(line)"
        case .setting(let text): "--set \(text)"
        case .file(let file): file
        }
    }
}

/// A mistake in a recipe, with its place.
public struct RecipeFileError: Error, Hashable, CustomStringConvertible {
    /// Where the mistake is.
    public let place: RecipePlace
    /// What is wrong and what would be right, without a full stop.
    public let reason: String

    package init(_ place: RecipePlace, _ reason: String) {
        self.place = place
        self.reason = reason
    }

    /// The place, then the reason.
    public var description: String { "\(place): \(reason)" }
}

extension RecipeFileError: ErrorOfCall {
    /// Whether the mistake is in a `--set` of the command line.
    package var isOfCall: Bool {
        if case .setting = place { return true }
        return false
    }
}
