import Annotations
import Evaluation
import XCTest

final class ErrorAnalysisRandomCaseTests: XCTestCase {
    /// Every wrong detection has one error, the one that the definition written down plainly gives it; mending a kind never
    /// costs anything, and mending all of them leaves nothing wrong.
    func testRandomDataSets() throws {
        var seen: [ErrorAnalysis.Kind: Int] = [:]
        for seed in 1...300 {
            let scenes = RandomScenes(seed: UInt64(seed), flags: [.crowd])
            let matching = try DetectionMatching(groundTruth: scenes.truth, results: scenes.results)
            let analysis = ErrorAnalysis(matching)
            let wrong = matching.outcomes.indices.filter { matching.outcomes[$0] == .wrong }
            XCTAssertEqual(analysis.findings.map(\.detection), wrong, "seed \(seed)")
            let plain = PlainErrors(scenes, matching)
            for finding in analysis.findings {
                XCTAssertEqual(finding.kind, plain.kind(of: finding.detection), "seed \(seed), \(finding)")
                seen[finding.kind, default: 0] += 1
            }
            XCTAssertEqual(analysis.missed, plain.missed, "seed \(seed)")
            seen[.missed, default: 0] += analysis.missed.count

            let costs = ErrorCosts(analysis)
            let coco = try COCOEvaluation.evaluate(groundTruth: scenes.truth, results: scenes.results)
            XCTAssertEqual(costs.ap, coco.ap50, accuracy: 1e-12, "seed \(seed)")
            for cost in costs.costs {
                XCTAssertGreaterThanOrEqual(cost.gain, -1e-12, "seed \(seed), \(cost)")
                XCTAssertEqual(cost.count, analysis.count(cost.kind))
            }
            XCTAssertGreaterThanOrEqual(costs.falsePositiveGain, -1e-12)
            XCTAssertGreaterThanOrEqual(costs.falseNegativeGain, -1e-12)
            XCTAssertEqual(costs.falsePositives, wrong.count)
            if costs.ap >= 0 {
                let everything = Set(ErrorAnalysis.Kind.allCases)
                XCTAssertEqual(analysis.averagePrecision(mending: everything), 1, accuracy: 1e-12, "seed \(seed)")
            }
        }
        for kind in ErrorAnalysis.Kind.allCases { XCTAssertGreaterThan(seen[kind, default: 0], 100, "\(kind)") }
    }
}

/// The error types as conditions on the table of all overlaps of an image.
private struct PlainErrors {
    let scenes: RandomScenes
    let matching: DetectionMatching
    private let objects: [(image: Int, record: ObjectRecord)]

    init(_ scenes: RandomScenes, _ matching: DetectionMatching) {
        self.scenes = scenes
        self.matching = matching
        objects = scenes.images.flatMap { image in image.objects.map { (image.id, $0) } }
    }

    private func overlap(_ i: Int, _ j: Int) -> Double {
        let (d, o) = (scenes.detections[i], objects[j].record)
        guard d.image == objects[j].image, !o.flags.contains(.crowd) else { return 0 }
        let w = max(0, min(d.x + d.width, o.x + o.width) - max(d.x, o.x))
        let h = max(0, min(d.y + d.height, o.y + o.height) - max(d.y, o.y))
        return w * h / (d.width * d.height + o.width * o.height - w * h)
    }

    private func overlaps(_ i: Int, ownClass: Bool) -> [(object: Int, value: Double)] {
        objects.indices.filter { (objects[$0].record.label == scenes.detections[i].label) == ownClass }.map {
            ($0, overlap(i, $0))
        }
    }

    private func highest(_ i: Int, ownClass: Bool) -> Double {
        overlaps(i, ownClass: ownClass).map(\.value).max() ?? 0
    }

    func kind(of i: Int) -> ErrorAnalysis.Kind {
        let (own, other) = (highest(i, ownClass: true), highest(i, ownClass: false))
        switch (own, other) {
        case (0.1..<0.5, _): return .localization
        case (_, 0.5...): return .classification
        case (0.5..., _): return .duplicate
        case (...0.1, ...0.1): return .background
        default: return .both
        }
    }

    var missed: [Int] {
        objects.indices.filter { j in
            guard !objects[j].record.flags.contains(.crowd), matching.finders[j] == nil else { return false }
            return !scenes.detections.indices.contains { i in
                guard matching.outcomes[i] == .wrong else { return false }
                switch kind(of: i) {
                case .localization:
                    return firstHighest(i, ownClass: true) == j
                case .classification:
                    return firstHighest(i, ownClass: false) == j
                default: return false
                }
            }
        }
    }

    private func firstHighest(_ i: Int, ownClass: Bool) -> Int? {
        let all = overlaps(i, ownClass: ownClass)
        let highest = all.map(\.value).max()
        return all.first { $0.value == highest }?.object
    }
}
