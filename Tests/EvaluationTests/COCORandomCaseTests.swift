import Annotations
import Evaluation
import XCTest

/// Random data sets scored by the library and by the protocol written down as plainly as it can be.
final class COCORandomCaseTests: XCTestCase {
    func testRandomDataSetsScoreAsTheWrittenProtocol() throws {
        var meaningful = 0
        for seed in 1...60 {
            let (images, rows) = Self.randomCase(UInt64(seed))
            var results = DetectionResults()
            for row in rows {
                results.append(
                    imageID: row.image, categoryID: row.label, x: row.x, y: row.y, width: row.width,
                    height: row.height, score: row.score)
            }
            let truth = DetectionAnnotations(source: "random", classNames: ["a", "b", "c"], images: images)
            let ours = try COCOEvaluation.evaluate(groundTruth: truth, results: results, threads: 1 + seed % 3)
            let plain = PlainCOCO(images: images, detections: rows, classes: [1, 2, 3])
            let pairs = [
                ("AP", ours.ap, plain.precision()), ("AP50", ours.ap50, plain.precision(threshold: 0)),
                ("AP75", ours.ap75, plain.precision(threshold: 5)),
                ("APs", ours.apSmall, plain.precision(area: 1)), ("APm", ours.apMedium, plain.precision(area: 2)),
                ("APl", ours.apLarge, plain.precision(area: 3)), ("AR1", ours.ar1, plain.recall(limit: 1)),
                ("AR10", ours.ar10, plain.recall(limit: 10)), ("AR100", ours.ar100, plain.recall()),
                ("ARs", ours.arSmall, plain.recall(area: 1)), ("ARm", ours.arMedium, plain.recall(area: 2)),
                ("ARl", ours.arLarge, plain.recall(area: 3)),
            ]
            for (name, ours, plain) in pairs {
                XCTAssertEqual(ours, plain, accuracy: 1e-12, "\(name), seed \(seed)")
                if plain > 0.02, plain < 0.98 { meaningful += 1 }
            }
        }
        XCTAssertGreaterThan(meaningful, 400, "the cases are too easy or too hard to tell right from wrong")
    }

    /// Boxes on a grid of few sizes and scores, so that equal scores and overlaps on a threshold are common; crowds,
    /// images without objects, more detections than count, classes without objects.
    private static func randomCase(_ seed: UInt64) -> (images: [ImageRecord], detections: [PlainCOCO.Detection]) {
        var random = Lehmer(state: seed &* 7919 &+ 12345)
        var images: [ImageRecord] = []
        var rows: [PlainCOCO.Detection] = []
        var id = 0
        let classes = seed % 5 == 0 ? 2 : 3
        for place in 0..<(3 + random.below(6)) {
            var objects: [ObjectRecord] = []
            for _ in 0..<random.below(9) {
                id += 1
                // 32² and 96² lie on the limits of the area ranges.
                let size = [8, 20, 32, 40, 96, 200][random.below(6)]
                let height = size / (1 + random.below(2))
                objects.append(
                    ObjectRecord(
                        id: id, label: 1 + random.below(classes), x: Double(random.below(12) * 16),
                        y: Double(random.below(12) * 16), width: Double(size), height: Double(height),
                        flags: random.below(8) == 0 ? [.crowd] : []))
            }
            // Descending ids: ties between images must follow the ids, not the file.
            let image = 100 - place * 7
            images.append(ImageRecord(id: image, fileName: "\(image).jpg", width: 400, height: 400, objects: objects))
            for object in objects {
                for _ in 0..<random.below(4) {
                    rows.append(
                        PlainCOCO.Detection(
                            image: image, label: random.below(7) == 0 ? 1 + random.below(3) : object.label,
                            x: object.x + Double(random.below(5) - 2) * object.width / 10, y: object.y,
                            width: object.width, height: object.height * [1, 1, 0.9, 0.5][random.below(4)],
                            score: Double(random.below(20)) / 20))
                }
            }
            for _ in 0..<(random.below(10) == 0 ? 130 : random.below(12)) {
                rows.append(
                    PlainCOCO.Detection(
                        image: image, label: 1 + random.below(3), x: Double(random.below(300)),
                        y: Double(random.below(300)), width: Double(1 + random.below(90)),
                        height: Double(1 + random.below(90)), score: Double(random.below(40)) / 40))
            }
        }
        return (images, rows)
    }
}

