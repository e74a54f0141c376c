import Foundation

/// The CRC-32 of a safetensors file's header and of each of its tensors, as its free text keeps them.
///
/// The header's is that of its bytes with eight zeros in the place of the checksum itself.
struct SafetensorsChecksums {
    private static let tensorsKey = "vertebra_crc32"
    private static let headerKey = "vertebra_crc32_header"
    private static let zeros = "00000000"

    private var tensors: [String: String]
    private var header = zeros

    /// Checksums that are not known yet.
    init(names: [String]) { tensors = Dictionary(names.map { ($0, Self.zeros) }) { $1 } }

    /// The checksums of a file, taken out of its free text; nil for a file that has none, as other programs write them.
    ///
    /// - Throws: The error that `fail` makes, where the header isn't what was written.
    init?(takenFrom metadata: inout [String: String], header bytes: Data, fail: (String) -> any Error) throws {
        let found = (metadata.removeValue(forKey: Self.tensorsKey), metadata.removeValue(forKey: Self.headerKey))
        if found == (nil, nil) { return nil }
        guard case (let list?, let header?) = found, let field = Self.field(in: bytes),
            let tensors = try? JSONDecoder().decode([String: String].self, from: Data(list.utf8))
        else { throw fail("its header was changed or damaged: it has lost a checksum. " + Self.advice) }
        var zeroed = bytes
        zeroed.replaceSubrange(field, with: Data(Self.zeros.utf8))
        guard Self.crc(zeroed) == header else {
            throw fail(
                "the bytes of its header are not those that were written (their checksum says so). " + Self.advice)
        }
        self.tensors = tensors
        self.header = header
    }

    /// The checksums as free text.
    var metadata: [String: String] {
        let list = (try? JSONSerialization.data(withJSONObject: tensors, options: [.sortedKeys])) ?? Data()
        return [Self.tensorsKey: String(decoding: list, as: UTF8.self), Self.headerKey: header]
    }

    /// Takes the checksum of a tensor's bytes.
    mutating func note(_ bytes: UnsafeRawBufferPointer, of name: String) { tensors[name] = Self.crc(bytes) }

    /// Takes the checksum of the header, as it is with all others and without this one.
    mutating func noteHeader(_ bytes: Data) { header = Self.crc(bytes) }

    /// Holds a tensor's bytes to what was written.
    ///
    /// - Throws: The error that `fail` makes.
    func check(_ bytes: UnsafeRawBufferPointer, of name: String, fail: (String) -> any Error) throws {
        guard let written = tensors[name] else { throw fail("the tensor '\(name)' has no checksum. " + Self.advice) }
        let found = Self.crc(bytes)
        guard found == written else {
            throw fail(
                "the bytes of the tensor '\(name)' are not those that were written (checksum \(found), not \(written)). "
                    + Self.advice)
        }
    }

    private static let advice =
        "The file was damaged, or another program changed it and kept our checksums (vertebra_crc32 in its metadata)"

    /// Where the header's checksum stands in the header.
    private static func field(in header: Data) -> Range<Data.Index>? {
        guard let key = header.range(of: Data("\"\(headerKey)\":\"".utf8)),
            header.endIndex - key.upperBound >= zeros.utf8.count
        else { return nil }
        return key.upperBound..<key.upperBound + zeros.utf8.count
    }

    private static func crc(_ bytes: Data) -> String { bytes.withUnsafeBytes { crc($0) } }

    private static func crc(_ bytes: UnsafeRawBufferPointer) -> String {
        var checksum = CRC32()
        checksum.add(bytes)
        return checksum.digits
    }
}
