import Foundation
import XCTest

/// The folder of golden values and sample data that `VERTEBRA_SHARED` names; a test that needs it is skipped without.
public func sharedFolder() throws -> String {
    guard let path = ProcessInfo.processInfo.environment["VERTEBRA_SHARED"], !path.isEmpty else {
        throw XCTSkip("VERTEBRA_SHARED does not name the folder of golden values")
    }
    return path
}

/// The contents of a JSON file, as JSONSerialization gives them.
public func loadJSON(_ path: String) throws -> Any {
    try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: path)))
}
