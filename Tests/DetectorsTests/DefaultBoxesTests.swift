import Architectures
import Detectors
import Tensors
import XCTest

final class DefaultBoxesTests: XCTestCase {
    private func boxes(_ configuration: SSDConfiguration) throws -> Tensor {
        DefaultBoxes.boxes(try SSDPlan(configuration, backbone: Catalogue.architecture(named: "resnet18")))
    }

    func testTheirNumber() throws {
        XCTAssertEqual(try boxes(.ssd300).shape, [8732, 4])
        XCTAssertEqual(try boxes(.ssd512).shape, [24564, 4])
    }

    /// The first map's first cell: its centre is (4, 4), its scale 21, the next one's 45; √(21 · 45) = 30.740852,
    /// 21 · √2 = 29.698485, 21 / √2 = 14.849242.
    func testTheFirstCellByHand() throws {
        let first = try boxes(.ssd300).narrow(dim: 0, start: 0, length: 4)
        let (middle, long, short): (Float, Float, Float) = (15.370_426, 14.849_242, 7.424_621)
        expectEqual(
            first,
            [
                4 - 10.5, 4 - 10.5, 4 + 10.5, 4 + 10.5, 4 - middle, 4 - middle, 4 + middle, 4 + middle,
                4 - long, 4 - short, 4 + long, 4 + short, 4 - short, 4 - long, 4 + short, 4 + long,
            ], absolute: 1e-4)
    }

    /// Cell (row 2, column 1) of the second map follows the first map's 38 · 38 · 4 boxes and 39 cells of 6. √(45 · 99) =
    /// 66.745787; ratio 3 at scale 45: 77.942286 × 25.980762.
    func testACellOfTheSecondMapByHand() throws {
        let boxes = try boxes(.ssd300)
        let cell = boxes.narrow(dim: 0, start: 5776 + (2 * 19 + 1) * 6, length: 6)
        let (x, y): (Float, Float) = (24, 40)
        expectEqual(cell[0], [x - 22.5, y - 22.5, x + 22.5, y + 22.5], absolute: 1e-4)
        expectEqual(cell[1], [x - 33.372_894, y - 33.372_894, x + 33.372_894, y + 33.372_894], absolute: 1e-4)
        expectEqual(cell[4], [x - 38.971_143, y - 12.990_381, x + 38.971_143, y + 12.990_381], absolute: 1e-4)
        expectEqual(cell[5], [x - 12.990_381, y - 38.971_143, x + 12.990_381, y + 38.971_143], absolute: 1e-4)
    }

    /// The last map's only cell: 261 · √2 = 369 is more than the image has.
    func testNoSideIsLongerThanTheImage() throws {
        let boxes = try boxes(.ssd300)
        let last = boxes.narrow(dim: 0, start: 8728, length: 4)
        expectEqual(last[0], [19.5, 19.5, 280.5, 280.5], absolute: 1e-4)
        expectEqual(last[2], [0, 150 - 92.277_435, 300, 150 + 92.277_435], absolute: 1e-3)
        for (configuration, side) in [(SSDConfiguration.ssd300, 300.0), (.ssd512, 512)] {
            let boxes = try self.boxes(configuration)
            let extents = boxes.narrow(dim: 1, start: 2, length: 2) - boxes.narrow(dim: 1, start: 0, length: 2)
            XCTAssertLessThanOrEqual(extents.amax().item(), side * 1.00001)
            XCTAssertGreaterThan(extents.amin().item(), 0)
            let centers = (boxes.narrow(dim: 1, start: 2, length: 2) + boxes.narrow(dim: 1, start: 0, length: 2)) / 2
            XCTAssertTrue(centers.amin().item() > 0 && centers.amax().item() < side + 8)
        }
    }

    /// SSD512 at 4 %, 10 %, 26 %, … of 512 pixels.
    func testTheScalesOfSSD512() throws {
        for (scale, percent) in zip(SSDConfiguration.ssd512.scales, [4.0, 10, 26, 42, 58, 74, 90, 106]) {
            XCTAssertEqual(scale, 5.12 * percent, accuracy: 1e-9)
        }
        for (scale, percent) in zip(SSDConfiguration.ssd300.scales, [7.0, 15, 33, 51, 69, 87, 105]) {
            XCTAssertEqual(scale, 3 * percent, accuracy: 1e-9)
        }
    }
}
