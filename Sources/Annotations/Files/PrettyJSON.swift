import Foundation

/// JSON as files and standard output carry it: keys sorted, indented. JSON has no word for NaN and the infinities: they
/// become `null`, so that one of them never costs the numbers beside it.
package func prettyJSON(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    // No text of the value can be this one.
    let mark = "not finite \(UUID().uuidString)"
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
        positiveInfinity: mark, negativeInfinity: mark, nan: mark)
    let data = try encoder.encode(value), text = String(decoding: data, as: UTF8.self)
    guard data.range(of: Data(mark.utf8)) != nil else { return text }
    return text.replacingOccurrences(of: "\"\(mark)\"", with: "null")
}
