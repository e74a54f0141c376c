import Workflows
import XCTest

final class VideoDamageTests: XCTestCase {
    func testRunsOfFrames() {
        var damage = VideoDamage()
        XCTAssertTrue(damage.isNone)
        for frame in [3, 4, 5, 9, 11, 12] { damage.add(frame) }
        XCTAssertEqual(damage.frames, 6)
        XCTAssertEqual(damage.ranges, [[3, 5], [9, 9], [11, 12]])
        let error = damage.error(of: "a.mp4", frameCount: 40)
        XCTAssertEqual(
            error.description,
            "a.mp4 is corrupt at frame 3: 6 of its 40 frames can't be decoded (3 to 5, 9, 11 to 12); what was found in the "
                + "others is kept. Replace the file, or take it out of the data set.")
    }

    func testAnEarlyEnd() {
        var damage = VideoDamage()
        damage.isTruncated = true
        XCTAssertFalse(damage.isNone)
        XCTAssertTrue(
            damage.error(of: "a.mp4", frameCount: 40).description.hasPrefix(
                "a.mp4 is truncated: it ends early, after 40 frames; what was found in the others is kept. "))
    }
}
