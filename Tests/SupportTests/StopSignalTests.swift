import Foundation
import Support
import XCTest

final class StopSignalTests: XCTestCase {
    func testTheFirstSignalIsAWishAndHandlersAreGivenBack() {
        func handler(_ number: Int32) -> UInt {
            var action = sigaction()
            sigaction(number, nil, &action)
            return unsafeBitCast(action.__sigaction_handler.sa_handler, to: UInt.self)
        }
        let before = [SIGINT, SIGTERM].map(handler)
        for number in [SIGINT, SIGTERM] {
            StopSignal.watching {
                XCTAssertFalse(StopSignal.isRequested)
                kill(getpid(), number)
                XCTAssertTrue(StopSignal.isRequested)
            }
        }
        XCTAssertEqual([SIGINT, SIGTERM].map(handler), before)
    }
}
