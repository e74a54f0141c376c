import Annotations
import Support
import XCTest

final class DetectionStatisticsTests: XCTestCase {
    func testCounts() {
        func object(_ id: Int, _ label: Int, _ width: Double, _ height: Double, _ flags: ObjectFlags = [])
            -> ObjectRecord
        {
            ObjectRecord(id: id, label: label, x: 0, y: 0, width: width, height: height, flags: flags)
        }
        let train = DetectionAnnotations(
            source: "train", classNames: ["a", "b"],
            images: [
                ImageRecord(
                    id: 1, fileName: "1", width: 100, height: 50,
                    objects: [object(1, 1, 31, 33), object(2, 1, 32, 32, .crowd), object(3, 2, 100, 10, .difficult)]),
                ImageRecord(id: 2, fileName: "2", width: 100, height: 50),
            ])
        let val = DetectionAnnotations(
            source: "val", classNames: ["a", "b"],
            images: [ImageRecord(id: 1, fileName: "3", width: 0, height: 0, objects: [object(4, 1, 96, 96)])])
        let statistics = DetectionStatistics([train, val])
        XCTAssertEqual([statistics.images, statistics.objects, statistics.emptyImages], [3, 4, 1])
        XCTAssertEqual([statistics.crowds, statistics.difficult, statistics.mostObjects], [1, 1, 3])
        XCTAssertEqual(statistics.meanObjects, 4 / 3.0)
        XCTAssertEqual(statistics.classes.map(\.objects), [3, 1])
        XCTAssertEqual(statistics.classes.map(\.images), [2, 1])
        XCTAssertEqual(statistics.areas.map(\.count), [2, 1, 1])
        XCTAssertEqual(statistics.aspectRatios.map(\.count), [0, 0, 0, 3, 0, 0, 1])
        XCTAssertEqual(statistics.objectsPerImage.map(\.count), [1, 1, 0, 1, 0, 0, 0, 0, 0])
        XCTAssertEqual(statistics.imageSizes.map(\.size), [ImageSize(width: 100, height: 50)])
        XCTAssertEqual(statistics.imageSizes.map(\.images), [2])
        XCTAssertEqual(DetectionStatistics([]).meanObjects, 0)
    }
}
