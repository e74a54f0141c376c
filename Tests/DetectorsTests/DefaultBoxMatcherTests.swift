import Annotations
import Detectors
import Support
import Tensors
import TestSupport
import XCTest

final class DefaultBoxMatcherTests: XCTestCase {
    private func truth(_ boxes: [Box]) -> GroundTruth {
        let size = ImageSize(width: 300, height: 300)
        let target = DetectionTarget(boxes: boxes, labels: boxes.map { _ in 1 })
        return GroundTruth.all(
            of: DetectionBatch(images: [], targets: [target], device: .cpu), from: [size], to: [size], classCount: 1)[0]
    }

    private func pairs(_ boxes: [Box], _ objects: [Box], threshold: Double = 0.5) -> [[Int]] {
        let tensor = Tensor(boxes.flatMap { [$0.x0, $0.y0, $0.x1, $0.y1] }, shape: [boxes.count, 4])
        let match = DefaultBoxMatcher(threshold: threshold).match(tensor, to: truth(objects))
        return zip(match.positives.array(Int.self), match.objects.array(Int.self)).map { [$0, $1] }
    }

    /// Boxes of 10 × 10. The object overlaps the first by 1 and the second, three pixels off, by 7 / 13; the third, five off,
    /// only by 5 / 15.
    func testEnoughOverlapMakesAPositive() {
        let boxes = [0, 3, 5].map { Box(x: $0, y: 0, width: 10, height: 10) }
        XCTAssertEqual(pairs(boxes, [boxes[0]]), [[0, 0], [1, 0]])
        XCTAssertEqual(pairs(boxes, []), [])
    }

    /// An object that overlaps no box by half still has its best one.
    func testEveryObjectHasABox() {
        let boxes = [Box(x: 0, y: 0, width: 10, height: 10), Box(x: 20, y: 0, width: 10, height: 10)]
        XCTAssertEqual(pairs(boxes, [Box(x: 18, y: 0, width: 3, height: 3)]), [[1, 0]])
        XCTAssertEqual(pairs(boxes, [Box(x: 100, y: 100, width: 3, height: 3)]), [], "it overlaps none")
    }

    /// Both objects overlap the first box most, the second object more: the first takes the next box, though it overlaps that
    /// one by less than half.
    func testObjectsDoNotShareTheirBestBox() {
        let boxes = [Box(x: 0, y: 0, width: 10, height: 10), Box(x: 8, y: 0, width: 10, height: 10)]
        let objects = [Box(x: 1, y: 0, width: 10, height: 10), Box(x: 0, y: 0, width: 10, height: 9)]
        XCTAssertEqual(pairs(boxes, objects), [[0, 1], [1, 0]])
        XCTAssertEqual(pairs([boxes[0]], objects), [[0, 1]], "there is no box left for the other")
    }

    /// Against a walk over all pairs, on random cases with crowded objects.
    func testRandomCases() {
        for round in 0..<20 {
            func random(_ name: String, _ count: Int, _ extent: ClosedRange<Double>) -> [Box] {
                let xy = goldenFill(name: "\(name)\(round).xy", count: 2 * count, lo: 0, hi: 80)
                let wh = goldenFill(
                    name: "\(name)\(round).wh", count: 2 * count, lo: extent.lowerBound, hi: extent.upperBound)
                return (0..<count).map {
                    Box(x: xy[2 * $0], y: xy[2 * $0 + 1], width: wh[2 * $0], height: wh[2 * $0 + 1])
                }
            }
            let boxes = random("match.boxes", 60, 5...40)
            let objects = random("match.objects", 1 + round, 5...40)
            XCTAssertEqual(pairs(boxes, objects), reference(boxes, objects), "round \(round)")
        }
    }

    private func reference(_ boxes: [Box], _ objects: [Box]) -> [[Int]] {
        let overlaps = objects.map { object in boxes.map { object.intersectionOverUnion($0) } }
        var assigned = [Int?](repeating: nil, count: boxes.count)
        for (box, _) in boxes.enumerated() {
            let best = objects.indices.max {
                overlaps[$0][box] < overlaps[$1][box] || overlaps[$0][box] == overlaps[$1][box] && $0 > $1
            }
            if let best, overlaps[best][box] >= 0.5 { assigned[box] = best }
        }
        var free = Set(boxes.indices)
        var waiting = Set(objects.indices)
        while true {
            var best: (object: Int, box: Int)?
            for object in waiting.sorted() {
                for box in free.sorted() where overlaps[object][box] > best.map({ overlaps[$0.object][$0.box] }) ?? 0 {
                    best = (object, box)
                }
            }
            guard let best else { break }
            assigned[best.box] = best.object
            waiting.remove(best.object)
            free.remove(best.box)
        }
        return assigned.enumerated().compactMap { box, object in object.map { [box, $0] } }
    }
}
