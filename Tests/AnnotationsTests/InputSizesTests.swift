import Annotations
import Support
import XCTest

final class InputSizesTests: XCTestCase {
    private func sizes(_ objects: [ObjectRecord], width: Int = 200, height: Int = 100) -> InputSizes {
        InputSizes([
            DetectionAnnotations(
                source: "set", classNames: ["x"],
                images: [ImageRecord(id: 1, fileName: "a", width: width, height: height, objects: objects)])
        ])
    }

    private func square(_ side: Double, _ flags: ObjectFlags = []) -> ObjectRecord {
        ObjectRecord(id: 1, label: 1, x: 0, y: 0, width: side, height: side, flags: flags)
    }

    /// At three times the image's size, squares of 4 and 8 pixels are 12 and 24 wide.
    func testFit() {
        let fit = sizes([square(4), square(8), square(8), square(90, .crowd)]).fit(
            .shortestEdge(300, longest: 900), name: "x")
        XCTAssertEqual(fit.medianSide, 24)
        XCTAssertEqual(fit.smallShare, 1 / 3.0)
    }

    func testBoxesFollowTheResize() {
        let boxes = sizes([square(10)]).boxes(at: .fixed(ImageSize(width: 100, height: 300)))
        XCTAssertEqual(boxes.map(\.width), [5])
        XCTAssertEqual(boxes.map(\.height), [30])
    }

    /// A tenth of the squares is 4 of 100 pixels wide, the others 5: those reach 16 pixels at a shorter side of 320.
    func testSuggestion() throws {
        let suggestion = try XCTUnwrap(sizes([square(4)] + [ObjectRecord](repeating: square(5), count: 9)).suggestion)
        XCTAssertEqual(suggestion.shorter, 320)
        XCTAssertEqual(suggestion.longer, 640)
        XCTAssertEqual(sizes([square(90)]).suggestion?.shorter, 256)
        XCTAssertEqual(sizes([square(1e-300)]).suggestion?.shorter, 1344)
        XCTAssertNil(sizes([square(5)], width: 0, height: 0).suggestion)
        XCTAssertNil(sizes([]).suggestion)
    }

    func testAnchorsOfAPyramid() {
        let anchors = sizes([10.0, 20, 30, 40, 50].map { square($0) }).pyramidAnchors(
            at: .fixed(ImageSize(width: 200, height: 100)))
        XCTAssertEqual(anchors.sizes, [10, 20, 30, 40, 50])
        XCTAssertEqual(anchors.ratios, [1, 1, 1])
    }
}