/// A generator small enough to see through.
private struct Lehmer {
    var state: UInt64

    mutating func below(_ limit: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int((state >> 33) % UInt64(limit))
    }
}

/// The protocol of COCO's boxes, step by step: slow, and without anything to get wrong for speed's sake.
private struct PlainCOCO {
    typealias Detection = RandomScenes.Detection

    let images: [ImageRecord]
    let detections: [Detection]
    let classes: [Int]

    /// For one class, area range, limit and threshold, precision at the 101 recalls, and the recall; nil without objects.
    private func curve(label: Int, area: Int, limit: Int, threshold: Int) -> (precision: [Double], recall: Double)? {
        let ranges = [0...1e10, 0...1024.0, 1024.0...9216.0, 9216.0...1e10]
        let range = ranges[area]
        // Both grids as numpy.linspace rounds them.
        let overlap = threshold == 9 ? 0.95 : 0.5 + Double(threshold) * ((0.95 - 0.5) / 9)
        var outcomes: [(score: Double, isRight: Bool)] = []
        var wanted = 0
        for image in images.sorted(by: { $0.id < $1.id }) {
            let objects = image.objects.filter { $0.label == label }
            let isIgnored = objects.map { $0.flags.contains(.crowd) || !range.contains($0.area) }
            wanted += isIgnored.filter { !$0 }.count
            var isTaken = [Bool](repeating: false, count: objects.count)
            let ranked = detections.enumerated().filter { $0.element.image == image.id && $0.element.label == label }
                .sorted { ($1.element.score, $0.offset) < ($0.element.score, $1.offset) }.map(\.element)
            for (rank, detection) in ranked.prefix(100).enumerated() {
                var best: (object: Int, overlap: Double)?
                // Objects that count come first; an ignored one is taken only where none of those will do.
                for pass in [false, true] where best == nil {
                    for (j, object) in objects.enumerated() where isIgnored[j] == pass {
                        if isTaken[j], !object.flags.contains(.crowd) { continue }
                        let value = Self.overlap(detection, object)
                        if value >= min(best?.overlap ?? overlap, 1 - 1e-10) { best = (j, value) }
                    }
                }
                let ignored: Bool
                if let best {
                    isTaken[best.object] = true
                    ignored = isIgnored[best.object]
                } else {
                    ignored = !range.contains(detection.width * detection.height)
                }
                if !ignored, rank < limit { outcomes.append((detection.score, best != nil)) }
            }
        }
        guard wanted > 0 else { return nil }
        let order = outcomes.enumerated().sorted {
            ($1.element.score, $0.offset) < ($0.element.score, $1.offset)
        }
        var right = 0.0
        var points: [(recall: Double, precision: Double)] = []
        for (rank, outcome) in order.enumerated() {
            if outcome.element.isRight { right += 1 }
            points.append((right / Double(wanted), right / (Double(rank + 1) + 2.220446049250313e-16)))
        }
        let precision = (0...100).map { step -> Double in
            points.filter { $0.recall >= (step == 100 ? 1 : Double(step) * 0.01) }.map(\.precision).max() ?? 0
        }
        return (precision, points.last?.recall ?? 0)
    }

    private static func overlap(_ detection: Detection, _ object: ObjectRecord) -> Double {
        let width = min(detection.x + detection.width, object.x + object.width) - max(detection.x, object.x)
        let height = min(detection.y + detection.height, object.y + object.height) - max(detection.y, object.y)
        guard width > 0, height > 0 else { return 0 }
        let shared = width * height
        let own = detection.width * detection.height
        return shared / (object.flags.contains(.crowd) ? own : own + object.width * object.height - shared)
    }

    func precision(threshold: Int? = nil, area: Int = 0) -> Double {
        let curves = classes.flatMap { label in
            (threshold.map { [$0] } ?? Array(0..<10)).compactMap {
                curve(label: label, area: area, limit: 100, threshold: $0)
            }
        }
        let values = curves.flatMap(\.precision)
        return values.isEmpty ? -1 : values.reduce(0, +) / Double(values.count)
    }

    func recall(limit: Int = 100, area: Int = 0) -> Double {
        let values = classes.flatMap { label in
            (0..<10).compactMap { curve(label: label, area: area, limit: limit, threshold: $0)?.recall }
        }
        return values.isEmpty ? -1 : values.reduce(0, +) / Double(values.count)
    }
}
