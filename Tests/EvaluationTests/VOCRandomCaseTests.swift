import Annotations
import Evaluation
import XCTest

/// Random data sets scored by the library and by the devkit's program written down step by step.
final class VOCRandomCaseTests: XCTestCase {
    func testRandomDataSetsScoreAsTheDevkit() throws {
        var meaningful = 0
        for seed in 1...400 {
            let scenes = RandomScenes(seed: UInt64(seed), flags: [.difficult])
            let threshold = seed % 3 == 0 ? 0.75 : 0.5
            for method in VOCEvaluation.Method.allCases {
                let scores = try VOCEvaluation.evaluate(
                    groundTruth: scenes.truth, results: scenes.results, iouThreshold: threshold, method: method)
                var present: [Double] = []
                for (k, score) in scores.classes.enumerated() {
                    let plain = PlainVOC(scenes, label: k + 1, threshold: threshold)
                    XCTAssertEqual(score.objects, plain.positives, "seed \(seed)")
                    let expected = method == .allPoint ? plain.area : plain.elevenPoint
                    XCTAssertEqual(score.ap, expected, accuracy: 1e-12, "seed \(seed), \(method), class \(k)")
                    if plain.positives > 0 { present.append(expected) }
                    if expected > 0.02, expected < 0.98 { meaningful += 1 }
                }
                let mean = present.isEmpty ? -1 : present.reduce(0, +) / Double(present.count)
                XCTAssertEqual(scores.meanAP, mean, accuracy: 1e-12, "seed \(seed), \(method)")
            }
        }
        XCTAssertGreaterThan(meaningful, 1000, "the cases are too easy or too hard to tell right from wrong")
    }
}

/// The devkit's evaluation of one class in its own terms: corners 1-based and inclusive, every precision and recall kept.
private struct PlainVOC {
    var positives = 0
    private var recalls: [Double] = []
    private var precisions: [Double] = []

    private static func corners(_ x: Double, _ y: Double, _ width: Double, _ height: Double) -> [Double] {
        [x + 1, y + 1, x + width, y + height]
    }

    private static func overlap(_ a: [Double], _ b: [Double]) -> Double {
        let width = min(a[2], b[2]) - max(a[0], b[0]) + 1
        let height = min(a[3], b[3]) - max(a[1], b[1]) + 1
        if width <= 0 || height <= 0 { return -.infinity }
        let areaA = (a[2] - a[0] + 1) * (a[3] - a[1] + 1)
        let areaB = (b[2] - b[0] + 1) * (b[3] - b[1] + 1)
        return width * height / (areaA + areaB - width * height)
    }

    init(_ scenes: RandomScenes, label: Int, threshold: Double) {
        var objects: [Int: [ObjectRecord]] = [:]
        for image in scenes.images { objects[image.id] = image.objects.filter { $0.label == label } }
        positives = objects.values.joined().count { !$0.flags.contains(.difficult) }

        // An insertion sort, which keeps equal scores in their order, as MATLAB's does.
        var order = scenes.detections.filter { $0.label == label }
        for i in order.indices.dropFirst() {
            var j = i
            while j > 0, order[j - 1].score < order[j].score {
                order.swapAt(j, j - 1)
                j -= 1
            }
        }
        var isTaken = objects.mapValues { [Bool](repeating: false, count: $0.count) }
        var right = 0.0
        var wrong = 0.0
        for detection in order {
            let box = Self.corners(detection.x, detection.y, detection.width, detection.height)
            let here = objects[detection.image, default: []]
            var most = -Double.infinity
            var best = 0
            for (j, object) in here.enumerated() {
                let overlap = Self.overlap(box, Self.corners(object.x, object.y, object.width, object.height))
                if overlap > most { (most, best) = (overlap, j) }
            }
            if most >= threshold {
                if !here[best].flags.contains(.difficult) {
                    if isTaken[detection.image, default: []][best] { wrong += 1 } else { right += 1 }
                    isTaken[detection.image]?[best] = true
                }
            } else {
                wrong += 1
            }
            recalls.append(right / Double(positives))
            // 0 / 0 before the first that counts, which the devkit's max() passes over.
            precisions.append(right + wrong == 0 ? 0 : right / (right + wrong))
        }
    }

    /// VOCap.m of 2007: `for t=0:0.1:1`, a range that MATLAB fills from both ends.
    var elevenPoint: Double {
        if positives == 0 { return -1 }
        let step = 0.1
        var levels: [Double] = []
        for k in 0...4 { levels.append(Double(k) * step) }
        levels.append(0.5)
        for k in (0...4).reversed() { levels.append(1 - Double(k) * step) }
        var sum = 0.0
        for level in levels {
            var best = 0.0
            for (recall, precision) in zip(recalls, precisions) where recall >= level { best = max(best, precision) }
            sum += best / 11
        }
        return sum
    }

    /// VOCap.m of 2010 and later.
    var area: Double {
        if positives == 0 { return -1 }
        let recall = [0] + recalls + [1]
        var precision = [0] + precisions + [0]
        for i in precision.indices.dropLast().reversed() { precision[i] = max(precision[i], precision[i + 1]) }
        return (1..<recall.count).reduce(0.0) { $0 + (recall[$1] - recall[$1 - 1]) * precision[$1] }
    }
}
