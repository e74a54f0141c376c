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
