import Evaluation
import Foundation
import TestSupport
import Training
import Workflows
import XCTest

final class RunComparisonTests: XCTestCase {
    /// Two detectors of other seeds after one epoch each, which nobody has measured.
    private func detectors(epochs: Int = 1) throws -> (samples: String, runs: [String]) {
        let samples = try fewShapes(train: 4, validation: 3), folder = try temporaryDirectory()
        let runs = try (0..<2).map { seed in
            let file = try recipe(
                training: "{backbone: '\(narrowResNet18)', faster_rcnn: {pyramid_channels: 8, box_head_features: 8, "
                    + "rpn_post_nms_top_n_train: 20, rpn_post_nms_top_n_test: 20, box_score_thresh: 0}}", on: samples,
                """
                input: {shorter_side: 64, longer_side: 96}
                training: {epochs: \(epochs), batch: 2, schedule: constant, learning_rate: 0.01, seed: \(seed)}
                logging: {tensorboard: false}
                """)
            _ = try VisionTask.open(file, output: "\(folder)/run\(seed)").train(
                resume: false, seconds: nil, resumeCommand: nil, showsProgress: false)
            return "\(folder)/run\(seed)"
        }
        return (samples, runs)
    }

    private func compare(_ runs: [String], settings: [String] = []) throws -> (
        comparison: RunComparison, said: [String]
    ) {
        var options = RunComparison.Options()
        options.resamples = BootstrapResamples(count: 20)
        options.settings = settings
        options.pictures = 1
        options.threshold = 0
        var said: [String] = []
        let comparison = try RunComparison(
            runs: runs, options: options, progress: .init(note: { said.append($0) }))
        return (comparison, said)
    }

    private func message(_ runs: [String], settings: [String] = []) -> String {
        do {
            _ = try compare(runs, settings: settings)
            return "no error"
        } catch {
            return "\(error)"
        }
    }

    private func decoded<Scores: Decodable>(_ type: Scores.Type, _ run: String) throws -> Scores {
        try JSONDecoder().decode(type, from: Data(contentsOf: URL(fileURLWithPath: run + "/metrics.json")))
    }

    private func edit(_ path: String, _ change: (inout [String: Any]) -> Void) throws {
        var values = try XCTUnwrap(loadJSON(path) as? [String: Any])
        change(&values)
        try JSONSerialization.data(withJSONObject: values).write(to: URL(fileURLWithPath: path))
    }

