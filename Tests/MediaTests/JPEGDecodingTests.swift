import Media
import Support
import TestSupport
import XCTest

final class JPEGDecodingTests: XCTestCase {
    func testEveryKindDecodesToThePixelsOfPillowAndTorchvision() throws {
        for golden in GoldenJPEG.all {
            let image = try ImageFile.decode(golden.bytes, name: golden.name)
            XCTAssertEqual([image.width, image.height, image.channels], [21, 13, 3], golden.name)
            XCTAssertEqual(GoldenJPEG.hash(image.pixels), golden.pixelHash, golden.name)
        }
    }

    /// A flat area has only DC coefficients, so at quality 100 its pixels follow from JFIF's formula by hand:
    /// (200, 100, 50) is Y 124.2, Cb 86.1, Cr 182.1, stored as 124, 86, 182, which is (199.7, 99.9, 49.6).
    func testFlatColourByHand() throws {
        var image = ByteImage(width: 16, height: 16)
        for y in 0..<16 {
            for x in 0..<16 {
                image[x, y, 0] = 200
                image[x, y, 1] = 100
                image[x, y, 2] = 50
            }
        }
        let bytes = try ImageFile.encodeJPEG(image, encoding: JPEGEncoding(quality: 100))
        let decoded = try ImageFile.decode(bytes)
        XCTAssertEqual([decoded[5, 5, 0], decoded[5, 5, 1], decoded[5, 5, 2]], [200, 100, 50])
        let grey = try ImageFile.decode(bytes, options: DecodeOptions(channels: .grey))
        XCTAssertEqual(grey, ByteImage(width: 16, height: 16, channels: 1, filledWith: 124))
    }

    /// Stored (inverted) C 255, M 127, Y 0, K 200: red 200, green 200 - 128 * 200 / 255 = 99.6, blue 0.
    func testCMYKIsTakenAsInverted() throws {
        let samples = [[UInt8]](repeating: [255, 127, 0, 200], count: 64).flatMap { $0 }
        let cmyk = try ImageFile.decode(Fixture.jpegOfCMYK(samples, width: 8, height: 8, ycck: false))
        XCTAssertEqual([cmyk[3, 3, 0], cmyk[3, 3, 1], cmyk[3, 3, 2]], [200, 100, 0])
        let ycck = try ImageFile.decode(Fixture.jpegOfCMYK(samples, width: 8, height: 8, ycck: true))
        XCTAssertLessThanOrEqual(largestDifference(cmyk, ycck), 2)
        let grey = try ImageFile.decode(
            Fixture.jpegOfCMYK(samples, width: 8, height: 8, ycck: false), options: DecodeOptions(channels: .grey))
        XCTAssertEqual(grey[3, 3], 118, "0.299 * 200 + 0.587 * 100")
    }

    func testSubsamplingsProgressionAndRestartMarkersKeepASmoothPicture() throws {
        var ramp = ByteImage(width: 67, height: 35)
        for y in 0..<35 {
            for x in 0..<67 {
                ramp[x, y, 0] = UInt8(x * 3)
                ramp[x, y, 1] = UInt8(y * 5)
                ramp[x, y, 2] = UInt8(120 + x / 2)
            }
        }
        for subsampling in JPEGEncoding.Subsampling.allCases {
            var decoded: [ByteImage] = []
            for (progressive, restart) in [(false, 0), (true, 0), (false, 1)] {
                let encoding = JPEGEncoding(
                    quality: 98, subsampling: subsampling, isProgressive: progressive, restartRows: restart)
                let image = try ImageFile.decode(ImageFile.encodeJPEG(ramp, encoding: encoding))
                XCTAssertLessThanOrEqual(largestDifference(image, ramp), 16, "\(subsampling)")
                decoded.append(image)
            }
            XCTAssertEqual(decoded[0], decoded[1], "progressive \(subsampling)")
            XCTAssertEqual(decoded[0], decoded[2], "restart markers \(subsampling)")
        }
    }

    func testReducedScaleIsTheSmallestThatIsLargeEnough() throws {
        let bytes = try ImageFile.encodeJPEG(Fixture.picture(width: 83, height: 61))
        for (width, height, eighths) in [
            (1, 1, 1), (11, 8, 1), (12, 1, 2), (1, 9, 2), (30, 30, 4), (42, 31, 4), (43, 31, 8), (83, 61, 8),
            (500, 1, 8),
        ] {
            let minimum = ImageSize(width: width, height: height)
            let image = try ImageFile.decode(bytes, options: DecodeOptions(minimumSize: minimum))
            XCTAssertEqual(
                image.size, ImageSize(width: (83 * eighths + 7) / 8, height: (61 * eighths + 7) / 8), "\(minimum)")
        }
    }

    func testReducedScaleAsksForTheUprightSize() throws {
        let bytes = try ImageFile.encodeJPEG(
            Fixture.picture(width: 80, height: 40), encoding: JPEGEncoding(orientation: 6))
        let image = try ImageFile.decode(bytes, options: DecodeOptions(minimumSize: ImageSize(width: 10, height: 40)))
        XCTAssertEqual([image.width, image.height], [20, 40])
    }

