import Evaluation
import XCTest

final class ComparisonTableTests: XCTestCase {
    private func comparison() throws -> Comparison {
        func predictions(_ wrong: Int) -> ClassPredictions {
            ClassPredictions(
                classes: ["a|b", "c"],
                images: (0..<40).map {
                    .init(
                        name: "\($0)", label: $0 % 2, likeliest: [$0 < wrong ? 1 - $0 % 2 : $0 % 2], probability: 1,
                        loss: $0 < wrong ? 1 : 0)
                })
        }
        return try ClassificationComparison(
            [
                .init(name: "resnet", predictions: predictions(20)),
                .init(name: "iresnet", predictions: predictions(4)), .init(name: "same", predictions: predictions(20)),
            ], kind: .images, resamples: BootstrapResamples(count: 100)
        ).comparison
    }

    private var facts: [ComparisonTable.Facts] {
        var facts = ComparisonTable.Facts()
        facts.backbone = "resnet18"
        facts.parameters = 11_690_000
        facts.multiplyAdds = 1_810_000_000
        facts.input = [3, 224, 224]
        facts.epochs = 4
        facts.steps = 240
        return [facts, ComparisonTable.Facts(), facts]
    }

    func testTheTerminal() throws {
        let lines = try ComparisonTable(comparison(), facts: facts).text().split(separator: "\n").map(String.init)
        XCTAssertEqual(lines[0], "run      backbone  parameters  multiply-adds  at         epochs  steps")
        XCTAssertEqual(lines[1], "resnet   resnet18     11.69 M         1.81 G  3×224×224       4    240")
        XCTAssertEqual(lines[2], "iresnet  –                  –              –  –               –      –")
        XCTAssertEqual(lines[4], "images: 40     top-1   top-5      loss")
        XCTAssertEqual(lines[5], "resnet         50.0    50.0    0.5000")
        XCTAssertEqual(lines[6], "iresnet        90.0*   90.0*   0.1000*")
        XCTAssertEqual(lines[7], "  difference  +40.0   +40.0   −0.4000")
        XCTAssertEqual(lines[9], "  difference    0.0     0.0    0.0000")
        let text = lines.joined(separator: "\n")
        XCTAssertTrue(text.contains("+40.0*"), text)
        XCTAssertTrue(
            text.contains("iresnet is better than resnet beyond chance: top-1 50.0 → 90.0, +40.0 (95 % interval +"))
        XCTAssertTrue(
            text.contains(
                "16 images are right in iresnet alone, 0 in resnet alone; by McNemar's exact test the probability of so uneven a "
                    + "split is below 0.0001."), text)
        XCTAssertTrue(
            text.contains("same is as good as resnet here: top-1 50.0 → 50.0, 0.0 (95 % interval 0.0 to 0.0)."))
        XCTAssertTrue(
            text.contains("on 100 resamples of the 40 images, the same for all runs (paired bootstrap, seed 0)"))
        XCTAssertFalse(text.contains("So few images"))
    }

    func testMarkdown() throws {
        let text = try ComparisonTable(comparison()).markdown()
        XCTAssertTrue(
            text.hasPrefix(
                """
                | images: 40 | top-1 | top-5 | loss |
                | --- | ---: | ---: | ---: |
                | resnet | 50.0 | 50.0 | 0.5000 |
                | iresnet | **90.0** | **90.0** | **0.1000** |
                """), text)
        XCTAssertTrue(text.contains("| a\\|b | 20 | 50.0 | 90.0 | 50.0 | +40.0\\* |"), text)
        XCTAssertTrue(text.contains("\n- iresnet is better than resnet beyond chance"), text)
    }
}