    func testDetectorsAreMeasuredWhereThatIsNeeded() throws {
        let (samples, runs) = try detectors(epochs: 1)
        let (first, said) = try compare(runs)
        XCTAssertEqual(
            said, runs.map { "\($0): it was not measured yet, so it is measured now (best.safetensors)" })
        XCTAssertEqual(first.comparison.runs, ["run0", "run1"])
        XCTAssertEqual(first.comparison.images, 3)
        for (i, run) in runs.enumerated() {
            let kept = try decoded(DetectionScores.self, run)
            XCTAssertEqual(first.comparison.measures[0].values[i], kept.coco.ap)
            XCTAssertEqual(first.comparison.measures[8].values[i], kept.coco.ar100)
            XCTAssertEqual(first.comparison.measures[12].values[i], kept.voc.meanAP)
        }
        XCTAssertEqual(first.facts.map(\.steps), [2, 2])
        XCTAssertEqual(first.facts.map(\.backbone), [narrowResNet18, narrowResNet18])
        XCTAssertEqual(first.facts[0].input, [3, 224, 224])
        XCTAssertGreaterThan(first.facts[0].multiplyAdds ?? 0, 0)
        XCTAssertEqual(first.notes, [])
        XCTAssertEqual(first.report.settings.map(\.key), ["training.seed"])
        XCTAssertEqual(first.report.settings.first?.values, ["0", "1"])
        XCTAssertEqual(
            first.report.charts.map(\.title), ["Loss of training", "AP, percent", "AP50, percent", "Learning rate"])
        XCTAssertEqual(first.report.charts[0].lines.map(\.points.count), [2, 2])
        XCTAssertTrue(first.report.html().contains("data:image/jpeg;base64,"))

        let (second, silent) = try compare(runs)
        XCTAssertEqual(silent, [], "what was measured stays")
        XCTAssertEqual(second.comparison, first.comparison)
        // In JSON, all of it is there.
        let document = try XCTUnwrap(
            JSONSerialization.jsonObject(with: Data(second.json().utf8)) as? [String: Any])
        XCTAssertEqual((document["runs"] as? [Any])?.count, 2)
        XCTAssertEqual((document["statements"] as? [Any])?.count, 2)

        func reason(_ change: () throws -> Void) throws -> [String] {
            try change()
            return try compare(runs).said.map { String($0.dropFirst(runs[1].count + 2)) }
        }
        XCTAssertEqual(
            try reason { try FileManager.default.removeItem(atPath: runs[1] + "/detections.json") },
            ["its folder keeps no detections.json, so it is measured now (best.safetensors)"])
        XCTAssertEqual(
            try reason { try edit(runs[1] + "/metrics.json") { $0["measured"] = nil } },
            [
                "its metrics.json does not say what was measured, as those of earlier versions, so it is measured now "
                    + "(best.safetensors)"
            ])
        XCTAssertEqual(
            try reason {
                try edit(runs[1] + "/metrics.json") {
                    var measured = $0["measured"] as? [String: Any] ?? [:]
                    measured["step"] = 1
                    $0["measured"] = measured
                }
            },
            [
                "it was trained on since it was measured, from step 1 to step 2, so it is measured now (best.safetensors)"
            ])
        let annotations = samples + "/coco/annotations/instances_val.json"
        try edit(annotations) { file in
            var objects = file["annotations"] as? [[String: Any]] ?? []
            objects[0]["bbox"] = [1, 2, 30, 40]
            file["annotations"] = objects
        }
        let changed = try compare(runs).said
        XCTAssertEqual(changed.count, 2)
        XCTAssertTrue(changed[0].contains("\(annotations) has other images or objects than when it was measured"))

        // Where the data have moved, and a folder of evaluate --output alone.
        let moved = try temporaryDirectory() + "/moved"
        try FileManager.default.moveItem(atPath: samples, toPath: moved)
        XCTAssertTrue(message(runs).contains(annotations), message(runs))
        let elsewhere = try temporaryDirectory()
        for file in ["metrics.json", "detections.json"] {
            try FileManager.default.copyItem(atPath: "\(runs[1])/\(file)", toPath: "\(elsewhere)/\(file)")
        }
        let last = try compare([runs[0], elsewhere], settings: ["data.root=\(moved)"])
        XCTAssertEqual(last.said, [])
        XCTAssertEqual(
            last.comparison.notes, ["\(elsewhere): holds no metrics.jsonl, so its learning curves are missing."])
    }

    func testOtherDataAndOtherKindsAreRefused() throws {
        let (samples, runs) = try detectors()
        let saved = try SavedModel(
            runs[1], settings: ["data.val.annotations=coco/annotations/instances_train.json"])
        _ = try DetectionEvaluation(saved).run(into: RunFolder(runs[1]))
        let error = message(runs)
        XCTAssertTrue(
            error.hasPrefix(
                "\(runs[1]): can't be compared with \(runs[0]): they were measured on different images: only run1 has 4 images, "
                    + "such as "), error)
        XCTAssertTrue(error.hasSuffix("Measure both on the same data: vertebra evaluate \(runs[1]) --data ROOT"), error)

        let classifier = try classifiers(on: classFolders(), seeds: 1)[0]
        XCTAssertEqual(
            message([runs[0], classifier]),
            "\(classifier): is a classifier of images, and \(runs[0]) is a detector: they have no measure in common")
        XCTAssertEqual(
            message([runs[0], runs[0] + "/"]),
            "\(runs[0])/: is given twice; a run compared with itself shows nothing")
        XCTAssertEqual(message([runs[0], samples + "/none"]), "\(samples)/none: there is no such run")
        XCTAssertTrue(
            message([runs[0], samples]).contains("this folder holds no run: no recipe.yaml, no metrics.json"))
        XCTAssertTrue(message([runs[0], runs[1] + "/metrics.json"]).contains("this is a file; name the run's folder"))
        let empty = try temporaryDirectory()
        try FileManager.default.copyItem(atPath: runs[0] + "/recipe.yaml", toPath: empty + "/recipe.yaml")
        XCTAssertEqual(
            message([runs[0], empty]),
            "\(empty): it was not measured yet, and it holds no checkpoint (best.safetensors, last.safetensors). Train it first, "
                + "or leave it out")
        let broken = try temporaryDirectory()
        try Data("{".utf8).write(to: URL(fileURLWithPath: broken + "/metrics.json"))
        XCTAssertTrue(
            message([runs[0], broken]).contains("holds neither a recipe nor a metrics.json that can be read"),
            message([runs[0], broken]))
    }

