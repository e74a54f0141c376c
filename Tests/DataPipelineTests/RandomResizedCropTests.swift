import DataPipeline
import Media
import Support
import XCTest

final class RandomResizedCropTests: XCTestCase {
    private func random(_ index: Int = 0) -> SeededRandom { SeededRandom(seed: 3, epoch: 0, index: index) }

    /// The ramps say which window of the picture was taken.
    func testResizedCropsHaveTheAreaAndTheProportions() {
        let (width, height) = (240, 180)
        let pixels = (0..<width * height).flatMap { i -> [UInt8] in [UInt8(i % width), UInt8(i / width), 0] }
        let image = ByteImage(width: width, height: height, channels: 3, pixels: pixels)
        var smallest = 1.0
        var largest = 0.0
        for index in 0..<400 {
            var random = random(index)
            let crop = RandomResizedCrop(side: 32).apply(image, random: &random)
            XCTAssertEqual([crop.width, crop.height], [32, 32])
            // From the first to the last pixel's middle are 31/32 of the window.
            let w = Double(Int(crop[31, 16, 0]) - Int(crop[0, 16, 0])) * 32 / 31
            let h = Double(Int(crop[16, 31, 1]) - Int(crop[16, 0, 1])) * 32 / 31
            let area = w * h / Double(width * height)
            smallest = min(smallest, area)
            largest = max(largest, area)
            XCTAssertTrue(area > 0.05 && area < 1.1, "area \(area)")
            XCTAssertTrue(w / h > 0.6 && w / h < 1.65, "proportions \(w / h)")
        }
        XCTAssertLessThan(smallest, 0.12)
        XCTAssertGreaterThan(largest, 0.85)
    }

    func testWhatHasToBeDecoded() {
        var random = random()
        // A window of the whole picture has to be as large as the crop; a smaller one needs more of the picture.
        let whole = RandomResizedCrop(side: 224, area: 1...1, proportions: 1...1)
        let all = whole.minimumSize(of: ImageSize(width: 900, height: 900), random: &random)
        XCTAssertEqual([all.width, all.height], [224, 224])
        let quarter = RandomResizedCrop(side: 224, area: 0.25...0.25, proportions: 1...1)
        let half = quarter.minimumSize(of: ImageSize(width: 900, height: 900), random: &random)
        XCTAssertEqual([half.width, half.height], [448, 448])
        let small = quarter.minimumSize(of: ImageSize(width: 300, height: 300), random: &random)
        XCTAssertEqual([small.width, small.height], [300, 300])
    }
}
