import Annotations
import Tracking
import Workflows
import XCTest

final class FollowedObjectsTests: XCTestCase {
    private func object(_ x: Float, score: Float = 0.9) -> ImageDetections.Object {
        .init(
            DetectedObject(box: Box(x0: x, y0: 0, x1: x + 20, y1: 20), label: 1, score: score), classNames: ["square"])
    }

    func testTracksAreTold() {
        var followed = FollowedObjects(TrackerOptions(leastHits: 2), every: 2, frameRate: 20)
        for (step, score) in [Float(0.8), 0.9, 0.3].enumerated() {
            var objects = [object(Float(step * 3), score: score), object(200)]
            if step == 0 { objects.removeLast() }
            followed.follow(&objects, frame: 2 * step, time: Double(step) / 10)
            XCTAssertEqual(objects.map(\.track), step == 0 ? [1] : step == 1 ? [1, nil] : [1, 2])
        }
        XCTAssertEqual(followed.tracks.map(\.id), [1, 2])
        XCTAssertEqual(followed.tracks.map(\.name), ["square", "square"])
        XCTAssertEqual(followed.tracks.map { [$0.firstFrame, $0.lastFrame, $0.frames] }, [[0, 4, 3], [4, 4, 1]])
        XCTAssertEqual(followed.tracks[0].lastTime, 0.2)
        XCTAssertEqual(followed.tracks[0].score, 0.9)
    }

    /// Where frames come at uneven times, an object is expected where the clock says: here it jumps on in a gap.
    func testTimesMoveObjects() {
        for (isTimed, isFound) in [(true, true), (false, false)] {
            var followed = FollowedObjects(TrackerOptions(leastHits: 1), every: 1, frameRate: 10)
            var last: [Int?] = []
            for time in [0.0, 0.1, 0.2, 0.3, 0.4, 1.0] {
                var objects = [object(Float(time) * 100)]
                followed.follow(
                    &objects, frame: Int((time * 10).rounded()).clamped(to: 0...5), time: isTimed ? time : nil)
                last = objects.map(\.track)
            }
            XCTAssertEqual(last == [1], isFound)
        }
    }
}

extension Int {
    fileprivate func clamped(to range: ClosedRange<Int>) -> Int {
        Swift.min(Swift.max(self, range.lowerBound), range.upperBound)
    }
}
