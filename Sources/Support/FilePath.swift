/// Paths as text. `NSString`'s `deletingLastPathComponent` ends the process on a path of one letter.
package enum FilePath {
    /// A path in a folder, or an absolute path as it is.
    package static func joined(_ path: String, to folder: String) -> String {
        path.utf8.first == UInt8(ascii: "/") ? path : folder + "/" + path
    }

    /// The folder that a path's last name is in; empty where the path is that name alone.
    package static func folder(of path: String) -> String {
        let slash = UInt8(ascii: "/")
        var bytes = path.utf8[...]
        while bytes.count > 1, bytes.last == slash { bytes.removeLast() }
        guard let last = bytes.lastIndex(of: slash) else { return "" }
        bytes = bytes[..<last]
        while bytes.last == slash { bytes.removeLast() }
        return bytes.isEmpty ? "/" : String(Substring(bytes))
    }

    /// The last name of a path.
    package static func name(of path: String) -> String {
        path.split(separator: "/").last.map(String.init) ?? path
    }

    /// A path without the ending of its last name, such as `.jpg`. A name that only begins with a dot has none.
    package static func withoutEnding(_ path: String) -> String {
        let bytes = path.utf8
        guard let dot = bytes.lastIndex(of: UInt8(ascii: ".")), dot > bytes.startIndex,
            !bytes[dot...].contains(UInt8(ascii: "/")), bytes[bytes.index(before: dot)] != UInt8(ascii: "/")
        else { return path }
        return String(path[..<dot])
    }

    /// The ending of a path's last name with its dot, such as `.jpg`; empty where it has none.
    package static func ending(of path: String) -> String {
        String(decoding: path.utf8.dropFirst(withoutEnding(path).utf8.count), as: UTF8.self)
    }

    /// The last names of paths, to tell them apart; whole paths where two have one name.
    package static func distinctNames(_ paths: [String]) -> [String] {
        let names = paths.map(name)
        return Set(names).count == names.count && !names.contains(where: [".", ".."].contains) ? names : paths
    }
}
