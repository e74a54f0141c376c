import Foundation
import Media
import TestSupport
import XCTest

/// Files in which one packet is missing.
final class VideoLossTests: XCTestCase {
    private static let fixtures = [
        VideoFixture(name: "H.264", container: "mp4", codec: "libx264", frames: 40, bFrames: 3),
        VideoFixture(
            name: "H.264, open groups", container: "matroska", codec: "libx264",
            settings: "x264-params=open-gop=1:scenecut=0", frames: 40, bFrames: 3),
        VideoFixture(
            name: "HEVC", container: "mp4", codec: "libx265",
            settings: "x265-params=open-gop=0:scenecut=0:log-level=none",
            frames: 40, bFrames: 3),
        VideoFixture(
            name: "HEVC, open groups", container: "matroska", codec: "libx265",
            settings: "x265-params=open-gop=1:scenecut=0:log-level=none", frames: 40, bFrames: 3),
        VideoFixture(
            name: "VP9", container: "webm", codec: "libvpx-vp9",
            settings: "deadline=realtime,cpu-used=8,auto-alt-ref=1,lag-in-frames=8", frames: 24),
        VideoFixture(name: "MPEG-4", container: "mp4", codec: "mpeg4", frames: 40, bFrames: 2),
    ]

    /// Reads the frames one after the other and then in many orders. Returns nil when the file can't be opened, else how
    /// many frames were missing.
    private func check(_ bytes: [UInt8], _ name: String, random: inout FixedRandom) throws -> Int? {
        let options = VideoOptions(damage: .keepDecodable)
        guard let walker = try? VideoReader(bytes: bytes, options: options) else { return nil }
        var frames: [ByteImage?] = []
        try walker.forEachFrame { frames.append($1) }
        let reader = try VideoReader(bytes: bytes, options: options)
        for round in 0..<8 {
            let start = Int.random(in: 0..<frames.count, using: &random)
            let asked =
                switch round % 3 {
                case 0: [start]
                case 1: Array(stride(from: start, to: frames.count, by: 4).prefix(6))
                default: (0..<4).map { _ in Int.random(in: 0..<frames.count, using: &random) }
                }
            let found = try reader.frames(at: asked)
            for (place, index) in asked.enumerated() {
                let image = found.missing.contains(index) ? nil : found.image(place)
                XCTAssertTrue(image == frames[index], "\(name): frame \(index) in round \(round)")
            }
        }
        return frames.count { $0 == nil }
    }

    func testAFrameIsTheSameInWhateverOrderItIsRead() throws {
        var random = FixedRandom(3)
        for fixture in Self.fixtures {
            var opened = 0, gaps = 0
            // x265 takes long to encode a file anew.
            let losses = Array(stride(from: 1, through: fixture.frames, by: fixture.codec == "libx265" ? 2 : 1))
            for lost in losses {
                var fixture = fixture
                fixture.lostPacket = lost
                let bytes = try fixture.bytes()
                guard try check(bytes, "\(fixture.name) without packet \(lost)", random: &random) != nil else {
                    continue
                }
                opened += 1
                if try VideoReader(bytes: bytes, options: VideoOptions(damage: .keepDecodable)).isCounted { gaps += 1 }
            }
            XCTAssertGreaterThanOrEqual(opened, losses.count - 2, fixture.name)
            // The loss of a picture that others are predicted from shows in the headers of these.
            if ["libx264", "libx265"].contains(fixture.codec) {
                XCTAssertGreaterThan(gaps, losses.count / 4, fixture.name)
            }
        }
    }

    func testASharedFileWithAMissingPacket() throws {
        let path = try sharedFolder() + "/cases/video/missingpacket.mp4"
        var random = FixedRandom(4)
        for _ in 0..<4 {
            XCTAssertEqual(
                try check(Array(Data(contentsOf: URL(fileURLWithPath: path))), "missingpacket.mp4", random: &random), 0)
        }
    }
}
