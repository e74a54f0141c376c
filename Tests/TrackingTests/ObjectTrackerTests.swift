import Annotations
import Support
import Tracking
import XCTest

final class ObjectTrackerTests: XCTestCase {
    private func detection(
        _ x: Float, _ y: Float, side: Float = 20, label: Int = 1, score: Float = 0.9
    ) -> ObjectTracker.Detection {
        .init(box: Box(x0: x, y0: y, x1: x + side, y1: y + side), label: label, score: score)
    }

    /// Two squares on ramps: ids are theirs from the first frame to the last.
    func testMovingSquares() {
        var tracker = ObjectTracker()
        for frame in 0..<60 {
            let t = Float(frame)
            XCTAssertEqual(
                tracker.update([detection(5 * t, 10), detection(300 - 4 * t, 100 + t)]), [1, 2], "frame \(frame)")
        }
        // Where they are after one more step.
        var next = tracker.tracks[0].filter
        next.predict()
        XCTAssertEqual(next.box.x0, 300, accuracy: 0.1)
        XCTAssertEqual(next.box.y0, 10, accuracy: 0.1)
        XCTAssertEqual(tracker.tracks.map(\.hits), [60, 60])
    }

    /// They meet in the middle, where each overlaps the other's last place better than its own; velocity tells them apart.
    func testCrossingObjectsKeepTheirIDs() {
        for order in [[0, 1], [1, 0]] {
            var tracker = ObjectTracker()
            for frame in 0..<40 {
                let t = Float(frame)
                let both = [detection(8 * t, 50), detection(312 - 8 * t, 54)]
                // In the detector's order, which is no one's.
                let ids = tracker.update(frame < 5 ? both : order.map { both[$0] })
                XCTAssertEqual(frame < 5 ? ids : order.map { ids[$0] }, [1, 2], "frame \(frame)")
            }
        }
    }

    /// Behind something for 10 frames, it is found again where its velocity has brought it; after longer than it is kept, it is
    /// another one.
    func testOcclusion() {
        for (gap, id) in [(10, 1), (31, 2)] {
            var tracker = ObjectTracker()
            for frame in 0..<80 {
                let isHidden = (30..<30 + gap).contains(frame)
                let ids = tracker.update(isHidden ? [] : [detection(3 * Float(frame), 40)])
                guard !isHidden else {
                    XCTAssertEqual(ids, [])
                    continue
                }
                let isNew = id == 2 && (30 + gap..<30 + gap + 2).contains(frame)
                XCTAssertEqual(ids, [isNew ? nil : frame < 30 ? 1 : id], "gap \(gap), frame \(frame)")
            }
        }
    }

    /// Half hidden, it scores low: the second association goes on with it, but a low score alone begins nothing.
    func testLowScoresContinueTracks() {
        var tracker = ObjectTracker(TrackerOptions(highScore: 0.6, lowScore: 0.2, longestLoss: 2))
        for frame in 0..<20 {
            let ids = tracker.update([
                detection(4 * Float(frame), 0, score: frame > 8 && frame < 16 ? 0.3 : 0.9),
                detection(200, 200, score: 0.4), detection(300, 0, score: 0.1),
            ])
            XCTAssertEqual(ids, [1, nil, nil], "frame \(frame)")
        }
        XCTAssertEqual(tracker.tracks.count, 1)
        // Lost tracks are found again by high scores alone.
        XCTAssertEqual(tracker.update([]), [])
        XCTAssertEqual(tracker.update([detection(84, 0, score: 0.3)]), [nil])
        XCTAssertEqual(tracker.update([detection(88, 0)]), [1])
    }

