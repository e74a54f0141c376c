import Media
import Reports
import XCTest

final class LearningRatePictureTests: XCTestCase {
    private func colors(_ image: ByteImage) -> Set<UInt32> {
        var found: Set<UInt32> = []
        image.withUnsafeBytes { bytes in
            for i in stride(from: 0, to: bytes.count, by: 3) {
                let (red, green, blue) = (UInt32(bytes[i]), UInt32(bytes[i + 1]), UInt32(bytes[i + 2]))
                found.insert(red << 16 | green << 8 | blue)
            }
        }
        return found
    }

    /// The rows of a column below the names of the lines whose pixels have a colour, but for smooth edges.
    private func rows(_ color: UInt32, column: Int, _ image: ByteImage) -> [Int] {
        image.withUnsafeBytes { bytes in
            (50..<image.height).filter { y in
                let i = 3 * (y * image.width + column)
                return (0..<3).allSatisfy { abs(Int(bytes[i + $0]) - Int(color >> (16 - 8 * $0) & 255)) <= 20 }
            }
        }
    }

    func testLinesAndMarksAreDrawn() {
        var losses: [(rate: Double, loss: Double)] = [], smoothed = losses
        for i in 1...50 {
            let rate = 1e-6 * Double(i * i)
            losses.append((rate, 2 - rate * 100))
            smoothed.append((rate, 2.1 - rate * 100))
        }
        let picture = LearningRatePicture(losses: losses, smoothed: smoothed, marks: [(1e-4, "steepest: 0.0001")])
        let drawn = picture.drawn()
        XCTAssertEqual([drawn.width, drawn.height], [900, 520])
        XCTAssertTrue(colors(drawn).isSuperset(of: [0x1B62C9, 0xB9C6DA, 0xE5383B]))
        // The smoothed loss falls to the right; the loss lies under it.
        func smooth(_ column: Int) -> Double {
            let rows = rows(0x1B62C9, column: column, drawn)
            return Double(rows.reduce(0, +)) / Double(rows.count)
        }
        XCTAssertLessThan(smooth(100) + 5, smooth(700))
        XCTAssertLessThan(smooth(700) + 50, smooth(860))
        XCTAssertGreaterThan(rows(0xB9C6DA, column: 700, drawn).first ?? 0, Int(smooth(700)))
        // 1e-4 of 1e-6…2.5e-3 is 0.5886 of the way in decades, from column 70 to column 880, in dashes.
        let mark = 70 + Int(0.5886 * 810)
        XCTAssertGreaterThan((mark - 1...mark + 1).map { rows(0xE5383B, column: $0, drawn).count }.max() ?? 0, 100)
        var unmarked = picture
        unmarked.marks = []
        XCTAssertFalse(colors(unmarked.drawn()).contains(0xE5383B))
    }

    func testNumbersThatCanNotBeDrawn() {
        _ = LearningRatePicture(losses: [], smoothed: [], marks: []).drawn()
        _ = LearningRatePicture(
            losses: [(1e-3, .infinity), (1e-2, 1e300)], smoothed: [(1e-3, 1), (1e-2, .nan)], marks: [(5, "far")]
        ).drawn()
        _ = LearningRatePicture(losses: [(1, 1)], smoothed: [(1, 1)], marks: []).drawn()
    }
}
