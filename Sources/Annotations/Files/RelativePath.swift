/// Paths that annotation files name. A file from anywhere must not make a program read outside its own folder.
package enum RelativePath {
    /// Whether a path stays in the folder it is relative to: not absolute, never above where it starts, no NUL byte.
    package static func staysInside(_ path: String) -> Bool { staysInside(Array(path.utf8)[...]) }

    static func staysInside(_ path: ArraySlice<UInt8>) -> Bool {
        let slash = UInt8(ascii: "/")
        let dot = UInt8(ascii: ".")
        if path.first == slash || path.contains(0) { return false }
        guard path.contains(dot) else { return true }
        var depth = 0
        for part in path.split(separator: slash) {
            if part.elementsEqual([dot, dot]) {
                depth -= 1
                if depth < 0 { return false }
            } else if !part.elementsEqual([dot]) {
                depth += 1
            }
        }
        return true
    }
}
