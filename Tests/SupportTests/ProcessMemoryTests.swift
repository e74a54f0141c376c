import Foundation
import Support
import XCTest

final class ProcessMemoryTests: XCTestCase {
    func testPeakMemorySeesWhatIsTouched() throws {
        ProcessMemory.resetPeak()
        let before = try XCTUnwrap(ProcessMemory.peak())
        // Pages of their own: an allocator may have as many left that are resident already.
        let count = 256 << 20
        let pages = try XCTUnwrap(
            mmap(nil, count, PROT_READ | PROT_WRITE, MAP_PRIVATE | Int32(MAP_ANONYMOUS), -1, 0))
        XCTAssertNotEqual(pages, MAP_FAILED)
        memset(pages, 1, count)
        munmap(pages, count)
        XCTAssertGreaterThan(try XCTUnwrap(ProcessMemory.peak()), before + 200)
        ProcessMemory.resetPeak()
        XCTAssertLessThan(try XCTUnwrap(ProcessMemory.peak()), before + 100)
    }
}
