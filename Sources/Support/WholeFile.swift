import Foundation

/// A file that appears under its name completely or not at all: it is written under another name, synced and renamed.
///
/// If the name is a link, the link stays and the file that it leads to is replaced. If anything fails before the end of
/// ``commit()``, the old file stays as it was. Without a commit, nothing is left.
package final class WholeFile {
    /// The name that the caller gave.
    package let path: String
    /// The file that `path` leads to through links.
    package let target: String
    /// The file beside `target` that holds the bytes until ``commit()``.
    package let temporaryPath: String
    /// The open file of `temporaryPath`, for reading and writing; -1 after the end.
    package private(set) var descriptor: Int32
    private let syncs: Bool

    /// Begins a file for `path`, with the permissions of the file that it will replace.
    ///
    /// - Parameters:
    ///   - path: The name that the file gets at the end.
    ///   - syncs: Whether the bytes reach the disk before the name does, and the name before ``commit()`` returns. This takes
    ///     milliseconds; for many files that only count together, pass false and call ``syncAll(in:)`` at the end.
    /// - Throws: ``WholeFileError`` if `path` is a folder, a device or a pipe, or if its folder can't be written in.
    package init(path: String, syncs: Bool = true) throws(WholeFileError) {
        self.path = path
        self.syncs = syncs
        target = try Self.target(path)
        let (folder, name) = Self.split(target)
        var made = "", file: Int32 = -1
        repeat {
            // Two writers, even of one process, must not share a file, and none may meet the leftover of a killed one.
            let ending = ".\(getpid())-\(UInt32.random(in: 0 ... .max)).partial"
            made = folder + "/" + Self.shortened(name, toFit: ending) + ending
            file = open(made, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        } while file < 0 && (errno == EEXIST || errno == EINTR)
        guard file >= 0 else { throw WholeFileError(path: path, attempt: .open, code: errno) }
        temporaryPath = made
        descriptor = file
        var status = stat()
        if stat(target, &status) == 0 { fchmod(file, status.st_mode & 0o7777) }
    }

    deinit { abandon() }

    /// Appends bytes.
    ///
    /// - Throws: ``WholeFileError``, for a full disk among others; nothing is left then.
    package func write(_ bytes: UnsafeRawBufferPointer) throws(WholeFileError) {
        var rest = bytes
        while !rest.isEmpty {
            let written = Foundation.write(descriptor, rest.baseAddress, rest.count)
            if written < 0 && errno == EINTR { continue }
            guard written > 0 else { throw failure(.write, written == 0 ? ENOSPC : errno) }
            rest = UnsafeRawBufferPointer(rebasing: rest[written...])
        }
    }

    /// Appends bytes.
    ///
    /// - Throws: ``WholeFileError``, for a full disk among others; nothing is left then.
    package func write(_ bytes: [UInt8]) throws(WholeFileError) {
        let outcome = bytes.withUnsafeBytes { bytes in
            Result { () throws(WholeFileError) in try self.write(bytes) }
        }
        try outcome.get()
    }

    /// Puts bytes in the place of others that were written, at an offset.
    ///
    /// - Throws: ``WholeFileError``; nothing is left then.
    package func overwrite(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(WholeFileError) {
        var rest = bytes
        while !rest.isEmpty {
            let written = pwrite(descriptor, rest.baseAddress, rest.count, off_t(offset + bytes.count - rest.count))
            if written < 0 && errno == EINTR { continue }
            guard written > 0 else { throw failure(.write, written == 0 ? ENOSPC : errno) }
            rest = UnsafeRawBufferPointer(rebasing: rest[written...])
        }
    }

    /// Syncs the file and gives it its name.
    ///
    /// - Throws: ``WholeFileError``; nothing is left then.
    package func commit() throws(WholeFileError) {
        precondition(descriptor >= 0, "WholeFile: \(path) has ended already")
        if syncs && fsync(descriptor) != 0 { throw failure(.write, errno) }
        // A network file system may report a full disk only here.
        let isClosed = close(descriptor) == 0 || errno == EINTR
        descriptor = -1
        guard isClosed else { throw failure(.write, errno) }
        guard rename(temporaryPath, target) == 0 else { throw failure(.replace, errno) }
        if syncs { Self.syncFolder(Self.split(target).folder) }
    }

    /// Removes the unfinished file; the file of that name stays as it was. Has no effect after ``commit()``.
    package func abandon() {
        guard descriptor >= 0 else { return }
        close(descriptor)
        descriptor = -1
        unlink(temporaryPath)
    }

    private func failure(_ attempt: WholeFileError.Attempt, _ code: Int32) -> WholeFileError {
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
        unlink(temporaryPath)
        return WholeFileError(path: path, attempt: attempt, code: code)
    }

    /// The folder of a path, "." if it has none, and the last part.
    private static func split(_ path: String) -> (folder: String, name: String) {
        guard let slash = path.lastIndex(of: "/") else { return (".", path) }
        let folder = path[..<slash]
        return (folder.isEmpty ? "/" : String(folder), String(path[path.index(after: slash)...]))
    }

    /// A name shortened so that it has at most 255 bytes, the limit of file systems, together with `ending`.
    private static func shortened(_ name: String, toFit ending: String) -> String {
        var name = name[...]
        while name.utf8.count + ending.utf8.count > 255 { name.removeLast() }
        return String(name)
    }
}

extension WholeFile {
    /// Writes all of `bytes` to `path`, completely or not at all.
    package static func write(
        _ bytes: UnsafeRawBufferPointer, to path: String, syncs: Bool = true
    ) throws(WholeFileError) {
        let file = try WholeFile(path: path, syncs: syncs)
        try file.write(bytes)
        try file.commit()
    }

    /// Writes all of `bytes` to `path`, completely or not at all.
    package static func write(
        _ bytes: some Sequence<UInt8>, to path: String, syncs: Bool = true
    ) throws(WholeFileError) {
        let file = try WholeFile(path: path, syncs: syncs)
        try file.write(Array(bytes))
        try file.commit()
    }

    /// Writes `text` to `path` in UTF-8, completely or not at all.
    package static func write(_ text: String, to path: String, syncs: Bool = true) throws(WholeFileError) {
        try write(text.utf8, to: path, syncs: syncs)
    }

    /// The file that a path leads to through links. It need not exist.
    ///
    /// - Throws: ``WholeFileError`` for a folder, for a device or pipe, and for links in a circle.
    package static func target(_ path: String) throws(WholeFileError) -> String {
        var status = stat()
        if stat(path, &status) == 0, case let kind = status.st_mode & S_IFMT, kind != S_IFREG {
            throw WholeFileError(path: path, attempt: kind == S_IFDIR ? .replaceFolder : .replaceDevice)
        }
        // Links are followed one by one, because the last may lead to a file that does not exist yet.
        var target = path
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
        for _ in 0..<40 {
            let length = readlink(target, &buffer, buffer.count)
            guard length >= 0 else { return target }
            let next = String(decoding: buffer[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
            target = next.hasPrefix("/") ? next : split(target).folder + "/" + next
        }
        throw WholeFileError(path: path, attempt: .open, code: ELOOP)
    }

    /// Checks, before long work, that its result can be written to a file of that name.
    ///
    /// - Throws: ``WholeFileError``.
    package static func requireWritable(_ path: String) throws(WholeFileError) {
        // The absolute path shows a person where a relative path was looked for.
        let folder = URL(fileURLWithPath: split(try target(path)).folder).path
        var status = stat()
        guard stat(folder, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            throw WholeFileError(path: path, attempt: .enter(folder: folder), code: errno)
        }
        guard access(folder, W_OK) == 0 else {
            throw WholeFileError(path: path, attempt: .changeFolder(folder), code: errno)
        }
    }

    /// Whether `file` is the name of a leftover from writing `name`, by any process.
    package static func isLeftover(_ file: String, of name: String) -> Bool {
        guard file.hasPrefix(name + "."), file.hasSuffix(".partial") else { return false }
        let numbers = file.dropFirst(name.count + 1).dropLast(".partial".count)
            .split(separator: "-", omittingEmptySubsequences: false)
        return (1...2).contains(numbers.count) && numbers.allSatisfy { !$0.isEmpty && $0.allSatisfy(\.isNumber) }
    }

    /// Makes `path` another name of the file `source`, by a hard link, or where there are none by a copy. What was there before is
    /// replaced at once.
    ///
    /// - Throws: Foundation's error for a file that can't be copied; ``WholeFileError``.
    package static func link(_ source: String, as path: String) throws {
        let made = path + ".\(getpid())-\(UInt32.random(in: 0 ... .max)).partial"
        do {
            try linkOrCopy(source, to: made)
        } catch {
            unlink(made)
            throw error
        }
        guard rename(made, path) == 0 else {
            let code = errno
            unlink(made)
            throw WholeFileError(path: path, attempt: .replace, code: code)
        }
        // Two names of one file: the system renames nothing then.
        unlink(made)
        syncFolder(split(path).folder)
    }

    /// Syncs all files in `folder` and the folders under it to the disk. That takes a fraction of the time that syncing each
    /// file takes.
    package static func syncAll(in folder: String) {
        let paths = [folder] + (FileManager.default.subpaths(atPath: folder) ?? []).map { folder + "/" + $0 }
        _ = parallelMap(count: paths.count, threads: 4) { sync(paths[$0]) }
    }

    /// Syncs the names in a folder to the disk. Some file systems can't; their files are complete without it.
    package static func syncFolder(_ folder: String) { sync(folder) }

    private static func sync(_ path: String) {
        // Without O_NONBLOCK, opening a named pipe would wait for someone to write to it.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }
}
