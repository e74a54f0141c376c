/// The CRC-32C (Castagnoli), with which TensorFlow's record files check their records. Zip's CRC-32 has another polynomial.
package enum CRC32C {
    /// The remainders of all bytes, for the polynomial 0x1EDC6F41 with its bits in the reverse order.
    private static let table: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0x82F6_3B78 : value >> 1 }
    }

    /// The checksum of bytes.
    package static func checksum(_ bytes: [UInt8]) -> UInt32 {
        table.withUnsafeBufferPointer { table in
            ~bytes.reduce(UInt32.max) { $0 >> 8 ^ table[Int(UInt8(truncatingIfNeeded: $0) ^ $1)] }
        }
    }

    /// The checksum as record files keep it: rotated and moved, so that the checksum of bytes that hold checksums is no
    /// special case.
    package static func masked(_ bytes: [UInt8]) -> UInt32 {
        let plain = checksum(bytes)
        return (plain >> 15 | plain << 17) &+ 0xA282_EAD8
    }
}
