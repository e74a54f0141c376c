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
            let shown = preview.spread(4)
            XCTAssertEqual(shown, [0, 1, 3, 5])
            let montage = try preview.montage(shown, columns: 2, cellWidth: 80, cellHeight: 60)
            // Cells of 80×60 and 8 pixels between them; what is left of the height is two lines of captions.
            XCTAssertEqual(montage.width, 8 + 2 * (80 + 8))
            let captions = (montage.height - 8 - 2 * (60 + 8)) / 2
            XCTAssertTrue((10...30).contains(captions), "\(captions)")
            let color = Palette.color(0)
            for (place, index) in shown.enumerated() {
                let (x, y) = (8 + place % 2 * 88, 8 + captions + place / 2 * (60 + captions + 8))
                // Twice the ramp of 40×30: two pixels for each step of red and of green.
                XCTAssertEqual(Double(montage[x + 70, y + 54, 0]), 35, accuracy: 2, "\(index)")
                XCTAssertEqual(Double(montage[x + 70, y + 54, 1]), 27, accuracy: 2, "\(index)")
                // The box of sample i goes from i to i + 12.
                let drawn = (0..<80).filter {
                    abs(Double(montage[x + $0, y + 22, 0]) / 255 - color.red) < 0.3
                        && abs(Double(montage[x + $0, y + 22, 2]) / 255 - color.blue) < 0.3
                }
                XCTAssertEqual(Double(drawn.last ?? -1), Double(2 * (index + 12)), accuracy: 1.5, "\(index): \(drawn)")
            }
        }
    }
}
