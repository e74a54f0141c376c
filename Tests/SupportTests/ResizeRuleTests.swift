import Support
import XCTest

final class ResizeRuleTests: XCTestCase {
    func testShortestEdge() {
        func size(_ w: Int, _ h: Int, _ shorter: Int, _ longest: Int) -> [Int] {
            let s = ResizeRule.shortestEdge(shorter, longest: longest).size(of: ImageSize(width: w, height: h))
            return [s.width, s.height]
        }
        XCTAssertEqual(size(640, 480, 240, 480), [320, 240])
        XCTAssertEqual(size(480, 640, 240, 480), [240, 320])
        XCTAssertEqual(size(1000, 200, 800, 1333), [1333, 266])
        XCTAssertEqual(size(10, 3000, 800, 1333), [4, 1333])
        XCTAssertEqual(size(500, 375, 800, 1333), [1066, 800])
        XCTAssertEqual(size(333, 500, 240, 480), [240, 360])
        XCTAssertEqual(size(427, 640, 800, 1333), [800, 1199])
        // 103 · (240 / 103) falls short of 240 in double precision, in torchvision too.
        XCTAssertEqual(size(103, 150, 240, 480), [239, 349])
        XCTAssertEqual(size(1, 1000, 10, 100), [1, 100])
    }

    func testShorterSideIsExactAndTheOtherIsRounded() {
        func size(_ w: Int, _ h: Int, _ shorter: Int, _ rounding: FloatingPointRoundingRule) -> [Int] {
            let s = ResizeRule.shorterSide(shorter, rounding).size(of: ImageSize(width: w, height: h))
            return [s.width, s.height]
        }
        // 1024 · 256 / 768 = 341⅓ and 500 · 256 / 375 = 341⅓; 103 gives 240, where the rule in double precision falls short.
        XCTAssertEqual(size(1024, 768, 256, .down), [341, 256])
        XCTAssertEqual(size(375, 500, 256, .down), [256, 341])
        XCTAssertEqual(size(103, 150, 240, .down), [240, 349])
        // 150 · 240 / 103 = 349.51; 3 · 5 / 2 = 7.5.
        XCTAssertEqual(size(103, 150, 240, .toNearestOrAwayFromZero), [240, 350])
        XCTAssertEqual(size(3, 2, 5, .down), [7, 5])
        XCTAssertEqual(size(3, 2, 5, .toNearestOrAwayFromZero), [8, 5])
        XCTAssertEqual(size(2, 3, 5, .toNearestOrAwayFromZero), [5, 8])
        XCTAssertEqual(size(64, 64, 32, .down), [32, 32])
    }

    func testLongestSideOnlyShrinks() {
        func size(_ w: Int, _ h: Int) -> [Int] {
            let s = ResizeRule.longestSide(100).size(of: ImageSize(width: w, height: h))
            return [s.width, s.height]
        }
        XCTAssertEqual(size(100, 40), [100, 40])
        XCTAssertEqual(size(200, 50), [100, 25])
        XCTAssertEqual(size(30, 400), [7, 100])
        XCTAssertEqual(size(1, 4000), [1, 100])
    }

    func testFixedIgnoresTheProportions() {
        let size = ImageSize(width: 300, height: 200)
        XCTAssertEqual(ResizeRule.fixed(size).size(of: ImageSize(width: 7, height: 900)), size)
    }
}
