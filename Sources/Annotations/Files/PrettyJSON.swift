import Foundation
import Support

/// JSON as files and standard output carry it: keys sorted, indented. JSON has no word for NaN and the infinities: they
/// become `null`, so that one of them never costs the numbers beside it. The control characters that JSON allows in strings
/// are escaped like the others, as a terminal obeys them.
package func prettyJSON(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    // No text of the value can be this one.
    let mark = "not finite \(UUID().uuidString)"
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
        positiveInfinity: mark, negativeInfinity: mark, nan: mark)
    let data = try encoder.encode(value)
    let text = String(decoding: data, as: UTF8.self).replacingControls {
        $0.value < 0x7F ? nil : "\\u00" + String($0.value, radix: 16)
    }
    guard data.range(of: Data(mark.utf8)) != nil else { return text }
    return text.replacingOccurrences(of: "\"\(mark)\"", with: "null")
}
