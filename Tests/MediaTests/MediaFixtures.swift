import CMedia
import Glibc
import Media
import XCTest

/// A generator of the same numbers on every machine (SplitMix64).
struct FixedRandom: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

enum Fixture {
    /// Smooth in x and y with a few edges: no two corners alike.
    static func picture(width: Int, height: Int, channels: Int = 3) -> ByteImage {
        var pixels: [UInt8] = []
        for y in 0..<height {
            for x in 0..<width {
                let edge = (x / 8 + y / 8) % 3 == 0 ? 60 : 0
                let values = [x * 160 / width + edge, y * 190 / height + edge / 2, (x + y) * 200 / (width + height)]
                pixels += values.prefix(channels).map { UInt8($0) }
            }
        }
        return ByteImage(width: width, height: height, channels: channels, pixels: pixels)
    }

    /// A picture in muted colours, which stay inside RGB whatever compression does to them.
    static func mutedPicture(width: Int, height: Int) -> ByteImage {
        let picture = picture(width: width, height: height)
        return ByteImage(width: width, height: height, pixels: picture.pixels.map { 90 + $0 / 4 })
    }

    static func noise(width: Int, height: Int, channels: Int, seed: UInt64) -> ByteImage {
        var random = FixedRandom(seed)
        return ByteImage(
            width: width, height: height, channels: channels,
            pixels: (0..<width * height * channels).map { _ in UInt8.random(in: 0...255, using: &random) })
    }

    /// A JPEG of four channels: CMYK as Adobe stores it (inverted), or YCCK.
    static func jpegOfCMYK(_ samples: [UInt8], width: Int, height: Int, ycck: Bool, quality: Int = 100)
        -> [UInt8]
    {
        var options = JPEGEncoding(quality: quality, subsampling: .none444).cOptions
        options.color = ycck ? CM_JPEG_COLOR_YCCK : CM_JPEG_COLOR_DEFAULT
        return jpeg(samples, width: width, height: height, channels: 4, options)
    }

    /// A JPEG whose coefficients are coded arithmetically, which no public encoder setting makes.
    static func arithmeticJPEG(_ image: ByteImage, _ encoding: JPEGEncoding = JPEGEncoding()) -> [UInt8] {
        var options = encoding.cOptions
        options.arithmetic = true
        return jpeg(image.pixels, width: image.width, height: image.height, channels: image.channels, options)
    }

    private static func jpeg(
        _ samples: [UInt8], width: Int, height: Int, channels: Int, _ options: cm_jpeg_encode_options
    ) -> [UInt8] {
        var options = options
        var bytes: UnsafeMutablePointer<UInt8>?
        var count = 0
        var report = cm_report()
        let status = cm_jpeg_encode(
            samples, Int32(width), Int32(height), Int32(channels), &options, &bytes, &count, &report)
        defer { free(bytes) }
        XCTAssertEqual(status, CM_OK)
        return Array(UnsafeBufferPointer(start: bytes, count: count))
    }

    /// A PNG of any kind; `samples` as `cm_png_encode` takes them.
    static func png(
        _ samples: [UInt8], width: Int, height: Int, channels: Int, bitDepth: Int = 8, interlaced: Bool = false,
        palette: [UInt8] = []
    ) -> [UInt8] {
        palette.withUnsafeBufferPointer { palette in
            var options = cm_png_encode_options()
            options.compression = 6
            options.interlaced = interlaced
            options.bit_depth = Int32(bitDepth)
            options.palette = palette.isEmpty ? nil : palette.baseAddress
            options.palette_count = Int32(palette.count / 3)
            var bytes: UnsafeMutablePointer<UInt8>?
            var count = 0
            var report = cm_report()
            let status = cm_png_encode(
                samples, Int32(width), Int32(height), Int32(channels), &options, &bytes, &count, &report)
            defer { free(bytes) }
            XCTAssertEqual(status, CM_OK, withUnsafeBytes(of: report.error) { String(decoding: $0, as: UTF8.self) })
            return Array(UnsafeBufferPointer(start: bytes, count: count))
        }
    }

