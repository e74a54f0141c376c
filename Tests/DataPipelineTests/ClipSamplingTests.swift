import DataPipeline
import XCTest

final class ClipSamplingTests: XCTestCase {
    private struct Counter: RandomNumberGenerator {
        var state: UInt64 = 1
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state
        }
    }

    func testStrides() {
        XCTAssertEqual(ClipSampling.kinetics.indices(from: 3, frameCount: 300).prefix(4), [3, 8, 13, 18])
        XCTAssertEqual(ClipSampling.kinetics.indices(from: 0, frameCount: 300).last, 75)
        XCTAssertEqual(ClipSampling.kineticsStride4.indices(from: 0, frameCount: 300).last, 60)
        XCTAssertEqual(ClipSampling.somethingSomething.indices(from: 0, frameCount: 300).last, 30)
        XCTAssertEqual(ClipSampling.kinetics.indices(from: 0, frameCount: 300).count, 16)
    }

    func testAShortVideoLoops() {
        let sampling = ClipSampling(length: 6, stride: 2)
        XCTAssertEqual(sampling.indices(from: 0, frameCount: 5), [0, 2, 4, 1, 3, 0])
        XCTAssertEqual(sampling.indices(from: 0, frameCount: 1), [0, 0, 0, 0, 0, 0])
        XCTAssertEqual(sampling.lastStart(frameCount: 5), 0)
        XCTAssertEqual(sampling.evenStarts(3, frameCount: 5), [0, 0, 0])
    }

    func testRandomClipsReachBothEndsAndNeverLoopInALongVideo() {
        let sampling = ClipSampling(length: 4, stride: 3)
        var generator = Counter()
        var starts = Set<Int>()
        for _ in 0..<500 {
            let clip = sampling.random(frameCount: 20, using: &generator)
            XCTAssertEqual(clip, clip.sorted())
            XCTAssertEqual(clip[3] - clip[0], 9)
            starts.insert(clip[0])
        }
        XCTAssertEqual(starts, Set(0...8))
        XCTAssertEqual(sampling.random(frameCount: 7, using: &generator), [0, 3, 6, 2])
    }

    func testTenClipsSpreadFromEndToEnd() {
        let sampling = ClipSampling.kineticsStride4
        XCTAssertEqual(
            sampling.evenStarts(frameCount: 300), [0, 26, 52, 79, 105, 131, 157, 184, 210, 236])
        XCTAssertEqual(sampling.evenStarts(1, frameCount: 300), [118])
        let clips = sampling.evenClips(frameCount: 300)
        XCTAssertEqual(clips.count, 10)
        XCTAssertEqual(clips[0].first, 0)
        XCTAssertEqual(clips[9].last, 296)
        XCTAssertTrue(clips.joined().allSatisfy { (0..<300).contains($0) })
        // Exactly as long as its span.
        XCTAssertEqual(sampling.evenStarts(4, frameCount: 64), [0, 0, 0, 0])
    }
}
