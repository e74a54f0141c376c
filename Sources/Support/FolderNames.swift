import Foundation

/// The names in a folder, and those among them that no program of this package could open, because they are not UTF-8.
/// `FileManager` gives these with marks in the place of the bytes that it can't read.
package enum FolderNames {
    /// The names in a folder that are UTF-8, hidden ones too, in no order, and what ``firstUnreadable(in:)`` says; nil where the
    /// folder can't be read.
    package static func list(_ folder: String) -> (names: [String], firstUnreadable: String?)? {
        guard let stream = opendir(folder) else { return nil }
        defer { closedir(stream) }
        var names: [String] = []
        var first: [UInt8]?
        while let entry = readdir(stream) {
            withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                guard let start = bytes.bindMemory(to: CChar.self).baseAddress else { return }
                if let name = String(validatingCString: start) {
                    if name != ".", name != ".." { names.append(name) }
                } else if bytes.first != UInt8(ascii: ".") {
                    let name = [UInt8](bytes.prefix { $0 != 0 })
                    if first.map({ name.lexicographicallyPrecedes($0) }) ?? true { first = name }
                }
            }
        }
        return (names, first.map(shown))
    }

    /// The first name in a folder that is not UTF-8, in the order of its bytes, with those bytes as `\xE9`; nil if there is
    /// none, and where the folder can't be read. Hidden files are passed over.
    package static func firstUnreadable(in folder: String) -> String? { list(folder)?.firstUnreadable }

    private static func shown(_ name: [UInt8]) -> String {
        name.map { byte in
            byte < 0x80 ? String(UnicodeScalar(byte)) : "\\x" + String(byte, radix: 16, uppercase: true)
        }.joined()
    }
}
