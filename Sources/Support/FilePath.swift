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
}
