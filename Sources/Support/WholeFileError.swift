import Foundation

/// A file can't be written; the one of that name, if there is one, is as it was.
public struct WholeFileError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was tried.
    package enum Attempt: Hashable, Sendable {
        /// To put a file in the place of a folder.
        case replaceFolder
        /// To put a file in the place of a device or a pipe.
        case replaceDevice
        /// To find the folder that the file would lie in.
        case enter(folder: String)
        /// To make a file in that folder.
        case changeFolder(String)
        /// To open a file beside it.
        case open
        /// To write the bytes and bring them to the disk.
        case write
        /// To rename the file that was written.
        case replace
    }

    /// The file that was to be written.
    public let path: String
    /// What was tried when it failed.
    package let attempt: Attempt
    /// The system's number for the reason; 0 where it gave none.
    public let code: Int32

    package init(path: String, attempt: Attempt, code: Int32 = 0) {
        self.path = path
        self.attempt = attempt
        self.code = code
    }

    /// Why in a few words: the system's where it gave some.
    public var reason: String {
        switch attempt {
        case .replaceFolder: "it is a folder"
        case .replaceDevice: "it is no file but a device or a pipe"
        case .enter(let folder): "there is no folder \(folder)"
        case .changeFolder(let folder): "\(folder) can't be written in"
        case .open, .write, .replace: String(cString: strerror(code))
        }
    }

    /// What is wrong, as a clause about the file.
    public var problem: String {
        switch attempt {
        case .open, .write, .replace: "it can't be written: \(reason)"
        default: reason
        }
    }

    /// What a person can do: a sentence without a full stop.
    public var fix: String {
        switch attempt {
        case .replaceFolder, .replaceDevice: "Name a file"
        case .enter: "Make it, or name another file"
        case .changeFolder: "Mend its permissions, or name another file"
        case .open: "Check that the folder is there and its permissions"
        case .write: "Check the space left"
        case .replace: "Check the folder's permissions"
        }
    }

    /// Path, problem and fix as sentences on one line.
    public var description: String { "\(path): \(problem). \(fix)." }
}

/// The words for what went wrong with a file, the system's or Foundation's, without a full stop.
package func reason(of error: any Error) -> String {
    if let error = error as? WholeFileError { return error.reason }
    let words = (error as NSError).localizedDescription
    return words.hasSuffix(".") ? String(words.dropLast()) : words
}
