import Annotations
import Evaluation
import XCTest

final class ImageErrorsTests: XCTestCase {
    /// Two objects and a crowd: one object is found, one missed; a detection of 0.75 is wrong, one of 0.25 does not count, one lies
    /// on the crowd.
    func testByHand() throws {
        let objects = [(1, 0.0, []), (2, 100, []), (3, 200, [.crowd])] as [(Int, Double, ObjectFlags)]
        let truth = DetectionAnnotations(
            source: "truth", classNames: ["a"],
            images: [
                ImageRecord(
                    id: 1, fileName: "1.jpg", width: 300, height: 50,
                    objects: objects.map {
                        ObjectRecord(id: $0.0, label: 1, x: $0.1, y: 0, width: 40, height: 40, flags: $0.2)
                    }),
                ImageRecord(id: 2, fileName: "2.jpg", width: 300, height: 50),
            ])
        var results = DetectionResults()
        for (x, score) in [(0.0, 0.9), (150, 0.75), (250, 0.25), (200, 0.8)] {
            results.append(imageID: 1, categoryID: 1, x: x, y: 0, width: 40, height: 40, score: score)
        }
        let matching = try DetectionMatching(groundTruth: truth, results: results)
        let errors = ImageErrors.all(matching, scoreThreshold: 0.5)
        XCTAssertEqual(errors.map(\.image), [0, 1])
        XCTAssertEqual(errors[0].found, [0])
        XCTAssertEqual(errors[0].wrong, [1])
        XCTAssertEqual(errors[0].missed, [1])
        XCTAssertEqual(errors.map(\.badness), [1.75, 0])
    }
}
