import Media
import XCTest

/// Known colours come back, whatever matrix and range a file was made with.
final class VideoColorTests: XCTestCase {
    /// libavutil's numbers of the matrices, with the luma weights of red and blue (ITU-R BT.601, BT.709, BT.2020).
    private static let matrices: [(name: String, number: Int, red: Double, blue: Double)] = [
        ("BT.601", 6, 0.299, 0.114), ("BT.709", 1, 0.2126, 0.0722), ("BT.2020", 9, 0.2627, 0.0593),
    ]
    private static let colors: [[Double]] = [
        [255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255], [0, 0, 0], [128, 128, 128], [200, 100, 50],
        [30, 160, 220],
    ]

    /// The nearest Y'CbCr of 8 bits.
    private static func stored(_ rgb: [Double], red: Double, blue: Double, full: Bool) -> (y: Int, cb: Int, cr: Int) {
        let y = red * rgb[0] + (1 - red - blue) * rgb[1] + blue * rgb[2]
        let cb = (rgb[2] - y) / (2 * (1 - blue)), cr = (rgb[0] - y) / (2 * (1 - red))
        let (scale, offset, chroma) = full ? (1.0, 0.0, 1.0) : (219.0 / 255, 16.0, 224.0 / 255)
        func byte(_ value: Double) -> Int { min(255, max(0, Int(value.rounded()))) }
        return (byte(y * scale + offset), byte(cb * chroma + 128), byte(cr * chroma + 128))
    }

    private func check(
        _ fixture: VideoFixture, rgb: [Double], _ message: String, file: StaticString = #filePath, line: UInt = #line
    ) throws {
        let image = try VideoReader(bytes: try fixture.bytes(), name: message).image(at: 1)
        for (x, y) in [(0, 0), (image.width / 2, image.height / 2), (image.width - 1, image.height - 1)] {
            for c in 0..<3 {
                XCTAssertEqual(
                    Double(image[x, y, c]), rgb[c], accuracy: 3, "\(message) \(rgb), channel \(c)", file: file,
                    line: line)
            }
        }
    }

    private func fixture(_ color: (y: Int, cb: Int, cr: Int)) -> VideoFixture {
        // Lossless, so that only the conversion is under test.
        var fixture = VideoFixture(
            name: "flat", container: "matroska", codec: "libx264", settings: "qp=0", width: 64, height: 48, frames: 3)
        fixture.flat = color
        return fixture
    }

    func testMatricesAndRanges() throws {
        for matrix in Self.matrices {
            for full in [false, true] {
                for rgb in Self.colors {
                    var fixture = fixture(Self.stored(rgb, red: matrix.red, blue: matrix.blue, full: full))
                    fixture.matrix = matrix.number
                    fixture.range = full ? 2 : 1
                    try check(fixture, rgb: rgb, "\(matrix.name), \(full ? "full" : "limited") range")
                }
            }
        }
    }

    /// Small pictures count as BT.601, large ones as BT.709, both limited.
    func testAFileThatNamesNoMatrix() throws {
        for (width, height, matrix) in [(64, 48, 0), (720, 576, 0), (1280, 64, 1), (64, 720, 1)] {
            let (name, _, red, blue) = Self.matrices[matrix]
            let rgb = [200.0, 100, 50]
            var fixture = fixture(Self.stored(rgb, red: red, blue: blue, full: false))
            fixture.width = width
            fixture.height = height
            try check(fixture, rgb: rgb, "\(width) x \(height) as \(name)")
        }
    }

    func testFullRangeByTheNameOfItsFormat() throws {
        let rgb = [30.0, 160, 220]
        var fixture = VideoFixture(
            name: "flat", container: "avi", codec: "mjpeg", settings: "qscale=1", width: 64, height: 48, frames: 3,
            format: 12)
        let matrix = Self.matrices[0]
        fixture.flat = Self.stored(rgb, red: matrix.red, blue: matrix.blue, full: true)
        try check(fixture, rgb: rgb, "Motion JPEG")
    }

    /// An edge in colour alone: chroma is interpolated between its samples, not repeated.
    func testChromaIsInterpolated() throws {
        let reader = try VideoReader(
            bytes: try VideoFixture(name: "a", container: "mp4", codec: "libx264", settings: "qp=0", frames: 2).bytes())
        let image = try reader.image(at: 0)
        // In pairs of columns that share a chroma sample, the colour difference changes within the pair.
        var changing = 0
        for x in stride(from: 2, to: 90, by: 2) {
            let left = Int(image[x, 20, 0]) - Int(image[x, 20, 1]),
                right = Int(image[x + 1, 20, 0]) - Int(image[x + 1, 20, 1])
            if abs(left - right) > 1 { changing += 1 }
        }
        XCTAssertGreaterThan(changing, 10)
    }

    /// Every pixel is what libswscale makes of it, of every size that its own way or ours is for, and of colours that RGB
    /// doesn't have.
    func testEveryPixelIsLibswscales() throws {
        let sizes = [
            (2, 2), (6, 8), (8, 6), (8, 8), (10, 12), (30, 8), (32, 10), (34, 14), (62, 8), (64, 32), (66, 34),
            (98, 50),
        ]
        for (width, height) in sizes {
            for (matrix, number) in [("BT.601", 6), ("BT.709", 1), ("FCC", 4), ("SMPTE 240M", 7), ("BT.2020", 9)] {
                for range in [1, 2] {
                    var fixture = fixture((0, 0, 0))
                    fixture.flat = nil
                    fixture.isNoise = true
                    (fixture.width, fixture.height, fixture.matrix, fixture.range) = (width, height, number, range)
                    let bytes = try fixture.bytes()
                    let plain = SequentialDecode(bytes)
                    let reader = try VideoReader(bytes: bytes)
                    XCTAssertEqual([plain.count, plain.width, plain.height], [3, width, height])
                    for frame in 0..<plain.count {
                        try reader.image(at: frame).pixels.withUnsafeBytes {
                            XCTAssertTrue(
                                plain.isFrame(frame, $0),
                                "\(width) x \(height), \(matrix), range \(range), frame \(frame)")
                        }
                    }
                }
            }
        }
    }
}
