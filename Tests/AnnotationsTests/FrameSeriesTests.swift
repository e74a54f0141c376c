import Annotations
import XCTest

final class FrameSeriesTests: XCTestCase {
    private func fault(_ names: [String], prefix: String? = nil) -> FrameSeries.Fault? {
        do {
            _ = try FrameSeries(of: names, prefix: prefix)
        } catch { return error }
        XCTFail("no error")
        return nil
    }

    func testFramesAreInTheOrderOfTheirNumbers() throws {
        XCTAssertEqual(
            try FrameSeries(of: ["10.jpg", "2.jpg", "1.jpg", "20.JPG", "3.jpeg"]).names,
            ["1.jpg", "2.jpg", "3.jpeg", "10.jpg", "20.JPG"])
        XCTAssertEqual(
            try FrameSeries(of: ["img_00010.png", "img_00009.png", "img_00100.png"]).names,
            ["img_00009.png", "img_00010.png", "img_00100.png"])
        // What follows the number changes nothing, and no number is too long.
        XCTAssertEqual(
            try FrameSeries(of: ["v2_10_rgb.png", "v2_9_rgb.png"]).names, ["v2_9_rgb.png", "v2_10_rgb.png"])
        XCTAssertEqual(
            try FrameSeries(of: ["100000000000000000000001.png", "99999999999999999999999.png"]).names,
            ["99999999999999999999999.png", "100000000000000000000001.png"])
        XCTAssertEqual(try FrameSeries(of: ["b.png", "a.png"]).names, ["a.png", "b.png"], "none has a number")
        XCTAssertEqual(try FrameSeries(of: ["notes.txt"]).names, [])
    }

    func testOneSeriesIsTaken() throws {
        let mixed = ["flow_x_00001.jpg", "img_00001.jpg", "flow_y_00001.jpg", "img_00002.jpg", "flow_x_00002.jpg"]
        XCTAssertEqual(try FrameSeries(of: mixed).names, ["img_00001.jpg", "img_00002.jpg"])
        XCTAssertEqual(try FrameSeries(of: mixed, prefix: "flow_y_").names, ["flow_y_00001.jpg"])
        XCTAssertEqual(try FrameSeries(of: ["frame1.jpg", "frame2.jpg"]).names.count, 2, "the only series")
        XCTAssertEqual(
            fault(["x_1.jpg", "y_1.jpg", "y_2.jpg"]), .several(["x_": 1, "y_": 2]), "which one is not to be guessed")
        XCTAssertEqual(fault(mixed, prefix: "rgb_"), .several(["flow_x_": 2, "flow_y_": 1, "img_": 2]))
        XCTAssertEqual(fault(["1_a.png", "1_b.png"]), .several(["#_a": 1, "#_b": 1]))
        XCTAssertEqual(
            fault(["x_1.jpg", "y_1.jpg"])?.description, "its pictures begin with \"x_\" (1), \"y_\" (1)")
        XCTAssertEqual(FrameSeries.prefix(of: "img_00001.jpg"), "img_")
    }

    func testHiddenFilesAndPicturesWithoutANumberAreLeftOut() throws {
        XCTAssertEqual(
            try FrameSeries(of: ["._1.jpg", ".2.jpg", "1.jpg", "cover.jpg", "2.jpg"]).names, ["1.jpg", "2.jpg"])
        XCTAssertFalse(FrameSeries.isFrame("._1.jpg"))
    }

    func testTwoFilesOfOneFrameAreRefused() {
        XCTAssertEqual(fault(["1.jpg", "01.jpg", "2.jpg"]), .twice("01.jpg", "1.jpg"))
        XCTAssertEqual(fault(["1.jpg", "1.png"]), .twice("1.jpg", "1.png"))
    }

    func testGapsAreCounted() throws {
        func lacking(_ numbers: [Int]) throws -> Int { try FrameSeries(of: numbers.map { "f\($0).png" }).lacking }
        XCTAssertEqual(try lacking([1, 2, 3, 6, 7]), 2)
        XCTAssertEqual(try lacking([0, 5, 10, 15]), 0, "every fifth frame")
        XCTAssertEqual(try lacking([0, 5, 10, 25, 30]), 2)
        XCTAssertEqual(try lacking([1000, 1041, 1083, 1125, 1208]), 1, "milliseconds")
        XCTAssertEqual(try lacking([7]), 0)
    }
}
