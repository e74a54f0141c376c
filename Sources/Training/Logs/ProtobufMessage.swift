/// A message in the wire format of Protocol Buffers, written field by field. Fields that keep their default are left out by the
/// caller.
package struct ProtobufMessage {
    /// The message's bytes.
    package private(set) var bytes: [UInt8] = []

    /// A message without fields.
    package init() {}

    /// Adds an integer, an enumeration's case or a truth value.
    package mutating func add(_ field: Int, integer value: Int64) {
        addKey(field, wire: 0)
        addVariable(UInt64(bitPattern: value))
    }

    /// Adds a number of 64 bits.
    package mutating func add(_ field: Int, double value: Double) {
        addKey(field, wire: 1)
        addFixed(value.bitPattern)
    }

    /// Adds a number of 32 bits.
    package mutating func add(_ field: Int, float value: Float) {
        addKey(field, wire: 5)
        addFixed(value.bitPattern)
    }

    /// Adds a string of bytes.
    package mutating func add(_ field: Int, bytes value: [UInt8]) {
        addKey(field, wire: 2)
        addVariable(UInt64(value.count))
        bytes += value
    }

    /// Adds a text.
    package mutating func add(_ field: Int, text: String) { add(field, bytes: Array(text.utf8)) }

    /// Adds a message within this one.
    package mutating func add(_ field: Int, message: ProtobufMessage) { add(field, bytes: message.bytes) }

    /// Adds a repeated field of numbers of 32 bits, packed.
    package mutating func add(_ field: Int, packed values: [Float]) {
        addKey(field, wire: 2)
        addVariable(UInt64(values.count * 4))
        for value in values { addFixed(value.bitPattern) }
    }

    private mutating func addKey(_ field: Int, wire: Int) { addVariable(UInt64(field << 3 | wire)) }

    /// Seven bits a byte, the lowest first; all bytes but the last have their highest bit set.
    private mutating func addVariable(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    private mutating func addFixed(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.littleEndian) { bytes += $0 }
    }
}
