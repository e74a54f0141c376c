import Annotations
import Media

/// Videos whose frames tell their number by their brightness and their sides by their colour.
enum ClipFixture {
    /// Levels of grey from one frame to the next.
    static let step = 7

    /// Frame i is grey of 20 + 7 i, red in its left quarter and blue in its right one.
    static func frame(_ index: Int, width: Int = 64, height: Int = 48) -> ByteImage {
        var pixels: [UInt8] = []
        let grey = UInt8(20 + step * index)
        for _ in 0..<height {
            for x in 0..<width {
                pixels += x < width / 4 ? [200, 30, 30] : x >= width - width / 4 ? [30, 30, 200] : [grey, grey, grey]
            }
        }
        return ByteImage(width: width, height: height, channels: 3, pixels: pixels)
    }

    static func write(_ path: String, frames: Int) throws {
        let writer = try VideoWriter(path: path, width: 64, height: 48, encoding: VideoEncoding(quality: 95))
        for index in 0..<frames { try writer.append(frame(index)) }
        try writer.finish()
    }

    static func annotations(_ names: [String] = ["moving left", "moving right", "still"]) -> ClipAnnotations {
        ClipAnnotations(source: "test", classNames: names, clips: [ClipRecord(path: "a.mp4", label: 0)])
    }
}
