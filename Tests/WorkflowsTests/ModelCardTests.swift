import Foundation
import TestSupport
import Training
import Workflows
import XCTest

final class ModelCardTests: XCTestCase {
    private struct Head: Decodable {
        struct Result: Decodable {
            struct Task: Decodable { let type: String }
            struct Data: Decodable { let name, type: String }
            struct Metric: Decodable {
                let type, name: String
                let value: Double
            }
            let task: Task
            let dataset: Data
            let metrics: [Metric]
        }
        struct Index: Decodable {
            let name: String
            let results: [Result]
        }
        let license, library, pipeline: String?
        let tags, datasets, metrics: [String]?
        let index: [Index]?

        enum CodingKeys: String, CodingKey {
            case license, tags, datasets, metrics
            case library = "library_name"
            case pipeline = "pipeline_tag"
            case index = "model-index"
        }
    }

    private func card(_ path: String, name: String = "cells: \"a\"") throws -> (head: Head, text: String) {
        let text = ModelCard(try WeightsDescription(path), name: name, weights: "model.safetensors").text
        let parts = text.components(separatedBy: "---\n")
        XCTAssertEqual(parts.first, "")
        return (try RecipeFile(text: parts[1], path: "card").decode(Head.self), text)
    }

    func testTheHead() throws {
        let path = try untrainedDetector(metrics: ["AP": 0.25, "AR100": 1], in: temporaryDirectory())
        let (head, _) = try card(path)
        XCTAssertEqual(head.license, "cc-by-4.0")
        XCTAssertEqual(head.library, "vertebra")
        XCTAssertEqual(head.pipeline, "object-detection")
        XCTAssertEqual(head.tags, ["vertebra", "safetensors", "ssd", "resnet18"])
        XCTAssertEqual(head.datasets, ["cells"])
        XCTAssertEqual(head.metrics, ["mean_average_precision", "recall"])
        let index = try XCTUnwrap(head.index?.first)
        XCTAssertEqual(index.name, "cells: \"a\"")
        XCTAssertEqual(index.results[0].task.type, "object-detection")
        XCTAssertEqual(index.results[0].dataset.name, "cells")
        XCTAssertEqual(index.results[0].metrics.map(\.name), ["AP", "AR100"])
        XCTAssertEqual(index.results[0].metrics.map(\.value), [0.25, 1])
    }

    func testTheBody() throws {
        let path = try untrainedDetector(metrics: ["AP": 0.25], in: temporaryDirectory())
        let (_, text) = try card(path, name: "cells")
        for words in [
            "\n# cells\n", "Licence: CC-BY-4.0.", "## Intended use", "## Training data",
            "| train | 7 | 9 | `0000000a` |",
            "- a.json, CRC-32 `00000001`", "12 steps, 3 whole epochs, SGD at a learning rate of 0.01, seed 5",
            "detector: ssd300", "| AP | 0.25 |", "## Limits", "cat, a\\|b",
            "vertebra detect picture.jpg --checkpoint model.safetensors", "@inproceedings{he2016,",
            "Deep Residual Learning",
        ] { XCTAssertTrue(text.contains(words), "\(words) in \(text)") }
    }

    /// Names are text, never Markdown, HTML or YAML.
    func testNamesThatMeanSomethingElsewhere() throws {
        let evil = "<script>`x` | y"
        let path = try untrainedDetector(classes: [evil, "b"], metrics: ["AP": 0.25], in: temporaryDirectory())
        let (_, text) = try card(path, name: "---\nlicense: mit\n---")
        XCTAssertFalse(text.contains("<script>"), text)
        XCTAssertTrue(text.contains("&lt;script&gt;\\`x\\` \\| y"), text)
        XCTAssertFalse(text.contains("\nlicense: mit"), text)
    }

    func testALicenceOfOnesOwnAndNone() throws {
        let folder = try temporaryDirectory()
        let path = try untrainedDetector(metrics: [:], in: folder)
        var checkpoint = try Checkpoint.read(path)
        let texts = checkpoint.texts
        checkpoint.texts = texts.mapValues { $0.replacingOccurrences(of: "CC-BY-4.0", with: "LicenseRef-ours") }
        try checkpoint.write(to: path)
        let own = try card(path)
        XCTAssertEqual(own.head.license, "other")
        XCTAssertTrue(own.text.contains("license_name: \"LicenseRef-ours\""), own.text)
        XCTAssertNil(own.head.index, "there are no figures")
        XCTAssertTrue(own.text.contains("None were measured."), own.text)
        checkpoint.texts = texts.mapValues { $0.replacingOccurrences(of: "\"license\":\"CC-BY-4.0\",", with: "") }
        try checkpoint.write(to: path)
        let none = try card(path)
        XCTAssertNil(none.head.license)
        XCTAssertTrue(none.text.contains("No licence is stated."), none.text)
    }
}