    func testReducedScaleAveragesTheBlocks() throws {
        let picture = Fixture.picture(width: 64, height: 48)
        let bytes = try ImageFile.encodeJPEG(picture, encoding: JPEGEncoding(quality: 100, subsampling: .none444))
        let eighth = try ImageFile.decode(bytes, options: DecodeOptions(minimumSize: ImageSize(width: 8, height: 6)))
        XCTAssertEqual([eighth.width, eighth.height], [8, 6])
        for y in 0..<6 {
            for x in 0..<8 {
                for c in 0..<3 {
                    var sum = 0
                    for v in 0..<8 { for u in 0..<8 { sum += Int(picture[8 * x + u, 8 * y + v, c]) } }
                    XCTAssertEqual(Double(eighth[x, y, c]), Double(sum) / 64, accuracy: 2, "(\(x), \(y), \(c))")
                }
            }
        }
    }

    func testDecodingToASizeEqualsDecodingThenResizing() throws {
        for subsampling in JPEGEncoding.Subsampling.allCases {
            for (width, height) in [(64, 48), (61, 35), (3, 2), (130, 90)] {
                for channels in [DecodeOptions.Channels.rgb, .grey] {
                    let bytes = try ImageFile.encodeJPEG(
                        Fixture.mutedPicture(width: width, height: height),
                        encoding: JPEGEncoding(
                            quality: 90, subsampling: subsampling, orientation: width == 61 ? 6 : nil))
                    let whole = try ImageFile.decode(bytes, options: DecodeOptions(channels: channels))
                    for (newWidth, newHeight) in [(20, 20), (33, 15), (100, 70)] {
                        let size = ImageSize(width: newWidth, height: newHeight)
                        let expected = whole.resized(to: size)
                        let options = DecodeOptions(channels: channels, targetSize: size)
                        let image = try ImageFile.decode(bytes, options: options)
                        XCTAssertLessThanOrEqual(
                            largestDifference(image, expected), 2, "\(subsampling) \(width) x \(height) to \(size)")
                    }
                }
            }
        }
    }

    /// torchvision and Pillow make the golden pixels; a network of that size must see the same.
    func testAPictureOfTheSizeAskedForIsDecodedUntouched() throws {
        let size = ImageSize(width: 21, height: 13)
        for golden in GoldenJPEG.all {
            for minimum in [nil, size] {
                let options = DecodeOptions(minimumSize: minimum, targetSize: size)
                let image = try ImageFile.decode(golden.bytes, options: options)
                XCTAssertEqual(GoldenJPEG.hash(image.pixels), golden.pixelHash, golden.name)
            }
        }
        for (name, bytes) in try Fixture.everyKind() {
            for channels in [DecodeOptions.Channels.rgb, .grey] {
                let whole = try ImageFile.decode(bytes, options: DecodeOptions(channels: channels))
                let options = DecodeOptions(channels: channels, minimumSize: whole.size, targetSize: whole.size)
                XCTAssertEqual(try ImageFile.decode(bytes, options: options), whole, name)
            }
        }
    }

    /// A scale is only taken that leaves the picture at least as large as asked for, and none where all is asked for.
    func testAPictureIsReducedOnlyWhereFewerPixelsAreAskedFor() throws {
        for (width, height) in [(64, 48), (61, 35)] {
            let bytes = try ImageFile.encodeJPEG(Fixture.picture(width: width, height: height))
            let whole = try ImageFile.decode(bytes)
            for least in stride(from: 1, through: 2 * width, by: 3) {
                let minimum = ImageSize(width: least, height: 1)
                let image = try ImageFile.decode(bytes, options: DecodeOptions(minimumSize: minimum))
                XCTAssertGreaterThanOrEqual(image.width, min(least, width))
                if least > (width + 1) / 2 { XCTAssertEqual(image, whole, "\(least) of \(width)") }
            }
        }
    }

    func testDecodingToASizeWorksForEveryKind() throws {
        for (name, bytes) in try Fixture.everyKind() {
            let size = ImageSize(width: 17, height: 23)
            let image = try ImageFile.decode(bytes, options: DecodeOptions(targetSize: size))
            let expected = try ImageFile.decode(bytes).resized(to: size)
            XCTAssertLessThanOrEqual(largestDifference(image, expected), 3, name)
        }
    }

    func testEveryRealPhotographDecodes() throws {
        let folder = try sharedFolder() + "/data/bccd/JPEGImages"
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".jpg") }
        XCTAssertEqual(names.count, 364)
        for name in names {
            let path = folder + "/" + name
            let header = try ImageFile.header(path)
            XCTAssertEqual([header.width, header.height, header.channels], [640, 480, 3], name)
            if name.hasSuffix("7.jpg") {
                let image = try ImageFile.read(path)
                XCTAssertEqual([image.width, image.height], [640, 480], name)
            }
        }
    }
}
