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
        // Under nohup the tests themselves ignore it.
        let hangUp = signal(SIGHUP, SIG_DFL)
        defer { signal(SIGHUP, hangUp) }
        let before = [SIGINT, SIGTERM, SIGHUP, SIGPIPE].map(handler)
        for number in [SIGINT, SIGTERM, SIGHUP] {
            StopSignal.watching {
                XCTAssertFalse(StopSignal.isRequested)
                // To this thread, as what a process gets may come to another one, and later.
                raise(number)
                XCTAssertTrue(StopSignal.isRequested)
            }
        }
        XCTAssertEqual([SIGINT, SIGTERM, SIGHUP, SIGPIPE].map(handler), before)
    }

    /// `nohup` starts a command with SIGHUP ignored.
    func testAnIgnoredHangUpStaysIgnored() {
        let before = signal(SIGHUP, SIG_IGN)
        defer { signal(SIGHUP, before) }
        StopSignal.watching {
            raise(SIGHUP)
            XCTAssertFalse(StopSignal.isRequested)
        }
    }

    /// Work that saves outlives the reader of its messages.
    func testAPipeThatNobodyReadsEndsNoWorkThatSaves() {
        StopSignal.watching {
            var ends: [Int32] = [0, 0]
            pipe(&ends)
            close(ends[0])
            XCTAssertEqual(write(ends[1], "x", 1), -1)
            XCTAssertEqual(errno, EPIPE)
            close(ends[1])
        }
    }
}
