import Foundation

/// Where a file that a user names is written to.
package enum OutputFile {
    /// The file behind the links, so that one is written through and stays.
    ///
    /// - Throws: `AnnotationError` for a folder, and for what is no file, such as a device, whose place a file would take.
    package static func target(_ path: String) throws -> String {
        var status = stat()
        if stat(path, &status) == 0, case let kind = status.st_mode & S_IFMT, kind != S_IFREG {
            throw AnnotationError(
                file: path, problem: kind == S_IFDIR ? "it is a folder" : "it is no file but a device or a pipe",
                fix: "Name a file")
        }
        // One by one: the last may lead to a file that is still to be made.
        var target = URL(fileURLWithPath: path)
        for _ in 0..<40 {
            guard let next = try? FileManager.default.destinationOfSymbolicLink(atPath: target.path) else { break }
            target = URL(fileURLWithPath: next, relativeTo: target.deletingLastPathComponent())
        }
        return target.path
    }

    /// Makes sure that a file of that name can be written, before the work whose result it is for.
    ///
    /// - Throws: `AnnotationError`.
    package static func requireWritable(_ path: String) throws {
        let folder = (try target(path) as NSString).deletingLastPathComponent
        guard FileManager.default.fileExists(atPath: folder) else {
            throw AnnotationError(
                file: path, problem: "there is no folder \(folder)", fix: "Make it, or name another file")
        }
        guard FileManager.default.isWritableFile(atPath: folder) else {
            throw AnnotationError(
                file: path, problem: "\(folder) can't be written in", fix: "Mend its permissions, or name another file")
        }
    }

    /// Foundation's words for what went wrong, without their full stop.
    package static func reason(_ error: any Error) -> String {
        let words = (error as NSError).localizedDescription
        return words.hasSuffix(".") ? String(words.dropLast()) : words
    }
}
