import Foundation
import XCTest

/// The folder of real pictures and videos that `VERTEBRA_SHARED` names, which are not in the repository; a test that needs
/// it is skipped without.
public func sharedFolder() throws -> String {
    guard let path = ProcessInfo.processInfo.environment["VERTEBRA_SHARED"], !path.isEmpty else {
        throw XCTSkip("VERTEBRA_SHARED does not name the folder of real pictures and videos")
    }
    return path
}

/// The contents of a JSON file, as JSONSerialization gives them.
public func loadJSON(_ path: String) throws -> Any {
    try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: path)))
}
