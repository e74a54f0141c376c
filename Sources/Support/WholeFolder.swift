import Foundation

/// A folder that appears under its name complete or not at all: it is filled under another name beside it, then renamed.
package struct WholeFolder {
    /// The folder's absolute path.
    package let path: String

    /// A folder by its path; nothing is made yet.
    package init(_ path: String) { self.path = URL(fileURLWithPath: path).standardizedFileURL.path }

    /// Whether something of that name is there.
    package var exists: Bool { FileManager.default.fileExists(atPath: path) }

    /// Lets `body` make and fill a folder beside this one, which then gets its name. One that is there is replaced; if
    /// anything fails, it stays as it was, and nothing new is left.
    ///
    /// - Throws: ``WholeFolderError`` where no folder can be made there, and the errors of `body`.
    package func make<Result>(_ body: (_ making: String) throws -> Result) throws -> Result {
        let files = FileManager.default
        let folder = URL(fileURLWithPath: path)
        let isThere = exists
        let parent = folder.deletingLastPathComponent()
        do {
            try files.createDirectory(at: parent, withIntermediateDirectories: true)
        } catch {
            throw WholeFolderError(path: path, reason: Support.reason(of: error))
        }
        guard files.isWritableFile(atPath: parent.path) else {
            throw WholeFolderError(path: path, reason: "\(parent.path) can't be written in")
        }
        // Two processes that make the same folder must not share a temporary one, nor meet that of a killed process.
        let name = "\(folder.lastPathComponent).\(getpid())-\(UInt32.random(in: 0 ... .max))"
        let making = parent.appendingPathComponent(".making-\(name)")
        let old = parent.appendingPathComponent(".old-\(name)")
        defer { try? files.removeItem(at: making) }

        let result = try body(making.path)
        WholeFile.syncAll(in: making.path)
        if isThere { try files.moveItem(at: folder, to: old) }
        do {
            try files.moveItem(at: making, to: folder)
        } catch {
            if isThere { try? files.moveItem(at: old, to: folder) }
            throw error
        }
        WholeFile.syncFolder(parent.path)
        try? files.removeItem(at: old)
        return result
    }
}

/// The error that a folder can't be made.
package struct WholeFolderError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The folder's absolute path.
    package let path: String
    /// Why, in a few words.
    package let reason: String

    /// The folder, what is wrong, and what to do.
    package var description: String { "\(path): the folder can't be made (\(reason)). Choose another one." }
}
