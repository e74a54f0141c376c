import DataPipeline
import Media
import Support
import XCTest

final class CenterCropTests: XCTestCase {
    private func random(_ index: Int = 0) -> SeededRandom { SeededRandom(seed: 3, epoch: 0, index: index) }

    func testTheCentreOfAnImage() {
        let (width, height) = (100, 50)
        let pixels = (0..<width * height).flatMap { i -> [UInt8] in [UInt8(i % width), UInt8(i / width), 0] }
        let image = ByteImage(width: width, height: height, channels: 3, pixels: pixels)
        var random = random()
        let crop = CenterCrop(shorterSide: 50, side: 40).apply(image, random: &random)
        XCTAssertEqual([crop.width, crop.height], [40, 40])
        XCTAssertEqual([crop[0, 0, 0], crop[0, 0, 1]], [30, 5])
    }

    /// Where the crop comes from, in the pixels of the image before it was resized.
    func testTheRegionOfACentreCrop() {
        let same = CenterCrop(shorterSide: 50, side: 40).region(of: ImageSize(width: 100, height: 50))
        XCTAssertEqual(same, ImageRegion(x: 30, y: 5, width: 40, height: 40))
        let halved = CenterCrop(shorterSide: 50, side: 40).region(of: ImageSize(width: 100, height: 200))
        XCTAssertEqual(halved, ImageRegion(x: 10, y: 60, width: 80, height: 80))
        let whole = CenterCrop(shorterSide: 32, side: 32).region(of: ImageSize(width: 8, height: 8))
        XCTAssertEqual(whole, ImageRegion(x: 0, y: 0, width: 8, height: 8))
    }

    /// A strip whose resized whole would be 4 billion pixels.
    func testAStripOfExtremeProportions() {
        for (width, height) in [(1, 65500), (65500, 1)] {
            let pixels = (0..<width * height).flatMap { i -> [UInt8] in [UInt8(i * 256 / 65500), 7, 9] }
            let image = ByteImage(width: width, height: height, channels: 3, pixels: pixels)
            var random = random()
            let crop = CenterCrop().apply(image, random: &random)
            XCTAssertEqual([crop.width, crop.height], [224, 224])
            for y in [0, 223] {
                XCTAssertEqual(Double(crop[0, y, 0]), 128, accuracy: 1)
                XCTAssertEqual([crop[223, y, 1], crop[9, y, 2]], [7, 9])
            }
        }
    }

    func testWhatHasToBeDecoded() {
        let evaluation = CenterCrop(shorterSide: 256, side: 224)
        var random = random()
        let fitting = evaluation.minimumSize(of: ImageSize(width: 1024, height: 768), random: &random)
        XCTAssertEqual([fitting.width, fitting.height], [341, 256])
    }
}
