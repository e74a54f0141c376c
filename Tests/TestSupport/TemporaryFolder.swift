import Foundation
import XCTest

/// A new, empty folder among the machine's temporary ones.
private func makeTemporaryFolder() throws -> URL {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("vertebra-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder
}

extension XCTestCase {
    /// The path of a new, empty folder that is removed when the test ends.
    public func temporaryDirectory() throws -> String {
        let folder = try makeTemporaryFolder()
        addTeardownBlock { try? FileManager.default.removeItem(at: folder) }
        return folder.path
    }
}

/// Runs `body` with the path of a new, empty folder that is removed when it returns: for a loop that fills many.
public func withTemporaryFolder<R>(_ body: (String) throws -> R) throws -> R {
    let folder = try makeTemporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder.path)
}
