/// A text's bytes in UTF-16 with the mark of the byte order in front, as Excel and Windows write it.
public func utf16WithMark(_ text: String) -> [UInt8] {
    ("\u{FEFF}" + text).utf16.flatMap { unit -> [UInt8] in [UInt8(unit & 0xFF), UInt8(unit >> 8)] }
}

/// A text's bytes in Latin-1; its characters must be.
public func latin1(_ text: String) -> [UInt8] {
    text.unicodeScalars.map { UInt8($0.value) }
}
