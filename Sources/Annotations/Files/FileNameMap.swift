import Foundation

/// How the file names of annotations become paths in the image folder, for files that were written on another machine or by
/// a tool that changes names. Without a rule, names stay as they are.
public struct FileNameMap: Hashable, Sendable, Codable {
    /// A beginning of names and what takes its place.
    public struct Prefix: Hashable, Sendable, Codable {
        /// The beginning, such as `C:\data\images\`. Empty: every name has it.
        public var from: String
        /// What is written in its place; empty by default.
        public var to: String

        /// A beginning and what takes its place.
        public init(from: String, to: String = "") {
            self.from = from
            self.to = to
        }

        package enum CodingKeys: String, CodingKey, CaseIterable {
            case from, to
        }

        /// Decodes a prefix; without `to` it is taken off.
        public init(from decoder: any Decoder) throws {
            let values = try decoder.container(keyedBy: CodingKeys.self)
            from = try values.decode(String.self, forKey: .from)
            to = try values.decodeIfPresent(String.self, forKey: .to) ?? ""
        }
    }

    /// Beginnings to replace: the first one that a name has.
    public var prefixes: [Prefix]
    /// Whether `%20` and the like stand for characters.
    public var decodesPercent: Bool
    /// Whether backslashes separate folders, as on Windows.
    public var readsBackslashes: Bool

    /// Rules by which names change; none by default.
    public init(prefixes: [Prefix] = [], decodesPercent: Bool = false, readsBackslashes: Bool = false) {
        self.prefixes = prefixes
        self.decodesPercent = decodesPercent
        self.readsBackslashes = readsBackslashes
    }

    /// Whether every name stays as it is.
    public var isIdentity: Bool { self == FileNameMap() }

    /// The path for a name: percent escapes first, then backslashes, in the prefixes too, then the prefixes.
    public func path(of name: String) -> String {
        var path = name
        if decodesPercent { path = path.removingPercentEncoding ?? path }
        if readsBackslashes { path = path.withSlashes }
        for prefix in prefixes {
            let from = readsBackslashes ? prefix.from.withSlashes : prefix.from
            // Compared by scalars: a name's letters may be composed in another way than the prefix's look-alikes.
            guard path.unicodeScalars.starts(with: from.unicodeScalars) else { continue }
            return prefix.to
                + String(String.UnicodeScalarView(path.unicodeScalars.dropFirst(from.unicodeScalars.count)))
        }
        return path
    }
}

extension String {
    /// With a slash in place of every backslash.
    package var withSlashes: String { String(map { $0 == "\\" ? "/" : $0 }) }
}
