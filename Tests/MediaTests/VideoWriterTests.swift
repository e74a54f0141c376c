import Foundation
import Media
import TestSupport
import XCTest

final class VideoWriterTests: XCTestCase {
    private static let formats: [VideoEncoding.Format] = [.mp4, .webm]

    private static func pictures(_ count: Int, width: Int, height: Int) -> [ByteImage] {
        let picture = Fixture.mutedPicture(width: width, height: height)
        return (0..<count).map { t in
            ByteImage(width: width, height: height, pixels: picture.pixels.map { $0 &+ UInt8(3 * t) })
        }
    }

    func testWhatIsWrittenIsReadBack() throws {
        try withTemporaryFolder { folder in
            for format in Self.formats {
                let path = folder + "/a.video"
                let images = Self.pictures(20, width: 64, height: 48)
                try VideoWriter.write(
                    images, to: path, encoding: VideoEncoding(format: format, rate: 12.5, quality: 95))
                let reader = try VideoReader(path: path)
                XCTAssertEqual(reader.codec, format == .mp4 ? "h264" : "vp9")
                XCTAssertEqual(reader.frameCount, 20)
                XCTAssertEqual([reader.width, reader.height], [64, 48])
                XCTAssertEqual(try XCTUnwrap(reader.frameRate), 12.5, accuracy: 0.01)
                XCTAssertEqual(try XCTUnwrap(reader.duration), 1.6, accuracy: 0.01)
                XCTAssertFalse(reader.isCounted)
                try reader.forEachFrame { index, image in
                    let image = try XCTUnwrap(image)
                    let sum = zip(image.pixels, images[index].pixels).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }
                    XCTAssertLessThan(Double(sum) / Double(image.byteCount), 4, "\(format), frame \(index)")
                }
                XCTAssertEqual(try FileManager.default.contentsOfDirectory(atPath: folder), ["a.video"])
            }
        }
    }

    func testTheSamePicturesMakeTheSameFile() throws {
        try withTemporaryFolder { folder in
            for format in Self.formats {
                let images = Self.pictures(8, width: 48, height: 32)
                for name in ["a", "b"] {
                    try VideoWriter.write(images, to: folder + "/" + name, encoding: VideoEncoding(format: format))
                }
                XCTAssertTrue(
                    FileManager.default.contentsEqual(atPath: folder + "/a", andPath: folder + "/b"), "\(format)")
            }
        }
    }

    func testOddSidesAreRepeatedAndGreyBecomesRGB() throws {
        try withTemporaryFolder { folder in
            for format in Self.formats {
                let path = folder + "/odd"
                let grey = ByteImage(width: 33, height: 21, channels: 1, filledWith: 120)
                try VideoWriter.write([grey, grey], to: path, encoding: VideoEncoding(format: format))
                let image = try VideoReader(path: path).image(at: 1)
                XCTAssertEqual([image.width, image.height], [34, 22])
                XCTAssertLessThanOrEqual(
                    largestDifference(image, ByteImage(width: 34, height: 22, filledWith: 120)), 2)
            }
        }
    }

    func testAFileAppearsWholeOrNotAtAll() throws {
        try withTemporaryFolder { folder in
            let image = ByteImage(width: 32, height: 32)
            XCTAssertEqual(
                mediaError { try VideoWriter.write([image], to: folder + "/missing/a.mp4") }?.kind, .unwritable)
            do {
                let writer = try VideoWriter(path: folder + "/a.mp4", width: 32, height: 32)
                try writer.append(image)
            }
            XCTAssertEqual(try FileManager.default.contentsOfDirectory(atPath: folder), [])
        }
    }
}
