import Annotations
import Doctor
import Foundation
import Support
import TestSupport
import XCTest

/// Guesses of the doctor about boxes in another convention.
final class BoxConventionTests: XCTestCase {
    private func kinds(_ boxes: [[Double]], width: Int = 640, height: Int = 480) throws -> [FindingKind] {
        let folder = try temporaryDirectory()
        let objects = boxes.enumerated().map { i, box in
            "{\"id\": \(i + 1), \"image_id\": \(i + 1), \"category_id\": 1, \"bbox\": [\(box.map { "\($0)" }.joined(separator: ", "))]}"
        }
        let images = boxes.indices.map {
            "{\"id\": \($0 + 1), \"file_name\": \"\($0).png\", \"width\": \(width), \"height\": \(height)}"
        }
        let text = """
            {"images": [\(images.joined(separator: ", "))], "annotations": [\(objects.joined(separator: ", "))],
             "categories": [{"id": 1, "name": "x"}]}
            """
        try Data(text.utf8).write(to: URL(fileURLWithPath: folder + "/gt.json"))
        let report = DatasetDoctor.check(
            coco: folder + "/gt.json", imageFolder: folder, options: .init(pictures: .skip))
        return report.findings.map(\.kind).filter { [.fractionalBox, .cornerBox].contains($0) }
    }

    private func randomBoxes(_ count: Int, seed: UInt64 = 3) -> [[Double]] {
        var random = SeededRandom(seed: seed, epoch: 0, index: 0)
        return (0..<count).map { _ in
            let x = random.uniform(0, 600), y = random.uniform(0, 440)
            return [x, y, random.uniform(2, 640 - x), random.uniform(2, 480 - y)]
        }
    }

    func testBoxesInPixelsAreNoGuess() throws {
        for seed in 0..<5 { XCTAssertEqual(try kinds(randomBoxes(200, seed: UInt64(seed))), []) }
        XCTAssertEqual(try kinds([[0, 0, 640, 480]]), [])
        XCTAssertEqual(
            try kinds([[1, 1, 600, 470], [0, 2, 639, 478]]), [], "large objects look like corners, but fit")
        XCTAssertEqual(try kinds([[600, 400, 60, 70]]), [], "a box beyond the edge that makes no sense as corners")
        XCTAssertEqual(try kinds([[0, 0, 1, 1]], width: 1, height: 1), [])
    }

    func testFractionsAreGuessed() throws {
        let boxes = randomBoxes(50)
        XCTAssertEqual(try kinds(boxes.map { [$0[0] / 640, $0[1] / 480, $0[2] / 640, $0[3] / 480] }), [.fractionalBox])
        // YOLO's own boxes, by their centres.
        XCTAssertEqual(
            try kinds(boxes.map { [($0[0] + $0[2] / 2) / 640, ($0[1] + $0[3] / 2) / 480, $0[2] / 640, $0[3] / 480] }),
            [.fractionalBox])
        XCTAssertEqual(
            try kinds(boxes + [[0.25, 0.5, 0.1, 0.2]]), [.fractionalBox], "one tool's boxes among another's")
        XCTAssertEqual(
            try kinds([[0.25, 0.5, 0.1, 0.2]], width: 0, height: 0), [.fractionalBox], "of a size not known")
    }

    func testCornersAreGuessed() throws {
        let corners = randomBoxes(200).map { [$0[0], $0[1], $0[0] + $0[2], $0[1] + $0[3]] }
        XCTAssertEqual(try kinds(corners), [.cornerBox])
        XCTAssertEqual(try kinds(Array(corners.prefix(60)) + randomBoxes(300)), [.cornerBox], "a part of them")
        XCTAssertEqual(try kinds([[400, 300, 500, 380]]), [.cornerBox])
    }
}