    func testAnUnfinishedRunWithADamagedLogIsComparedWithNotes() throws {
        let (_, runs) = try detectors(epochs: 2)
        _ = try compare(runs)
        // As if the recipe wanted more.
        let recipe = runs[1] + "/recipe.yaml"
        let text = try String(contentsOfFile: recipe, encoding: .utf8)
        let longer = text.replacingOccurrences(of: "epochs: 2", with: "epochs: 7")
        XCTAssertNotEqual(longer, text)
        try longer.write(toFile: recipe, atomically: true, encoding: .utf8)
        let log = try String(contentsOfFile: runs[1] + "/metrics.jsonl", encoding: .utf8)
        let lines = log.split(separator: "\n").count
        try (log + "{\"kind\": \"st\n\u{0}\u{0}\n").write(
            toFile: runs[1] + "/metrics.jsonl", atomically: true, encoding: .utf8)
        try Data([0xFF, 0xFE]).write(to: URL(fileURLWithPath: runs[0] + "/metrics.jsonl"))
        XCTAssertEqual(
            try compare(runs).comparison.notes,
            [
                "\(runs[0])/metrics.jsonl: of 1 lines, 1 is damaged and left out.",
                "\(runs[1]): its training is not finished: epoch 2 of 7, step 4.",
                "\(runs[1])/metrics.jsonl: of \(lines + 2) lines, 2 are damaged and left out.",
                "The recipes train for different numbers of epochs.",
            ])
    }

    /// On VOC's data, VOC's measure comes first.
    func testVOCsData() throws {
        let samples = try fewShapes(train: 2, validation: 2), folder = try temporaryDirectory()
        let runs = try (0..<2).map { seed in
            let file = try RecipeFile(
                text: """
                    task: detection
                    model: {backbone: '\(narrowResNet18)', faster_rcnn: {pyramid_channels: 8, box_head_features: 8}}
                    data:
                      root: \(samples)/voc
                      format: voc
                      train: {split: train}
                      val: {split: val}
                      classes: [disc, ring, square, triangle, star, cross]
                    input: {shorter_side: 64, longer_side: 96}
                    training: {steps: 1, batch: 2, schedule: constant, learning_rate: 0.01, seed: \(seed)}
                    """, path: "test.yaml")
            _ = try VisionTask.open(file, output: "\(folder)/run\(seed)").train(
                resume: false, seconds: nil, resumeCommand: nil, showsProgress: false)
            return "\(folder)/run\(seed)"
        }
        let compared = try compare(runs).comparison.comparison
        XCTAssertEqual(compared.mainMeasure.name, "VOC mAP")
        XCTAssertEqual(compared.classes[0].measures[0].name, "VOC AP")
        XCTAssertEqual(compared.mainMeasure.values[1], try decoded(DetectionScores.self, runs[1]).voc.meanAP)
    }

