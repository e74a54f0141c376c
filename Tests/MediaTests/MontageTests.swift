import Media
import XCTest

final class MontageTests: XCTestCase {
    func testPicturesStandInTheirCells() {
        let red = ByteImage(width: 1, height: 1, pixels: [255, 0, 0])
        let wide = ByteImage(width: 40, height: 10, channels: 1, filledWith: 50)
        let grid = Montage.grid(
            [red, wide, red], columns: 2, cellWidth: 20, cellHeight: 20, gap: 4, background: .white)
        XCTAssertEqual([grid.width, grid.height], [2 * 24 + 4, 2 * 24 + 4])
        XCTAssertEqual(
            [grid[4, 4, 0], grid[4, 4, 1], grid[3, 4, 1], grid[23, 23, 1], grid[24, 4, 1]], [255, 0, 255, 0, 255])
        // 40 x 10 becomes 20 x 5, centred: rows 11 to 15.
        XCTAssertEqual((4..<24).map { grid[30, $0, 0] }, (4..<24).map { (11...15).contains($0) ? 50 : 255 })
        XCTAssertEqual(grid[30, 40, 2], 255, "an empty cell")
    }

    func testCaptionsTakeRoomAboveAndStayInTheirCell() {
        let black = ByteImage(width: 10, height: 10)
        let plain = Montage.grid([black, black], columns: 2, cellWidth: 60, cellHeight: 60, background: .white)
        let captioned = Montage.grid(
            [black, black], captions: ["a caption wider than the cell is", ""], columns: 2, cellWidth: 60,
            cellHeight: 60,
            background: .white)
        XCTAssertGreaterThan(captioned.height, plain.height)
        XCTAssertTrue((70..<76).allSatisfy { x in (0..<20).allSatisfy { captioned[x, $0, 0] == 255 } })
        XCTAssertTrue((8..<68).contains { x in (0..<20).contains { captioned[x, $0, 0] < 128 } })
    }

    func testALineOfACaptionIsCutShortAndTheNextStandsBelow() {
        let black = ByteImage(width: 10, height: 10)
        func drawn(_ caption: String) -> ByteImage {
            Montage.grid([black], captions: [caption], columns: 1, cellWidth: 60, cellHeight: 60, background: .white)
        }
        let (one, two) = (drawn("model"), drawn("model\na class with a name longer than its cell"))
        let line = two.height - one.height
        XCTAssertGreaterThan(line, 10)
        // Behind the gap of 8 comes the first line, then the second, then the picture and a gap.
        let second = two.height - 68 - line..<two.height - 68
        func isWritten(_ columns: Range<Int>) -> Bool {
            second.contains { y in columns.contains { two[$0, y] < 128 } }
        }
        XCTAssertTrue(isWritten(8..<68))
        XCTAssertFalse(isWritten(68..<76), "beside the cell")
        XCTAssertEqual(drawn("model\na class with a name longer"), two, "cut at the same letter, with an ellipsis")
        XCTAssertNotEqual(drawn("model\na class"), two)
    }

    func testNoPicturesIsAnEmptyGrid() {
        XCTAssertEqual(Montage.grid([], columns: 3, cellWidth: 10, cellHeight: 10).height, 26)
    }
}
