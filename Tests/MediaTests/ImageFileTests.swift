import Foundation
import Media
import TestSupport
import XCTest

final class ImageFileTests: XCTestCase {
    func testContentDecidesNotTheName() throws {
        try withTemporaryFolder { folder in
            let image = Fixture.picture(width: 20, height: 10)
            try ImageFile.writePNG(image, to: folder + "/a.jpg")
            XCTAssertEqual(try ImageFile.header(folder + "/a.jpg").format, .png)
            XCTAssertEqual(try ImageFile.read(folder + "/a.jpg"), image)
        }
    }

    func testHeadersAgreeWithWhatIsDecoded() throws {
        try withTemporaryFolder { folder in
            for (name, bytes) in try Fixture.everyKind() {
                let path = folder + "/" + name.replacingOccurrences(of: ":", with: "")
                try Data(bytes).write(to: URL(fileURLWithPath: path))
                let header = try ImageFile.header(path)
                let image = try ImageFile.read(path)
                XCTAssertEqual([header.width, header.height], [image.width, image.height], name)
                XCTAssertEqual(header, try ImageFile.header(of: bytes))
            }
        }
    }

    func testAHeaderBehindLongSegmentsIsFound() throws {
        var bytes = try ImageFile.encodeJPEG(Fixture.picture(width: 20, height: 10))
        // 20 comments of 60,000 bytes before the frame.
        let comment: [UInt8] = [0xFF, 0xFE, 0xEA, 0x60] + [UInt8](repeating: 0x20, count: 59_998)
        bytes.insert(contentsOf: [[UInt8]](repeating: comment, count: 20).joined(), at: 2)
        try withTemporaryFolder { folder in
            try Data(bytes).write(to: URL(fileURLWithPath: folder + "/a"))
            XCTAssertEqual(try ImageFile.header(folder + "/a").width, 20)
            XCTAssertEqual(try ImageFile.read(folder + "/a").height, 10)
        }
    }

    func testErrorsNameFileCauseAndFix() throws {
        try withTemporaryFolder { folder in
            func error(_ name: String, _ bytes: [UInt8]) throws -> MediaError? {
                let path = folder + "/" + name
                try Data(bytes).write(to: URL(fileURLWithPath: path))
                let first = mediaError { _ = try ImageFile.read(path) }
                XCTAssertEqual(first, mediaError { _ = try ImageFile.header(path) }, name)
                XCTAssertTrue(first?.description.hasPrefix(path) ?? false, first?.description ?? "")
                return first
            }
            XCTAssertEqual(try error("empty.jpg", [])?.kind, .empty)
            let looks: [(String, [UInt8], String)] = [
                ("a.gif", Array("GIF89a....".utf8), "it looks like a GIF image"),
                ("a.webp", Array("RIFF1234WEBPVP8 ".utf8), "it looks like a WebP image"),
                ("a.bmp", Array("BM123456".utf8), "it looks like a BMP image"),
                (
                    "a.html", Array("\n<!DOCTYPE html><html>404".utf8),
                    "it looks like an HTML page, perhaps a failed download's error message"
                ),
                ("a.txt", Array("hello".utf8), "it looks like text"),
                ("a.xml", Array("<?xml version='1.0'?>".utf8), "it looks like an XML document"),
                ("zero.jpg", [0, 0, 0, 0], "it looks like nothing but zero bytes"),
                ("junk", [1, 2, 0xAB, 4, 5, 6, 7, 8, 9], "it starts with the bytes 01 02 ab 04 05 06 07 08"),
                (
                    "pointer.jpg", Array("version https://git-lfs.github.com/spec/v1\noid".utf8),
                    "it looks like a Git LFS pointer, not the file itself"
                ),
            ]
            for (name, bytes, cause) in looks {
                let found = try error(name, bytes)
                XCTAssertEqual(found?.kind, .notAnImage, name)
                XCTAssertEqual(found?.cause, cause, name)
            }
            XCTAssertEqual(try error("short.jpg", [0xFF, 0xD8, 0xFF, 0xE0, 0, 16])?.kind, .truncated)
            XCTAssertEqual(try error("short.png", [0x89, 0x50, 0x4E, 0x47, 13, 10, 26, 10, 0, 0])?.kind, .truncated)
            XCTAssertEqual(try error("bad.jpg", [0xFF, 0xD8, 0xFF, 0xE0, 0, 1, 0, 0])?.kind, .corrupt)
            XCTAssertEqual(try error("none.jpg", [0xFF, 0xD8, 0xFF, 0xD9])?.kind, .corrupt)
        }
    }

    func testFilesThatCannotBeRead() throws {
        try withTemporaryFolder { folder in
            let missing = mediaError { _ = try ImageFile.read(folder + "/missing.jpg") }
            XCTAssertEqual(missing?.kind, .unreadable)
            XCTAssertEqual(missing?.cause, "No such file or directory")
            XCTAssertEqual(
                missing?.description,
                "\(folder)/missing.jpg can't be read: No such file or directory. Check the path and its permissions.")
            XCTAssertEqual(mediaError { _ = try ImageFile.read(folder) }?.cause, "it is a folder")
            let pipe = folder + "/pipe"
            XCTAssertEqual(mkfifo(pipe, 0o600), 0)
            XCTAssertEqual(mediaError { _ = try ImageFile.read(pipe) }?.cause, "it is not a regular file")
            let path = folder + "/a.png"
            try ImageFile.writePNG(Fixture.picture(width: 20, height: 10), to: path)
            let options = DecodeOptions(limits: DecodeLimits(maxFileBytes: 100))
            XCTAssertEqual(mediaError { _ = try ImageFile.read(path, options: options) }?.kind, .tooLarge)
        }
    }

    func testUnsupportedKindsSaySo() throws {
        var bytes = try ImageFile.encodeJPEG(Fixture.picture(width: 20, height: 10))
        let frame = try XCTUnwrap((0..<bytes.count).first { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xC0 })
        // 12 bits a sample, then a lossless frame.
        bytes[frame + 4] = 12
        XCTAssertEqual(mediaError { _ = try ImageFile.decode(bytes) }?.kind, .unsupported)
        bytes[frame + 4] = 8
        bytes[frame + 1] = 0xC3
        XCTAssertEqual(mediaError { _ = try ImageFile.decode(bytes) }?.kind, .unsupported)
    }

    func testWritingIsWholeOrNothing() throws {
        try withTemporaryFolder { folder in
            let image = Fixture.picture(width: 20, height: 10)
            let error = mediaError { try ImageFile.writeJPEG(image, to: folder + "/missing/a.jpg") }
            XCTAssertEqual(error?.kind, .unwritable)
            // A folder of that name can't be replaced by a file, and nothing is left beside it.
            try FileManager.default.createDirectory(atPath: folder + "/taken.png/x", withIntermediateDirectories: true)
            XCTAssertEqual(mediaError { try ImageFile.writePNG(image, to: folder + "/taken.png") }?.kind, .unwritable)
            XCTAssertEqual(try FileManager.default.contentsOfDirectory(atPath: folder), ["taken.png"])
            try ImageFile.writeJPEG(image, to: folder + "/a.jpg", quality: 90)
            XCTAssertLessThanOrEqual(largestDifference(try ImageFile.read(folder + "/a.jpg"), image), 40)
            let wide = ByteImage(width: 70_000, height: 1)
            XCTAssertEqual(mediaError { _ = try ImageFile.encodeJPEG(wide) }?.kind, .unwritable)
        }
    }
}
