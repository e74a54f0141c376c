import Glibc

/// A file's bytes, read straight into memory.
struct FileBytes: ~Copyable {
    private let base: UnsafeMutableRawPointer?
    /// How many bytes were read.
    let count: Int
    /// Whether these are all the file's bytes.
    let isWhole: Bool

    /// Reads the first `limit` bytes of a regular file, or all of it when nil; `maximum` is the most that it reads.
    /// - Throws: `MediaError` when the file can't be read, or would take more than `maximum` bytes.
    init(_ path: String, first limit: Int? = nil, maximum: Int = .max) throws(MediaError) {
        let (file, size) = try Self.open(path)
        defer { close(file) }
        let wanted = min(size, limit ?? .max)
        guard wanted <= maximum else {
            throw MediaError(kind: .tooLarge, name: path, cause: "\(size) bytes, over the limit of \(maximum)")
        }
        guard let memory = malloc(max(wanted, 1)) else {
            throw MediaError(kind: .outOfMemory, name: path, cause: "\(wanted) bytes")
        }
        var have = 0
        while have < wanted {
            let got = Glibc.read(file, memory + have, wanted - have)
            if got < 0 && errno == EINTR { continue }
            if got < 0 {
                let failure = Self.failure(path)
                free(memory)
                throw failure
            }
            // The file has shrunk since it was measured.
            if got == 0 { break }
            have += got
        }
        base = memory
        count = have
        isWhole = wanted == size
    }

    deinit { free(base) }

    /// Calls `body` with the bytes. The pointer is good for the call only.
    borrowing func withUnsafeBytes<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
        try body(UnsafeRawBufferPointer(start: base, count: count))
    }

    /// Calls `body` with an open regular file and its size in bytes.
    /// - Throws: `MediaError` when the file can't be opened.
    static func withFile<R>(_ path: String, _ body: (_ file: Int32, _ size: Int) -> R) throws(MediaError) -> R {
        let (file, size) = try open(path)
        defer { close(file) }
        return body(file, size)
    }

    /// Opens a regular file, for the caller to close, and measures it.
    private static func open(_ path: String) throws(MediaError) -> (file: Int32, size: Int) {
        // Without O_NONBLOCK, opening a named pipe would wait for someone to write to it.
        let file = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { throw failure(path) }
        var status = stat()
        guard fstat(file, &status) == 0 else {
            let failure = failure(path)
            close(file)
            throw failure
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            close(file)
            throw MediaError(
                kind: .unreadable, name: path,
                cause: status.st_mode & S_IFMT == S_IFDIR ? "it is a folder" : "it is not a regular file")
        }
        return (file, Int(status.st_size))
    }

    /// The error for what the operating system said last of `path`.
    private static func failure(_ path: String) -> MediaError {
        MediaError(kind: .unreadable, name: path, cause: String(cString: strerror(errno)))
    }
}
