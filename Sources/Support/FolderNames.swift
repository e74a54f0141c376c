import Foundation

/// The names in a folder that no program of this package could open, because they are not UTF-8. `FileManager` gives them with
/// marks in the place of the bytes that it can't read.
package enum FolderNames {
    /// The first name in a folder that is not UTF-8, in the order of its bytes, with those bytes as `\xE9`; nil if there is
    /// none, and where the folder can't be read. Hidden files are passed over.
    package static func firstUnreadable(in folder: String) -> String? {
        guard let stream = opendir(folder) else { return nil }
        defer { closedir(stream) }
        var first: [UInt8]?
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in [UInt8](bytes.prefix { $0 != 0 }) }
            guard name.first != UInt8(ascii: "."), String(validating: name, as: UTF8.self) == nil else { continue }
            if first.map({ name.lexicographicallyPrecedes($0) }) ?? true { first = name }
        }
        return first.map(shown)
    }

    private static func shown(_ name: [UInt8]) -> String {
        name.map { byte in
            byte < 0x80 ? String(UnicodeScalar(byte)) : "\\x" + String(byte, radix: 16, uppercase: true)
        }.joined()
    }
}