    func testEnteringAndLeaving() {
        var tracker = ObjectTracker(TrackerOptions(leastHits: 3, longestLoss: 5))
        XCTAssertEqual(tracker.update([detection(0, 0)]), [1], "there from the first frame on")
        XCTAssertEqual(tracker.update([detection(0, 0), detection(100, 0)]), [1, nil])
        XCTAssertEqual(tracker.update([detection(0, 0), detection(100, 0)]), [1, nil])
        XCTAssertEqual(tracker.update([detection(0, 0), detection(100, 0)]), [1, 2], "seen three times")
        for _ in 0..<5 { XCTAssertEqual(tracker.update([detection(100, 0)]), [2]) }
        XCTAssertEqual(tracker.tracks.map(\.id), [1, 2])
        XCTAssertEqual(tracker.update([detection(100, 0)]), [2])
        XCTAssertEqual(tracker.tracks.map(\.id), [2], "gone for more than 5 frames")
        // A false alarm of one frame never has an id, nor uses one up.
        XCTAssertEqual(tracker.update([detection(100, 0), detection(0, 300)]), [2, nil])
        XCTAssertEqual(tracker.update([detection(100, 0)]), [2])
        XCTAssertEqual(tracker.tracks.count, 1)
        for id in [nil, nil, 3] { XCTAssertEqual(tracker.update([detection(100, 0), detection(200, 0)]), [2, id]) }
    }

    func testClassesAreFollowedApart() {
        var tracker = ObjectTracker()
        XCTAssertEqual(tracker.update([detection(0, 0, label: 1), detection(1, 1, label: 2)]), [1, 2])
        XCTAssertEqual(tracker.update([detection(1, 1, label: 2), detection(0, 0, label: 1)]), [2, 1])
        XCTAssertEqual(tracker.update([detection(1, 1, label: 3)]), [nil])
    }

    /// Frames in uneven steps: an object is where its velocity brings it in that time.
    func testStepsOfAnyLength() {
        var tracker = ObjectTracker()
        var place: Float = 0
        XCTAssertEqual(tracker.update([detection(place, 0)]), [1])
        for steps in [1, 1, 1, 1, 1, 1, 5, 1, 4, 0.5, 6] as [Float] {
            place += 6 * steps
            XCTAssertEqual(tracker.update([detection(place, 0)], steps: Double(steps)), [1], "after \(steps)")
        }
        // Such a jump in one step is another object's.
        XCTAssertEqual(tracker.update([detection(place + 36, 0)]), [nil])
    }

    /// A track is lost for a time, however many frames that are.
    func testALossIsATime() {
        for (steps, id) in [(2.0, 1), (4.0, nil as Int?)] {
            var tracker = ObjectTracker(TrackerOptions(longestLoss: 3))
            XCTAssertEqual(tracker.update([detection(0, 0)]), [1])
            XCTAssertEqual(tracker.update([], steps: steps), [])
            XCTAssertEqual(tracker.update([detection(0, 0)]), [id], "\(steps)")
        }
    }

    /// A detection belongs to a track that is sure, though one that is not fits better.
    func testSureTracksComeFirst() {
        var tracker = ObjectTracker()
        XCTAssertEqual(tracker.update([detection(0, 0)]), [1])
        XCTAssertEqual(tracker.update([detection(0, 0), detection(5, 0)]), [1, nil])
        XCTAssertEqual(tracker.update([detection(5, 0)]), [1])
    }

    /// A detection of a low score must overlap a track by half; one of a high score by a third.
    func testLowScoresMustOverlapMore() {
        for (place, score, id) in [(9, 0.9, 1), (9, 0.3, nil), (5, 0.3, 1)] as [(Float, Float, Int?)] {
            var tracker = ObjectTracker()
            XCTAssertEqual(tracker.update([detection(0, 0)]), [1])
            XCTAssertEqual(tracker.update([detection(place, 0, score: score)]), [id], "\(place), \(score)")
        }
    }

    func testBoxesWithoutInsideBelongToNoTrack() {
        var tracker = ObjectTracker()
        let flat = ObjectTracker.Detection(box: Box(x0: 5, y0: 5, x1: 5, y1: 9), label: 1, score: 0.9)
        let endless = ObjectTracker.Detection(box: Box(x0: 0, y0: 0, x1: .infinity, y1: 9), label: 1, score: 0.9)
        XCTAssertEqual(tracker.update([flat, detection(0, 0), endless]), [nil, 1, nil])
    }

