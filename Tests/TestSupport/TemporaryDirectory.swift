import Foundation
import XCTest

extension XCTestCase {
    /// The path of a new empty folder that is removed when the test ends.
    public func temporaryDirectory() throws -> String {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("vertebra-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        addTeardownBlock { try? FileManager.default.removeItem(at: folder) }
        return folder.path
    }
}
