import Foundation
import Support

/// The private folder for uploads that decoders want as files. It goes with the last reference to it.
final class SpoolFolder: Sendable {
    let path: String

    /// - Throws: ``WholeFileError`` where the system's folder for temporary files takes none.
    init() throws {
        var template = Array((FileManager.default.temporaryDirectory.path + "/vertebra-serve-XXXXXX").utf8CString)
        // Only this user may read what is in it.
        guard mkdtemp(&template) != nil else {
            throw WholeFileError(
                path: FileManager.default.temporaryDirectory.path, attempt: .open, code: errno)
        }
        path = String(decoding: template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// An upload as a file, which is removed with the last reference to it.
final class SpooledFile: Sendable {
    let path: String
    private let folder: SpoolFolder

    /// - Throws: ``Refusal`` where the disk does not take it.
    init(_ bytes: ArraySlice<UInt8>, in folder: SpoolFolder) throws(Refusal) {
        self.folder = folder
        path = folder.path + "/" + UUID().uuidString
        guard FileManager.default.createFile(atPath: path, contents: nil), let file = fopen(path, "wb") else {
            throw Self.failure()
        }
        let written = bytes.withUnsafeBytes { fwrite($0.baseAddress, 1, $0.count, file) }
        guard fclose(file) == 0, written == bytes.count else { throw Self.failure() }
    }

    private static func failure() -> Refusal {
        Refusal(
            .insufficientStorage, "the upload can't be kept while it is looked at: \(String(cString: strerror(errno)))")
    }

    deinit { unlink(path) }
}
