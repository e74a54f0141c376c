import Media
import XCTest

final class CanvasTests: XCTestCase {
    /// Pixels that differ from `background`.
    private func drawn(_ image: ByteImage, on background: UInt8 = 255) -> [(x: Int, y: Int)] {
        var places: [(x: Int, y: Int)] = []
        for y in 0..<image.height {
            for x in 0..<image.width
            where (0..<3).contains(where: { abs(Int(image[x, y, $0]) - Int(background)) > 2 }) {
                places.append((x, y))
            }
        }
        return places
    }

    func testFullRectangleCoversItsPixelsOnly() {
        let canvas = Canvas(width: 8, height: 8, background: .white)
        canvas.rectangle(x: 2, y: 3, width: 4, height: 2, fill: .color(.black))
        let image = canvas.image()
        for y in 0..<8 {
            for x in 0..<8 {
                let inside = (2..<6).contains(x) && (3..<5).contains(y)
                XCTAssertEqual(image[x, y, 0], inside ? 0 : 255, "(\(x), \(y))")
            }
        }
    }

    func testAnImageComesBackAsItWas() throws {
        let image = Fixture.noise(width: 13, height: 7, channels: 3, seed: 12)
        XCTAssertEqual(try Canvas(image).image(), image)
        let grey = Fixture.noise(width: 13, height: 7, channels: 1, seed: 12)
        XCTAssertEqual(try Canvas(grey).image(), grey.convertedToRGB())
        let long = ByteImage(width: 40_000, height: 1, channels: 1)
        XCTAssertEqual(mediaError { _ = try Canvas(long) }?.kind, .tooLarge)
    }

    func testHalfCoveredPixelsAreHalfDark() {
        let canvas = Canvas(width: 4, height: 1, background: .white)
        canvas.rectangle(x: 1, y: 0, width: 1.5, height: 1, fill: .color(.black))
        let row = (0..<4).map { Int(canvas.image()[$0, 0, 1]) }
        XCTAssertEqual(row[0], 255)
        XCTAssertEqual(row[1], 0)
        XCTAssertEqual(row[2], 128, accuracy: 3)
        XCTAssertEqual(row[3], 255)
    }

    func testEllipseHasItsAreaAndTurnsClockwise() {
        let canvas = Canvas(width: 100, height: 100)
        canvas.ellipse(x: 50, y: 50, radiusX: 40, radiusY: 10, angle: .pi / 4, fill: .color(.black))
        let image = canvas.image()
        let ink = image.pixels.reduce(0.0) { $0 + Double(255 - $1) / 255 } / 3
        XCTAssertEqual(ink, .pi * 400, accuracy: 12, "the outline is a polygon within a tenth of a pixel")
        XCTAssertEqual(image[70, 70, 0], 0, "down to the right")
        XCTAssertEqual(image[70, 30, 0], 255)
    }

    func testGradientsRunFromStopToStop() {
        let canvas = Canvas(width: 101, height: 3)
        canvas.rectangle(
            x: 0, y: 0, width: 101, height: 3,
            fill: .linearGradient(from: .init(0, 0), to: .init(101, 0), [.init(0, .black), .init(1, .white)]))
        let image = canvas.image()
        for x in stride(from: 0, to: 101, by: 20) {
            XCTAssertEqual(Double(image[x, 1, 0]), (Double(x) + 0.5) / 101 * 255, accuracy: 2.5)
        }
        let round = Canvas(width: 41, height: 41)
        round.paint(.radialGradient(center: .init(20.5, 20.5), radius: 20, [.init(0, .white), .init(1, .black)]))
        XCTAssertGreaterThan(round.image()[20, 20, 0], 250)
        XCTAssertEqual(Double(round.image()[30, 20, 0]), 127.5, accuracy: 4)
        XCTAssertEqual(round.image()[0, 0, 0], 0)
    }

