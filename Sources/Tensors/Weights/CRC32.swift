import CTorch
import Foundation

/// The CRC-32 of zlib, PNG and zip, of bytes that are given one after the other.
package struct CRC32 {
    private var value: UInt32 = 0

    /// The checksum of nothing.
    package init() {}

    /// Takes further bytes in.
    package mutating func add(_ bytes: UnsafeRawBufferPointer) {
        // zlib begins anew at a null pointer.
        guard !bytes.isEmpty else { return }
        value = ct_crc32(value, bytes.baseAddress, UInt64(bytes.count))
    }

    /// Takes the UTF-8 bytes of a text in.
    package mutating func add(_ text: String) {
        var text = text
        text.withUTF8 { add(UnsafeRawBufferPointer($0)) }
    }

    /// The checksum of all bytes so far in eight hexadecimal digits.
    package var digits: String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }

    /// The size of a file in bytes, and its checksum.
    ///
    /// - Throws: `POSIXError` where it can't be read, and for what is no file.
    package static func ofFile(_ path: String) throws -> (bytes: Int, digits: String) {
        func failure() -> POSIXError { POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        // Without O_NONBLOCK, opening a named pipe would wait for someone to write to it.
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { throw failure() }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw failure() }
        guard status.st_mode & S_IFMT == S_IFREG else { throw POSIXError(.EINVAL) }
        var checksum = CRC32(), count = 0
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let length = buffer.withUnsafeMutableBytes { read(file, $0.baseAddress, $0.count) }
            if length < 0 && errno == EINTR { continue }
            guard length >= 0 else { throw failure() }
            guard length > 0 else { return (count, checksum.digits) }
            buffer.withUnsafeBytes { checksum.add(UnsafeRawBufferPointer(rebasing: $0[..<length])) }
            count += length
        }
    }
}