    /// Squares that bounce about, with detections that are shaken, missed and made up: measured as trackers are.
    func testScoresOnADrawnSequence() {
        var random = SeededRandom(seed: 3, epoch: 0, index: 0)
        var places = (0..<6).map { _ in
            (
                x: Float.random(in: 0..<560, using: &random), y: Float.random(in: 0..<400, using: &random),
                dx: Float.random(in: -5...5, using: &random), dy: Float.random(in: -4...4, using: &random)
            )
        }
        var tracker = ObjectTracker()
        var truth: [TrackingScores.Frame] = [], tracks: [TrackingScores.Frame] = []
        for _ in 0..<300 {
            var known: TrackingScores.Frame = [:], found: [ObjectTracker.Detection] = []
            for index in places.indices {
                places[index].x += places[index].dx
                places[index].y += places[index].dy
                if !(0...600).contains(places[index].x) { places[index].dx *= -1 }
                if !(0...440).contains(places[index].y) { places[index].dy *= -1 }
                let (x, y) = (places[index].x, places[index].y)
                known[index] = Box(x0: x, y0: y, x1: x + 40, y1: y + 40)
                func shake() -> Float { Float.random(in: -2...2, using: &random) }
                let chance = Float.random(in: 0..<1, using: &random)
                guard chance > 0.05 else { continue }
                found.append(
                    .init(
                        box: Box(x0: x + shake(), y0: y + shake(), x1: x + 40 + shake(), y1: y + 40 + shake()),
                        label: 1, score: chance < 0.2 ? 0.3 : 0.9))
            }
            if Float.random(in: 0..<1, using: &random) < 0.1 {
                found.append(detection(Float.random(in: 0..<600, using: &random), 10, side: 40))
            }
            found.shuffle(using: &random)
            let ids = tracker.update(found)
            truth.append(known)
            tracks.append(
                Dictionary(uniqueKeysWithValues: zip(ids, found).compactMap { id, box in id.map { ($0, box.box) } }))
        }
        let scores = TrackingScores(truth: truth, tracks: tracks)
        XCTAssertEqual(scores.objects, 1800)
        XCTAssertGreaterThan(scores.mota, 0.9)
        XCTAssertGreaterThan(scores.idf1, 0.9)
        XCTAssertLessThanOrEqual(scores.switches, 2)
        // Ids that change all the time are worth little, so that these numbers mean something.
        let shuffled = tracks.enumerated().map { frame, boxes in
            Dictionary(uniqueKeysWithValues: boxes.map { ($0.key + 100 * frame, $0.value) })
        }
        let bad = TrackingScores(truth: truth, tracks: shuffled)
        XCTAssertLessThan(bad.idf1, 0.02)
        XCTAssertLessThan(bad.mota, 0.1)
    }

    /// Two objects in three frames: one is missed once, and the other's track changes; a box is made up.
    func testScoresOfAPencil() {
        func box(_ x: Float) -> Box { Box(x0: x, y0: 0, x1: x + 10, y1: 10) }
        let truth = [[1: box(0), 2: box(50)], [1: box(1), 2: box(51)], [1: box(2), 2: box(52)]]
        let tracks = [[7: box(0), 8: box(50)], [7: box(1)], [7: box(2), 9: box(52), 10: box(200)]]
        let scores = TrackingScores(truth: truth, tracks: tracks)
        XCTAssertEqual([scores.objects, scores.missed, scores.falseAlarms, scores.switches], [6, 1, 1, 1])
        XCTAssertEqual(scores.mota, 0.5, accuracy: 1e-12)
        // Track 7 is object 1 three times, track 8 object 2 once: 2 · 4 of 6 + 6.
        XCTAssertEqual(scores.idf1, 8.0 / 12, accuracy: 1e-12)
    }
}
