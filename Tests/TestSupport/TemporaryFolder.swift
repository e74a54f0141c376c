import Foundation
import Synchronization
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

/// A path in a new folder that is removed when the process ends: for what the tests of a class make once. Nothing is there.
public func processTemporaryPath() throws -> String {
    let folder = try makeTemporaryFolder()
    foldersOfTheProcess.withLock { folders in
        if folders.isEmpty {
            atexit { foldersOfTheProcess.withLock { $0.forEach { try? FileManager.default.removeItem(at: $0) } } }
        }
        folders.append(folder)
    }
    return folder.appendingPathComponent("made").path
}

/// The folders to remove when the process ends.
private let foldersOfTheProcess = Mutex<[URL]>([])

/// Runs `body` with the path of a new, empty folder that is removed when it returns: for a loop that fills many.
public func withTemporaryFolder<R>(_ body: (String) throws -> R) throws -> R {
    let folder = try makeTemporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder.path)
}
