import Foundation

/// The reason of an error about a file in plain words, without a full stop: an error of this toolkit describes itself, and for
/// one of the system or Foundation there are words here that name no error domain.
package func reason(of error: any Error) -> String {
    let words: String
    switch error {
    case let error as WholeFileError: words = error.reason
    case let error as DecodingError: words = error.words
    case let error as EncodingError: words = error.words
    case _ where isFoundations(error): words = foundationsWords(error as NSError)
    default: words = "\(error)"
    }
    return words.hasSuffix(".") ? String(words.dropLast()) : words
}

/// Whether an error comes from Foundation, so that its description is for programmers.
package func isFoundations(_ error: any Error) -> Bool {
    error is CocoaError || error is POSIXError || error is DecodingError || error is EncodingError
        || type(of: error) is NSError.Type
}

private func foundationsWords(_ error: NSError) -> String {
    if let cause = error.userInfo[NSUnderlyingErrorKey] as? NSError, cause.domain == NSPOSIXErrorDomain {
        return String(cString: strerror(Int32(truncatingIfNeeded: cause.code)))
    }
    if error.domain == NSPOSIXErrorDomain { return String(cString: strerror(Int32(truncatingIfNeeded: error.code))) }
    if let words = error.userInfo["NSDebugDescription"] as? String { return words }
    switch CocoaError.Code(rawValue: error.code) {
    case _ where error.domain != NSCocoaErrorDomain: break
    case .fileReadNoSuchFile, .fileNoSuchFile: return "No such file or directory"
    case .fileReadNoPermission, .fileWriteNoPermission: return "Permission denied"
    case .fileWriteOutOfSpace: return "No space left on device"
    case .fileWriteFileExists: return "File exists"
    case .fileReadCorruptFile, .propertyListReadCorrupt: return "its contents can't be read"
    default: break
    }
    let words = error.localizedDescription
    return words.contains("ErrorDomain") ? "the system gives no reason" : words
}

extension DecodingError {
    /// Where in the text the mistake is and what it is.
    fileprivate var words: String {
        switch self {
        case .dataCorrupted(let context):
            let cause = (context.underlyingError as NSError?)?.userInfo["NSDebugDescription"] as? String
            return context.words(cause ?? context.debugDescription)
        case .keyNotFound(let key, let context): return context.words("there is no '\(key.stringValue)'")
        case .valueNotFound(_, let context): return context.words("a value is missing")
        case .typeMismatch(let type, let context): return context.words("it is not of the type \(type)")
        @unknown default: return "it can't be read"
        }
    }
}

extension DecodingError.Context {
    fileprivate func words(_ reason: String) -> String {
        let place = codingPath.map(\.stringValue).joined(separator: ".")
        return place.isEmpty ? reason : "\(place): \(reason)"
    }
}

extension EncodingError {
    fileprivate var words: String {
        guard case .invalidValue(let value, let context) = self else { return "it can't be written" }
        let place = context.codingPath.map(\.stringValue).joined(separator: ".")
        return "\(place.isEmpty ? "a value" : place) is \(value), which can't be written"
    }
}
