import Foundation
import Support
import XCTest

final class WorkerThreadsTests: XCTestCase {
    private struct Failure: Error, Equatable {
        let number: Int
    }

    func testConcurrentLoopPassesErrorsOn() throws {
        final class Seen: @unchecked Sendable {
            let lock = NSLock()
            var numbers: [Int] = []
        }
        let seen = Seen()
        try forEachConcurrently(count: 100, threads: 3) { number in
            seen.lock.withLock { seen.numbers.append(number) }
        }
        XCTAssertEqual(seen.numbers.sorted(), Array(0..<100))
        XCTAssertThrowsError(
            try forEachConcurrently(count: 100, threads: 3) { if $0 == 5 { throw Failure(number: $0) } }
        ) {
            XCTAssertEqual($0 as? Failure, Failure(number: 5))
        }
    }
}
