import Foundation

/// Keeps a folder for one process: a lock on a file inside, which the system lets go of when the process ends in whatever way.
///
/// The file says who holds the lock. It stays when the lock is let go of, because removing it would let two processes lock
/// two files of one name.
package final class FolderLock {
    /// The name of the lock's file.
    package static let fileName = "run.lock"

    /// Someone else works in the folder.
    package struct Taken: Error, Hashable {
        /// Who it is, as in "process 12 on this machine"; nil if the file does not say.
        package let holder: String?
    }

    /// Why there is no lock, where the file system has none; nil if the lock is held.
    package let absence: String?
    private let descriptor: Int32

    /// Locks a folder that exists.
    ///
    /// - Parameter lock: The system's `flock`.
    /// - Throws: ``Taken``; `WholeFileError` where the file can't be made.
    package init(_ folder: String, lock: (Int32, Int32) -> Int32 = { flock($0, $1) }) throws {
        let path = folder + "/" + Self.fileName
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw WholeFileError(path: path, attempt: .open, code: errno) }
        switch Self.attempt(lock, descriptor) {
        case 0:
            absence = nil
            let text = Self.words(process: getpid(), host: Self.host) + "\n"
            ftruncate(descriptor, 0)
            _ = text.withCString { pwrite(descriptor, $0, strlen($0), 0) }
        case EWOULDBLOCK:
            let holder = Self.holder(descriptor)
            close(descriptor)
            throw Taken(holder: holder)
        case let code:
            absence = String(cString: strerror(code))
        }
    }

    deinit { close(descriptor) }

    /// Checks that nobody holds the lock of a folder, which need not exist.
    ///
    /// - Throws: ``Taken``.
    package static func requireFree(_ folder: String) throws(Taken) {
        let descriptor = open(folder + "/" + fileName, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        guard attempt({ flock($0, $1) }, descriptor) == EWOULDBLOCK else { return }
        throw Taken(holder: holder(descriptor))
    }

    /// 0 if the file is locked now, else the system's number for the reason.
    private static func attempt(_ lock: (Int32, Int32) -> Int32, _ descriptor: Int32) -> Int32 {
        while lock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EINTR else { return errno }
        }
        return 0
    }

    private static func words(process: Int32, host: String) -> String { "process \(process) on \(host)" }

    /// The machine's name.
    package static var host: String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "an unknown host" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func holder(_ descriptor: Int32) -> String? {
        var buffer = [UInt8](repeating: 0, count: 512)
        let length = pread(descriptor, &buffer, buffer.count, 0)
        guard length > 0 else { return nil }
        let text = String(decoding: buffer.prefix(length), as: UTF8.self).prefix { !$0.isNewline }
        return text.isEmpty ? nil : String(text)
    }
}
