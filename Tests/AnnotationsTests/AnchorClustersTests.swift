import Annotations
import XCTest

final class AnchorClustersTests: XCTestCase {
    /// As many sizes as anchors: they are the anchors.
    func testSizesThatAreThere() {
        let boxes = [(10.0, 20.0), (10, 20), (40, 10), (100, 90)].map { (width: $0.0, height: $0.1) }
        let clusters = AnchorClusters(boxes: boxes, count: 3)
        XCTAssertEqual(clusters.anchors.map(\.width), [10, 40, 100])
        XCTAssertEqual(clusters.anchors.map(\.height), [20, 10, 90])
        XCTAssertEqual(clusters.anchors.map(\.share), [0.5, 0.25, 0.25])
        XCTAssertEqual(clusters.meanIoU, 1)
        XCTAssertEqual(clusters.share50, 1)
        XCTAssertEqual(AnchorClusters(boxes: boxes, count: 9), clusters, "there are no more sizes")
    }

    /// Squares of 10 and 14 pixels lie around 12, those of 90 and 110 around 100.
    func testMeansOfClusters() {
        let boxes = [10.0, 14, 90, 110].map { (width: $0, height: $0) }
        let clusters = AnchorClusters(boxes: boxes, count: 2)
        XCTAssertEqual(clusters.anchors.map(\.width), [12, 100])
        let overlaps = [100 / 144.0, 144 / 196.0, 8100 / 10_000.0, 10_000 / 12_100.0]
        XCTAssertEqual(clusters.meanIoU, overlaps.reduce(0, +) / 4, accuracy: 1e-12)
        XCTAssertEqual(AnchorClusters(boxes: boxes.reversed(), count: 2), clusters)
    }

    func testBoxesThatAreNone() {
        let boxes = [(0.0, 5.0), (-1, 5), (.infinity, 5), (.nan, 5)].map { (width: $0.0, height: $0.1) }
        XCTAssertEqual(AnchorClusters(boxes: boxes, count: 3).anchors, [])
    }
}