    /// One file of every kind that is decoded.
    static func everyKind() throws -> [(name: String, bytes: [UInt8])] {
        let picture = picture(width: 43, height: 29)
        let grey = picture.convertedToGrey()
        func jpeg(_ image: ByteImage, _ encoding: JPEGEncoding) throws -> [UInt8] {
            try ImageFile.encodeJPEG(image, encoding: encoding)
        }
        let cmyk = noise(width: 43, height: 4 * 29, channels: 1, seed: 5).pixels
        return [
            ("baseline", try jpeg(picture, JPEGEncoding(quality: 80))),
            ("progressive", try jpeg(picture, JPEGEncoding(quality: 80, isProgressive: true))),
            ("4:2:2, restart markers", try jpeg(picture, JPEGEncoding(subsampling: .half422, restartRows: 1))),
            ("4:1:1", try jpeg(picture, JPEGEncoding(subsampling: .quarter411, orientation: 6))),
            ("grey", try jpeg(grey, JPEGEncoding(orientation: 3))),
            ("CMYK", jpegOfCMYK(cmyk, width: 43, height: 29, ycck: false, quality: 70)),
            ("arithmetic", arithmeticJPEG(picture)),
            ("arithmetic, restart markers", arithmeticJPEG(picture, JPEGEncoding(quality: 70, restartRows: 1))),
            (
                "progressive, arithmetic",
                arithmeticJPEG(picture, JPEGEncoding(quality: 80, subsampling: .none444, isProgressive: true))
            ),
            ("YCCK", jpegOfCMYK(cmyk, width: 43, height: 29, ycck: true, quality: 70)),
            ("PNG", try ImageFile.encodePNG(picture)),
            ("grey PNG", try ImageFile.encodePNG(grey)),
            ("interlaced PNG", png(picture.pixels, width: 43, height: 29, channels: 3, interlaced: true)),
            (
                "PNG of 16 bits",
                png(
                    noise(width: 43, height: 58, channels: 1, seed: 7).pixels, width: 43, height: 29,
                    channels: 1, bitDepth: 16)
            ),
            ("turned PNG", PNGChunk.allOrientations.inserted(into: try ImageFile.encodePNG(picture))),
            (
                "interlaced palette PNG",
                png(
                    (0..<43 * 29).map { UInt8($0 % 3) }, width: 43, height: 29, channels: 1, bitDepth: 8,
                    interlaced: true, palette: [255, 0, 0, 0, 255, 0, 0, 0, 255])
            ),
            (
                "interlaced PNG of 16 bits",
                png(
                    noise(width: 43, height: 58, channels: 3, seed: 6).pixels, width: 43, height: 29, channels: 3,
                    bitDepth: 16, interlaced: true)
            ),
            (
                "palette PNG",
                png(
                    (0..<43 * 29).map { UInt8($0 % 4) }, width: 43, height: 29, channels: 1, bitDepth: 2,
                    palette: [255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 9, 9])
            ),
        ]
    }
}

/// The largest difference of any sample.
func largestDifference(_ a: ByteImage, _ b: ByteImage) -> Int {
    guard a.width == b.width, a.height == b.height, a.channels == b.channels else { return .max }
    return zip(a.pixels, b.pixels).reduce(0) { max($0, abs(Int($1.0) - Int($1.1))) }
}

/// Runs `body`, which must throw a `MediaError`, and returns that.
func mediaError(
    _ message: String = "", file: StaticString = #filePath, line: UInt = #line, from body: () throws -> Void
) -> MediaError? {
    do {
        try body()
        XCTFail("no error. \(message)", file: file, line: line)
    } catch let error as MediaError {
        return error
    } catch {
        XCTFail("not a MediaError but \(error). \(message)", file: file, line: line)
    }
    return nil
}

/// What `body` writes to standard error, by whatever library.
func standardError(of body: () throws -> Void) throws -> String {
    var descriptors: [Int32] = [0, 0]
    XCTAssertEqual(pipe(&descriptors), 0)
    // A full pipe must not stop the libraries.
    XCTAssertEqual(fcntl(descriptors[1], F_SETFL, O_NONBLOCK), 0)
    fflush(nil)
    let saved = dup(2)
    dup2(descriptors[1], 2)
    close(descriptors[1])
    let result = Result { try body() }
    fflush(nil)
    dup2(saved, 2)
    close(saved)
    var buffer = [UInt8](repeating: 0, count: 65536)
    XCTAssertEqual(fcntl(descriptors[0], F_SETFL, O_NONBLOCK), 0)
    let count = read(descriptors[0], &buffer, buffer.count)
    close(descriptors[0])
    try result.get()
    return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
}
