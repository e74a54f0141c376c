import Annotations
import XCTest

final class JoinedAnnotationsTests: XCTestCase {
    private func part(_ source: String, image: Int, annotation: Int, names: [String] = ["cat", "dog"])
        -> DetectionAnnotations
    {
        DetectionAnnotations(
            source: source, classNames: names, categoryIDs: [17, 18],
            images: [
                ImageRecord(
                    id: image, fileName: "\(image).jpg", width: 20, height: 10,
                    objects: [ObjectRecord(id: annotation, label: 2, x: 1, y: 2, width: 3, height: 4, flags: [.crowd])])
            ])
    }

    func testImagesAndObjectsStayAsTheyAre() throws {
        let (a, b) = (part("a", image: 7, annotation: 1), part("b", image: 3, annotation: 2))
        let joined = try DetectionAnnotations.joined([(a, "first"), (b, "")], source: "both")
        XCTAssertEqual(joined.source, "both")
        XCTAssertEqual(joined.categoryIDs, [17, 18])
        XCTAssertEqual((0..<2).map(joined.fileName), ["first/7.jpg", "3.jpg"])
        XCTAssertEqual(joined.imageIDs, [7, 3])
        XCTAssertEqual(joined.image(1), b.image(0))
        XCTAssertEqual(joined.image(0).objects, a.image(0).objects)
        XCTAssertEqual(try DetectionAnnotations.joined([], source: "none").imageCount, 0)
    }

    func testWhatDoesNotGoTogether() {
        let first = part("a", image: 7, annotation: 1)
        for (other, message) in [
            (
                part("b", image: 7, annotation: 2),
                "b: image id 7 is in a as well. Join files that have no image in common."
            ),
            (
                part("b", image: 3, annotation: 1),
                "b: annotation id 1 is in a as well. Join files that have no annotation in common."
            ),
            (
                part("b", image: 3, annotation: 2, names: ["cat", "cow"]),
                "b, categories: its classes are not those of a: cow (18) is in one of them alone. Take files of the same "
                    + "release, whose categories have the same ids and names."
            ),
        ] {
            XCTAssertThrowsError(try DetectionAnnotations.joined([(first, ""), (other, "")], source: "both")) {
                XCTAssertEqual("\($0)", message)
            }
        }
    }
}
