import DataPipeline
import Tensors
import TestSupport
import XCTest

final class ClipViewsTests: XCTestCase {
    /// Ten clips from the first to the last, three crops from the left edge to the right one.
    func testViewsCoverTheVideo() throws {
        let folder = try temporaryDirectory()
        try ClipFixture.write(folder + "/a.mp4", frames: 30)
        let layout = ClipViews.Layout(
            sampling: ClipSampling(length: 3, stride: 2), clips: 10, crops: 3, side: 48, shorterSide: 48)
        let views = try ClipViews(path: folder + "/a.mp4", layout: layout)
        XCTAssertEqual(views.count, 30)
        let all = views.tensor(0..<30)
        XCTAssertEqual(all.shape, [30, 3, 3, 48, 48])
        for clip in 0..<10 {
            let start = (Double(clip) * 24 / 9).rounded()
            for crop in 0..<3 {
                let first = all[3 * clip + crop, 0, 0, 24].array(UInt8.self)
                let redness = zip(first, all[3 * clip + crop, 2, 0, 24].array(UInt8.self)).map { Int($0) - Int($1) }
                // 64 wide: crops from 0, 8 and 16; red reaches to 16, blue from 48 on.
                XCTAssertEqual(redness[0] > 80, crop < 2, "\(clip) \(crop)")
                XCTAssertEqual(redness[47] < -80, crop > 0, "\(clip) \(crop)")
                let grey = (Double(first[24]) - 20) / Double(ClipFixture.step)
                XCTAssertEqual(grey, start, accuracy: 0.51)
            }
        }
        let part = views.tensor(7..<9)
        XCTAssertEqual(part.contiguous().array(UInt8.self), all[7..<9].contiguous().array(UInt8.self))
    }
}
