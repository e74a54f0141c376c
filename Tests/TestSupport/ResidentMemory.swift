import Foundation
import XCTest

/// Bytes of this process that are in memory.
public func residentMemory() throws -> Int {
    let pages = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")[1]
    return try XCTUnwrap(Int(pages)) * 4096
}
