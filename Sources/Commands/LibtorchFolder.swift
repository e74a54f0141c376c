import CLoader
import Foundation

/// The libtorch that the engine would load, found without loading it.
package struct LibtorchFolder {
    /// The folder above that of the libraries.
    private let path: String

    /// The libtorch whose libraries are in a folder.
    ///
    /// - Parameter libraries: The folder with `libtorch_cpu.so`.
    package init(libraries: String) { path = (libraries as NSString).deletingLastPathComponent }

    /// The one that the loader finds; nil where it finds none.
    package static func loaded() -> LibtorchFolder? {
        var folder = [CChar](repeating: 0, count: 4096)
        guard cl_library_folder("libtorch_cpu.so", &folder, folder.count) else { return nil }
        return LibtorchFolder(
            libraries: String(decoding: folder.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }

    /// The version, such as 2.13.0, that a file of Python's package, of the archive or of the headers says; nil where none does.
    package var version: String? {
        func text(_ file: String) -> String {
            FileManager.default.contents(atPath: "\(path)/\(file)").map { String(decoding: $0, as: UTF8.self) } ?? ""
        }
        if let line = text("version.py").split(separator: "\n").first(where: { $0.hasPrefix("__version__") }),
            let found = Self.number(line.drop { !$0.isNumber })
        {
            return found
        }
        if let found = Self.number(text("build-version")[...]) { return found }
        let header = text("include/torch/headeronly/version.h").split(separator: "\n")
        var parts: [Substring] = []
        for part in ["MAJOR", "MINOR", "PATCH"] {
            let start = "#define TORCH_VERSION_\(part) "
            guard let line = header.first(where: { $0.hasPrefix(start) }) else { return nil }
            parts.append(line.dropFirst(start.count))
        }
        return parts.joined(separator: ".")
    }

    /// The numbers with dots at the beginning of a text.
    private static func number(_ text: Substring) -> String? {
        let found = text.prefix { $0.isNumber || $0 == "." }.split(separator: ".").joined(separator: ".")
        return found.isEmpty ? nil : found
    }

    /// The version in words for a person, of the one that the loader finds.
    package static var words: String {
        guard let libtorch = loaded() else { return "no libtorch found" }
        return libtorch.version.map { "libtorch \($0)" } ?? "libtorch of unknown version in \(libtorch.path)"
    }
}
