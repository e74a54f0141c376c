import Foundation

/// A line of a list of labelled videos: a path, perhaps a number of frames, and the label, with spaces, tabs or commas
/// between them.
struct ListedClip: Hashable {
    var path: String
    /// How many frames the line says there are.
    var frames: Int?
    var label: Int
    /// The path where the number of frames is the end of it: "my clip 2" of "my clip 2 0".
    var longerPath: String?

    /// Takes a line apart from its end, since paths may hold spaces and commas; nil where it does not end with a path and
    /// a label.
    init?(_ line: String) {
        let line = line.trimmingCharacters(in: .whitespaces)
        if let parsed = Self.withCommas(line) ?? Self.withSpaces(line) { self = parsed } else { return nil }
    }

    private init(path: String, label: Int, before: (path: String, number: String)?) {
        self.path = path
        self.label = label
        if let before, !before.path.isEmpty, let count = Int(before.number), count >= 0 {
            self.path = before.path
            frames = count
            longerPath = path
        }
    }

    private static func withCommas(_ line: String) -> ListedClip? {
        guard line.contains("\"") else { return plain(line) { $0 == "," } }
        guard let fields = CSVLine.fields(of: line), fields.count > 1,
            let label = fields.last.flatMap({ Int($0) })
        else { return nil }
        let before = fields.count > 2 ? (fields.dropLast(2).joined(separator: ","), fields[fields.count - 2]) : nil
        return ListedClip(path: fields.dropLast().joined(separator: ","), label: label, before: before)
    }

    private static func withSpaces(_ line: String) -> ListedClip? { plain(line, \.isWhitespace) }

    private static func plain(_ line: String, _ separates: (Character) -> Bool) -> ListedClip? {
        guard let (path, last) = cut(line, separates), !path.isEmpty, let label = Int(last) else { return nil }
        return ListedClip(path: path, label: label, before: cut(path, separates))
    }

    /// A text without its last value, and that value; nil where there is only one.
    private static func cut(_ text: String, _ separates: (Character) -> Bool) -> (path: String, number: String)? {
        guard let place = text.lastIndex(where: separates) else { return nil }
        return (
            text[..<place].trimmingCharacters(in: .whitespaces),
            text[text.index(after: place)...].trimmingCharacters(in: .whitespaces)
        )
    }
}
