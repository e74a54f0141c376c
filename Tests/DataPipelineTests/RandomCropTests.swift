import DataPipeline
import Media
import Support
import XCTest

final class RandomCropTests: XCTestCase {
    private func random(_ index: Int = 0) -> SeededRandom { SeededRandom(seed: 3, epoch: 0, index: index) }

    func testCropsReachEveryPlace() {
        var image = ByteImage(width: 8, height: 8, filledWith: 9)
        image.withUnsafeMutableBytes { $0[3 * (8 * 3 + 2)] = 200 }  // The red of (2, 3).
        var places = Set<[Int]>()
        for index in 0..<2000 {
            var random = random(index)
            let crop = RandomCrop(padding: 2).apply(image, random: &random)
            XCTAssertEqual([crop.width, crop.height], [8, 8])
            for y in 0..<8 {
                for x in 0..<8 where crop[x, y, 0] == 200 { places.insert([x, y]) }
            }
        }
        XCTAssertEqual(places.count, 25)
        XCTAssertTrue(places.contains([0, 1]) && places.contains([4, 5]))
    }
}
