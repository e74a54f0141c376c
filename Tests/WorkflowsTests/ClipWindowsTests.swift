import Support
import Workflows
import XCTest

final class ClipWindowsTests: XCTestCase {
    private func even(_ count: Int, rate: Double = 10) -> FrameTimes {
        FrameTimes(count: count, duration: Double(count) / rate) { Double($0) / rate }
    }

    /// 4 frames, 2 apart, as in training; half a window on; the last one ends with the video.
    func testFramesAreThoseOfTraining() {
        let windows = ClipWindows(length: .frames(8), stride: .frames(4), taking: 4, of: even(21))
        XCTAssertEqual(windows.count, 5)
        XCTAssertEqual(
            (0..<5).map { windows[$0].frames },
            [[0, 2, 4, 6], [4, 6, 8, 10], [8, 10, 12, 14], [12, 14, 16, 18], [13, 15, 17, 19]])
        XCTAssertEqual(windows[1].start, 0.4, accuracy: 1e-12)
        XCTAssertEqual(windows[1].end, 1.2, accuracy: 1e-12)
        XCTAssertEqual(windows[4].end, 2.1, accuracy: 1e-12)
        XCTAssertEqual(windows.length, 0.8, accuracy: 1e-12)
        XCTAssertEqual(windows.stride, 0.4, accuracy: 1e-12)
        XCTAssertEqual(ClipWindows(length: .frames(8), stride: .frames(4), taking: 4, of: even(20)).count, 4)
    }

    func testSeconds() {
        let windows = ClipWindows(length: .seconds(1), stride: .seconds(0.5), taking: 5, of: even(30))
        XCTAssertEqual(windows.count, 5)
        XCTAssertEqual(windows[0].frames, [0, 2, 4, 6, 8])
        XCTAssertEqual(windows[3].frames, [15, 17, 19, 21, 23])
        XCTAssertEqual([windows[4].start, windows[4].end], [2, 3])
        let mixed = ClipWindows(length: .frames(10), stride: .seconds(0.5), taking: 5, of: even(30))
        XCTAssertEqual(mixed[3].frames, windows[3].frames)
    }

    /// Frames of uneven lengths: a window of seconds takes the frame that is shown then, however many there are.
    func testUnevenTimes() {
        // 10 a second for a second, then 2 a second.
        let starts = (0..<10).map { Double($0) / 10 } + (0..<6).map { 1 + Double($0) / 2 }
        let times = FrameTimes(count: 16, duration: 4) { starts[$0] }
        let windows = ClipWindows(length: .seconds(2), stride: .seconds(1), taking: 4, of: times)
        XCTAssertEqual(windows.count, 3)
        XCTAssertEqual(windows[0].frames, [0, 5, 10, 11])
        XCTAssertEqual(windows[1].frames, [10, 11, 12, 13])
        XCTAssertEqual(windows[2].frames, [12, 13, 14, 15])
        let counted = ClipWindows(length: .frames(8), stride: .frames(8), taking: 4, of: times)
        XCTAssertEqual([counted[0].start, counted[0].end, counted[1].start, counted[1].end], [0, 0.8, 0.8, 4])
    }

    /// A short video begins again for a network that was trained so, or is spread where seconds are asked for.
    func testAVideoShorterThanAWindow() {
        let windows = ClipWindows(length: .frames(8), stride: .frames(4), taking: 4, of: even(3))
        XCTAssertEqual(windows.count, 1)
        XCTAssertEqual(windows[0], .init(start: 0, end: 0.3, frames: [0, 2, 1, 0]))
        let spread = ClipWindows(length: .seconds(9), stride: .seconds(1), taking: 4, of: even(3))
        XCTAssertEqual(spread.count, 1)
        XCTAssertEqual(spread[0].frames, [0, 0, 1, 2])
        let single = ClipWindows(length: .seconds(9), stride: .seconds(1), taking: 2, of: even(1))
        XCTAssertEqual(single[0].frames, [0, 0])
    }

    func testWithoutTimesFramesCountAs25ASecond() {
        let times = FrameTimes(count: 50, duration: nil) { _ in nil }
        XCTAssertEqual(times.duration, 2, accuracy: 1e-12)
        XCTAssertEqual(times[25], 1)
        XCTAssertEqual(times.frame(at: 1), 25)
        XCTAssertEqual(times.frame(at: 99), 49)
    }
}
