import Foundation

/// The error that a file can't be written. An existing file of that name is as it was.
public struct WholeFileError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The step that failed.
    package enum Attempt: Hashable, Sendable {
        /// Putting a file in the place of a folder.
        case replaceFolder
        /// Putting a file in the place of a device or a pipe.
        case replaceDevice
        /// Finding the file's folder.
        case enter(folder: String)
        /// Making a file in that folder.
        case changeFolder(String)
        /// Opening a temporary file in the folder.
        case open
        /// Writing the bytes and syncing them to the disk.
        case write
        /// Renaming the temporary file.
        case replace
    }

    /// The file that was to be written.
    public let path: String
    /// The step that failed.
    package let attempt: Attempt
    /// The system's number for the reason; 0 if it gave none.
    public let code: Int32

    package init(path: String, attempt: Attempt, code: Int32 = 0) {
        self.path = path
        self.attempt = attempt
        self.code = code
    }

    /// The reason in a few words, the system's own if it gave one.
    public var reason: String {
        switch attempt {
        case .replaceFolder: "it is a folder"
        case .replaceDevice: "it is a device or a pipe, not a file"
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
        case .changeFolder: "Change its permissions, or name another file"
        case .open: "Check that the folder exists and its permissions"
        case .write: "Check the space left"
        case .replace: "Check the folder's permissions"
        }
    }

    /// Path, problem and fix as sentences on one line.
    public var description: String { "\(path): \(problem). \(fix).".onOneLine }
}
