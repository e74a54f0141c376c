import Annotations
import Evaluation
import Support
import XCTest

final class DetectionComparisonTests: XCTestCase {
    /// Every interval is that of evaluations of annotations and results that were really written down for each resample.
    func testIntervalsAreThoseOfWrittenResamples() throws {
        let seed = try XCTUnwrap((1...50).first { RandomScenes(distinctlyScored: $0).images.count == 7 })
        let scenes = RandomScenes(distinctlyScored: seed), worse = scenes.spoiled
        let resamples = BootstrapResamples(count: 40, seed: 9)
        let compared = try DetectionComparison(
            [.init(name: "a", results: scenes.results), .init(name: "b", results: worse.results)],
            groundTruth: scenes.truth, resamples: resamples)
        let written = try (0..<resamples.count).map { number in
            let copies = resamples.copies(number, of: scenes.images.count)
            return try [scenes, worse].map { scenes in
                let (truth, results) = scenes.written(copies)
                return (
                    coco: try COCOEvaluation.evaluate(groundTruth: truth, results: results),
                    voc: try VOCEvaluation.evaluate(groundTruth: truth, results: results)
                )
            }
        }
        func expect(
            _ measure: Comparison.Measure, _ value: (COCOScores, VOCScores) -> Double, line: UInt = #line
        ) throws {
            // A resample without an object of the kind has −1, of both runs, and is left out.
            let samples = written.filter { value($0[0].coco, $0[0].voc) >= 0 }.map {
                value($0[1].coco, $0[1].voc) - value($0[0].coco, $0[0].voc)
            }
            let difference = try XCTUnwrap(measure.differences[1], line: line)
            let naive = MeasuredDifference(difference.value, samples: samples)
            XCTAssertEqual(difference, naive, measure.name, line: line)
            XCTAssertNil(measure.differences[0])
        }
        let byName = Dictionary(uniqueKeysWithValues: compared.comparison.measures.map { ($0.name, $0) })
        XCTAssertEqual(
            compared.comparison.measures.map(\.name),
            ["AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl", "VOC mAP"])
        try expect(XCTUnwrap(byName["AP"])) { coco, _ in coco.ap }
        try expect(XCTUnwrap(byName["AP75"])) { coco, _ in coco.ap75 }
        try expect(XCTUnwrap(byName["AR10"])) { coco, _ in coco.ar10 }
        try expect(XCTUnwrap(byName["VOC mAP"])) { $1.meanAP }
        try expect(compared.comparison.classes[0].measures[0]) { coco, _ in coco.classes[0].ap }
        try expect(compared.comparison.classes[0].measures[2]) { $1.classes[0].ap }
        XCTAssertNotEqual(byName["AP"]?.differences[1]?.value, 0)
    }

    /// The values are the evaluation's to the last bit, whatever the number of threads.
    func testValuesAreTheEvaluations() throws {
        let scenes = RandomScenes(seed: 5, flags: [.crowd]), worse = scenes.spoiled
        func compare(threads: Int) throws -> DetectionComparison {
            try DetectionComparison(
                [scenes, worse, scenes].map { .init(name: "run", results: $0.results) }, groundTruth: scenes.truth,
                resamples: BootstrapResamples(count: 20), threads: threads)
        }
        let compared = try compare(threads: 1)
        let coco = try [scenes, worse].map {
            try COCOEvaluation.evaluate(groundTruth: scenes.truth, results: $0.results)
        }
        XCTAssertEqual(compared.scores, coco + [coco[0]])
        XCTAssertEqual(compared.comparison.measures[0].values, [coco[0].ap, coco[1].ap, coco[0].ap])
        XCTAssertEqual(compared.comparison.measures[8].values[1], coco[1].ar100)
        XCTAssertEqual(
            compared.comparison.measures[12].values[1],
            try VOCEvaluation.evaluate(groundTruth: scenes.truth, results: worse.results).meanAP)
        let same = try XCTUnwrap(compared.comparison.mainMeasure.differences[2])
        XCTAssertEqual([same.value, same.low, same.high], [0, 0, 0], "the same resamples for all runs")
        XCTAssertFalse(same.isBeyondChance)
        XCTAssertEqual(try compare(threads: 3).comparison, compared.comparison)
        XCTAssertEqual(compared.comparison.classes.map(\.name), scenes.classNames)
        XCTAssertEqual(
            compared.comparison.classes[3].measures.map(\.values), Array(repeating: [nil, nil, nil], count: 3))
    }

    private func object(_ id: Int, x: Double) -> ObjectRecord {
        ObjectRecord(id: id, label: 1, x: x, y: 0, width: 40, height: 40)
    }

    /// Image 1: the first run finds one of two objects, the second both; image 2: the second imagines one of score 0.9; image 3 is
    /// alike; image 4 differs below the score that counts.
    func testTheImagesThatChanged() throws {
        let truth = DetectionAnnotations(
            source: "truth", classNames: ["a"],
            images: (1...4).map {
                ImageRecord(
                    id: $0, fileName: "\($0).jpg", width: 200, height: 50,
                    objects: [object(2 * $0, x: 0)] + ($0 == 1 ? [object(1, x: 100)] : []))
            })
        func results(_ rows: [(image: Int, x: Double, score: Double)]) -> DetectionResults {
            var results = DetectionResults()
            for row in rows {
                results.append(
                    imageID: row.image, categoryID: 1, x: row.x, y: 0, width: 40, height: 40, score: row.score)
            }
            return results
        }
        let found = (1...4).map { (image: $0, x: 0.0, score: 0.8) }
        let compared = try DetectionComparison(
            [
                .init(name: "first", results: results(found)),
                .init(name: "second", results: results(found + [(1, 100, 0.7), (2, 150, 0.9), (4, 150, 0.4)])),
            ], groundTruth: truth, resamples: BootstrapResamples(count: 10))
        let changed = compared.comparison.changedImages
        XCTAssertEqual(changed.map(\.name), ["1.jpg", "2.jpg"])
        XCTAssertEqual(changed.map(\.errors), [[1, 0], [0, 0.9]])
        XCTAssertEqual(changed[0].outcomes, ["1 found, 1 missed", "2 found"])
        XCTAssertEqual(changed[1].outcomes, ["1 found", "1 found, 1 wrong"])
        XCTAssertEqual(compared.comparison.objects, 5)
    }

    func testVOCsMeasureComesFirstForVOCsData() throws {
        let scenes = RandomScenes(seed: 2, flags: [.difficult])
        let compared = try DetectionComparison(
            [scenes, scenes.spoiled].map { .init(name: "run", results: $0.results) }, groundTruth: scenes.truth,
            resamples: BootstrapResamples(count: 5), judgedByVOC: true
        ).comparison
        XCTAssertEqual(compared.mainMeasure.name, "VOC mAP")
        XCTAssertEqual(compared.classes[0].measures.map(\.name), ["VOC AP", "AP", "AP50"])
    }

    func testAStopEndsTheResampling() throws {
        let scenes = RandomScenes(seed: 2, flags: [.crowd])
        try StopSignal.watching(saving: false, speaking: false) {
            XCTAssertThrowsError(
                try DetectionComparison(
                    [scenes, scenes].map { .init(name: "run", results: $0.results) }, groundTruth: scenes.truth,
                    resamples: BootstrapResamples(count: 100_000)
                ) { _, _ in StopSignal.request() }
            ) { XCTAssertTrue($0 is Stopped, "\($0)") }
        }
        StopSignal.watching(saving: false, speaking: false) {}
    }
}