    private func classifiers(on root: String, seeds: Int = 2) throws -> [String] {
        let folder = try temporaryDirectory()
        return try (0..<seeds).map { seed in
            let file = try recipe(
                classifier: "backbone: cifar_resnet26_0.25", on: root,
                training: "batch: 3, epochs: 1, learning_rate: 0.1, seed: \(seed)")
            _ = try VisionTask.open(file, output: "\(folder)/run\(seed)").train(
                resume: false, seconds: nil, resumeCommand: nil, showsProgress: false)
            return "\(folder)/run\(seed)"
        }
    }

    func testClassifiersOfImages() throws {
        let root = try classFolders()
        let runs = try classifiers(on: root)
        let (first, said) = try compare(runs)
        XCTAssertEqual(said.count, 2)
        XCTAssertEqual(first.comparison.kind, .images)
        XCTAssertEqual(first.comparison.images, 6)
        XCTAssertEqual(first.comparison.mcNemar.count, 1)
        for (i, run) in runs.enumerated() {
            let kept = try decoded(ClassificationScores.self, run)
            XCTAssertEqual(first.comparison.measures[0].values[i], kept.top1)
            XCTAssertEqual(first.comparison.measures[1].values[i], kept.top5)
            XCTAssertEqual(
                try XCTUnwrap(first.comparison.measures[2].values[i]), kept.loss, accuracy: 1e-6 * max(1, kept.loss))
            XCTAssertNil(kept.predictions, "they have a file of their own")
            let predictions = try ClassPredictions(path: run + "/predictions.json")
            XCTAssertEqual(predictions.images[0].name, "cat/0.png")
        }
        XCTAssertEqual(first.facts[0].input, [3, 32, 32])
        XCTAssertTrue(first.report.html().contains("data:image/jpeg;base64,"))
        try FileManager.default.removeItem(atPath: runs[0] + "/predictions.json")
        XCTAssertEqual(
            try compare(runs).said,
            ["\(runs[0]): its folder keeps no predictions.json, so it is measured now (best.safetensors)"])
        // Pictures that are gone leave the numbers.
        try FileManager.default.removeItem(atPath: root + "/val")
        XCTAssertFalse(try compare(runs).comparison.report.html().contains("data:image/jpeg;base64,"))
        // The file that can't be read is named.
        try Data("{}".utf8).write(to: URL(fileURLWithPath: runs[1] + "/predictions.json"))
        XCTAssertTrue(message(runs).hasPrefix("\(runs[1])/predictions.json: it can't be read as predictions"))
    }

    /// CIFAR's files have the same names everywhere, so their checksums tell them apart.
    func testCIFARsFilesAreToldApartByTheirBytes() throws {
        func data(_ pixel: UInt8) throws -> String {
            let folder = try temporaryDirectory()
            let record = { (label: UInt8) in [label] + [UInt8](repeating: pixel, count: 3072) }
            for name in (1...5).map({ "data_batch_\($0).bin" }) + ["test_batch.bin"] {
                try Data((0..<10).flatMap(record)).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
            }
            try (0..<10).map { "class \($0)\n" }.joined().write(
                toFile: folder + "/batches.meta.txt", atomically: true, encoding: .utf8)
            return folder
        }
        let folder = try temporaryDirectory(), places = try [data(10), data(200)]
        let runs = try places.enumerated().map { number, place in
            let file = try RecipeFile(
                text: """
                    task: classification
                    model: {backbone: cifar_resnet26_0.25}
                    data: {root: \(place), format: cifar10}
                    training: {schedule: constant, batch: 5, steps: 1, learning_rate: 0.01}
                    """, path: "test.yaml")
            _ = try VisionTask.open(file, output: "\(folder)/run\(number)").train(
                resume: false, seconds: nil, resumeCommand: nil, showsProgress: false)
            return "\(folder)/run\(number)"
        }
        XCTAssertTrue(
            message(runs).hasPrefix(
                "\(runs[1]): can't be compared with \(runs[0]): test_batch.bin holds other images in the one than in the other"
            ),
            message(runs))
    }
}
