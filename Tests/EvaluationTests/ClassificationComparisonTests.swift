import Evaluation
import Support
import XCTest

final class ClassificationComparisonTests: XCTestCase {
    /// Resampling ends when a stop is asked for, as tests before may have left it.
    override func setUp() { StopSignal.watching(saving: false, speaking: false) {} }

    /// Predictions of classes by their names; a class is called by one letter. The loss is 0.1 where right, 2 where wrong.
    private func predictions(
        _ rows: [(name: String, label: Character, guess: Character)], classes: String = "abc"
    ) -> ClassPredictions {
        let names = classes.map(String.init)
        func index(_ letter: Character) -> Int { names.firstIndex(of: String(letter)) ?? -1 }
        return ClassPredictions(
            classes: names,
            images: rows.map { row in
                let guess = index(row.guess)
                return .init(
                    name: row.name, label: index(row.label), likeliest: [guess, (guess + 1) % 3], probability: 0.9,
                    loss: row.label == row.guess ? 0.1 : 2)
            })
    }

    private let labels: [Character] = ["a", "a", "b", "b", "c", "c", "c", "c"]

    private func rows(_ guesses: String, order: [Int]? = nil) -> [(name: String, label: Character, guess: Character)] {
        let all = zip(labels, guesses).enumerated().map { ("\($0).jpg", $1.0, $1.1) }
        return (order ?? Array(all.indices)).map { all[$0] }
    }

    private func compare(_ first: ClassPredictions, _ second: ClassPredictions) throws -> Comparison {
        try ClassificationComparison(
            [.init(name: "first", predictions: first), .init(name: "second", predictions: second)], kind: .images,
            resamples: BootstrapResamples(count: 200, seed: 1)
        ).comparison
    }

    func testByHand() throws {
        // Right: images 0, 2, 4, 5 and 0, 1, 2, 3, 4, 5, 7.
        let compared = try compare(predictions(rows("acbaccaa")), predictions(rows("aabbccac")))
        XCTAssertEqual(compared.measures.map(\.name), ["top-1", "top-5", "loss"])
        XCTAssertEqual(compared.measures[0].values, [0.5, 0.875])
        // The second guess is the next class: it is right for images 1 and 3, and wrong for 6 and 7.
        XCTAssertEqual(compared.measures[1].values[0], 6.0 / 8)
        XCTAssertEqual(try XCTUnwrap(compared.measures[2].values[0]), (4 * 0.1 + 4 * 2) / 8, accuracy: 1e-12)
        XCTAssertEqual(compared.classes.map(\.count), [2, 2, 4])
        XCTAssertEqual(compared.classes.map { $0.measures[0].values }, [[0.5, 1], [0.5, 1], [0.5, 0.75]])
        XCTAssertEqual(compared.mcNemar, [McNemarTest(firstOnly: 0, secondOnly: 3)])
        XCTAssertEqual(compared.changedImages.map(\.name), ["1.jpg", "3.jpg", "7.jpg"])
        XCTAssertEqual(compared.changedImages[0].outcomes, ["c 90 %", "a 90 %"])
        XCTAssertEqual(compared.measures[2].best, [1], "of a loss, less is better")

        // The difference of a resample is the number of copies of images 1, 3 and 7 among eight.
        let difference = try XCTUnwrap(compared.measures[0].differences[1])
        let samples = (0..<200).map { number -> Double in
            let copies = compared.resamples.copies(number, of: 8)
            return Double(copies[1] + copies[3] + copies[7]) / 8
        }
        let expected = MeasuredDifference(0.375, samples: samples)
        XCTAssertEqual(difference.low, expected.low, accuracy: 1e-12)
        XCTAssertEqual(difference.high, expected.high, accuracy: 1e-12)
    }

    /// Images are matched by name and classes by name, in whatever order each run has them.
    func testOrderAndNumbersDoNotMatter() throws {
        let first = predictions(rows("acbaccaa"))
        let second = predictions(rows("aabbccac"))
        let other = predictions(rows("aabbccac", order: [7, 3, 0, 1, 6, 5, 4, 2]), classes: "cab")
        let (expected, compared) = try (compare(first, second), compare(first, other))
        XCTAssertEqual(compared.measures[0], expected.measures[0])
        XCTAssertEqual(compared.mcNemar, expected.mcNemar)
        XCTAssertEqual(compared.classes.map { $0.measures[0].values }, expected.classes.map { $0.measures[0].values })
    }

    func testOtherDataAreRefusedWithNames() throws {
        let first = predictions(rows("acbaccaa"))
        func message(_ other: ClassPredictions) -> String {
            do {
                _ = try compare(first, other)
                return "no error"
            } catch {
                return "\(error)"
            }
        }
        XCTAssertEqual(
            message(predictions(rows("acbaccaa", order: [0, 1, 2, 3, 4, 5, 6]))),
            "second and first: they were measured on different images: only first has the image 7.jpg. Measure both on the "
                + "same data: vertebra evaluate RUN --data ROOT.")
        var more = first
        more.classes[2] = "d"
        XCTAssertTrue(
            message(more).contains("their classes differ: only second has the class d; only first has the class c"),
            message(more))
        var relabelled = first
        relabelled.images[4].label = 0
        XCTAssertTrue(
            message(relabelled).contains("the class of 1 image differs, such as that of 4.jpg"),
            message(relabelled))
    }
}