    func testPolygonsAndLinesLeaveInkWhereTheyShould() {
        let square = [Canvas.Point(10, 10), .init(30, 10), .init(30, 30), .init(10, 30)]
        let canvas = Canvas(width: 40, height: 40)
        canvas.polygon(square, fill: .color(.black))
        XCTAssertEqual(drawn(canvas.image()).count, 400)
        let lines = Canvas(width: 40, height: 40)
        lines.polyline([.init(0, 20.5), .init(40, 20.5)], color: .black, stroke: .init(width: 1))
        XCTAssertEqual(drawn(lines.image()).count, 40)
        XCTAssertTrue(drawn(lines.image()).allSatisfy { $0.y == 20 })
        let dashed = Canvas(width: 40, height: 40)
        dashed.line(from: .init(0, 20.5), to: .init(40, 20.5), color: .black, stroke: .init(width: 1, dashes: [5, 5]))
        XCTAssertEqual(drawn(dashed.image()).count, 20)
    }

    func testATextFillsItsMeasure() {
        let canvas = Canvas(width: 300, height: 60)
        let size = canvas.measure("Platelets 0.97", size: 20)
        XCTAssertGreaterThan(size.width, 80)
        XCTAssertGreaterThan(size.ascent, 10)
        canvas.text("Platelets 0.97", x: 150, y: 40, size: 20, alignment: .center)
        let ink = drawn(canvas.image())
        XCTAssertGreaterThan(ink.count, 150)
        XCTAssertTrue(ink.allSatisfy { abs(Double($0.x) + 0.5 - 150) <= size.width / 2 + 2 })
        XCTAssertTrue(ink.allSatisfy { Double($0.y) >= 39 - size.ascent && Double($0.y) <= 41 + size.descent })
        // What UTF-8 can hold must not hurt.
        canvas.text("é 中 \u{1F600}\n\t", x: 0, y: 20, size: 12)
    }

    func testTagsStayInsideThePicture() {
        for (x, y) in [(0.0, 0.0), (395, 0), (395, 295), (0, 295), (-50, -50), (200, 2)] {
            let canvas = Canvas(width: 400, height: 300)
            canvas.tag("Platelets 0.97", x: x, above: y, color: .black, textSize: 14)
            // A tag cut by the edge would have fewer pixels than one in the middle.
            let whole = Canvas(width: 400, height: 300)
            whole.tag("Platelets 0.97", x: 100, above: 150, color: .black, textSize: 14)
            let a = drawn(canvas.image()).count, b = drawn(whole.image()).count
            XCTAssertEqual(Double(a), Double(b), accuracy: Double(b) / 20, "at (\(x), \(y))")
        }
        let narrow = Canvas(width: 40, height: 300)
        narrow.tag("A name far wider than the picture", x: 0, above: 100, color: .black, textSize: 14)
        XCTAssertGreaterThan(drawn(narrow.image()).count, 100)
    }

    func testABoxIsDrawnInItsColourAroundItsPixels() {
        let canvas = Canvas(width: 200, height: 200)
        canvas.box(x0: 50, y0: 60, x1: 150, y1: 140, color: Color(hex: 0x2E86FF))
        let image = canvas.image()
        XCTAssertEqual([image[50, 100, 0], image[50, 100, 1], image[50, 100, 2]], [0x2E, 0x86, 0xFF])
        XCTAssertEqual(image[100, 100, 0], 255)
        XCTAssertEqual(image[40, 100, 0], 255)
    }

    func testTextOnATagReadsWell() {
        XCTAssertEqual(Color.white.contrast(with: .black), 21, accuracy: 1e-9)
        for index in 0..<200 {
            let color = Palette.color(index)
            XCTAssertGreaterThanOrEqual(color.contrast(with: color.readableTextColor), 4.5, "WCAG AA, colour \(index)")
        }
        XCTAssertEqual(Color(hue: 1 / 3, saturation: 1, brightness: 1), Color(hex: 0x00FF00))
        XCTAssertEqual(Color(hue: 0, saturation: 0, brightness: 1), .white)
    }

    func testPaletteColoursAreDistinct() {
        for a in 0..<24 {
            for b in 0..<a {
                let x = Palette.color(a), y = Palette.color(b)
                let difference = abs(x.red - y.red) + abs(x.green - y.green) + abs(x.blue - y.blue)
                XCTAssertGreaterThan(difference, 0.15, "\(a) and \(b)")
            }
        }
        XCTAssertEqual(Palette.color(-1), Palette.color(0))
    }
}
