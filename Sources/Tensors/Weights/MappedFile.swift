import Foundation

/// A file's bytes as memory, each read when it is first looked at. What is written to them stays in this process.
final class MappedFile: @unchecked Sendable {
    /// The file's bytes, as long as this lives.
    let bytes: UnsafeMutableRawBufferPointer

    /// Maps a file.
    ///
    /// - Throws: `POSIXError` where there is no such file, it can't be read, or it is a folder.
    init(_ path: String) throws {
        func failure() -> POSIXError { POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw failure() }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw failure() }
        guard status.st_mode & S_IFMT != S_IFDIR else { throw POSIXError(.EISDIR) }
        guard status.st_size > 0 else {
            bytes = UnsafeMutableRawBufferPointer(start: nil, count: 0)
            return
        }
        guard
            let start = mmap(
                nil, Int(status.st_size), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, file, 0),
            start != MAP_FAILED
        else { throw failure() }
        bytes = UnsafeMutableRawBufferPointer(start: start, count: Int(status.st_size))
    }

    deinit { if let start = bytes.baseAddress { munmap(start, bytes.count) } }
}
