import Annotations
import DataPipeline
import Media
import TestSupport
import XCTest

final class DatasetPreviewTests: XCTestCase {
    func testPictureShowsItsBoxes() throws {
        try withTemporaryFolder { folder in
            let dataset = try DetectionDataset(
                annotations: try writeRamps(7, in: folder, width: 200, height: 150), imageFolder: folder)
            let picture = try DatasetPreview(dataset).picture(2)
            XCTAssertEqual([picture.width, picture.height], [400, 300], "enlarged, but no more than twice")
            // The box (2, 4) to (14, 13) is drawn at twice that, in its class's colour.
            let color = Palette.color(0)
            func isDrawn(_ x: Int, _ y: Int) -> Bool {
                abs(Double(picture[x, y, 0]) / 255 - color.red) < 0.3
                    && abs(Double(picture[x, y, 2]) / 255 - color.blue) < 0.3
            }
            XCTAssertTrue((3...5).contains { isDrawn($0, 22) }, "left edge")
            XCTAssertTrue((27...29).contains { isDrawn($0, 22) }, "right edge")
            XCTAssertFalse(isDrawn(200, 200))
        }
    }

    func testMontageAndSpread() throws {
        try withTemporaryFolder { folder in
            let dataset = try DetectionDataset(annotations: try writeRamps(7, in: folder), imageFolder: folder)
            let preview = DatasetPreview(dataset)
            XCTAssertEqual(preview.spread(3), [0, 2, 4])
            XCTAssertEqual(preview.spread(20), Array(0..<7))
            let montage = try preview.montage(preview.spread(4), columns: 2, cellWidth: 80, cellHeight: 60)
            XCTAssertGreaterThanOrEqual(montage.width, 160)
            XCTAssertGreaterThanOrEqual(montage.height, 120)
        }
    }
}
