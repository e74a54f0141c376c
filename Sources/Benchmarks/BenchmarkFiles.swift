import Annotations
import Evaluation
import Foundation
import Media
import Support
import Tensors

extension Benchmark {
    /// Measures reading and scoring of files; `load_s`, `evaluate_s` and `total_s` are those of the last run.
    func runCOCO(_ inputs: Inputs) throws {
        guard let annotations = inputs.annotations, let results = inputs.results else {
            throw MissingInput(
                description: "the suite coco scores files: name them with --annotations and --results")
        }
        var load = 0.0
        var total = 0.0
        var ap = 0.0
        func details() -> [String: Double] {
            ["load_s": load, "evaluate_s": total - load, "total_s": total, "AP": ap]
        }
        try measure(
            "vertebra", warmUp: 0, runs: 1, threads: ProcessInfo.processInfo.activeProcessorCount, details: details
        ) {
            let began = ContinuousClock.now
            let (truth, detections) = try COCO.readToScore(annotations: annotations) { try COCO.readResults(results) }
            load = (ContinuousClock.now - began) / .seconds(1)
            ap = try COCOEvaluation.evaluate(groundTruth: truth, results: detections).ap
            total = (ContinuousClock.now - began) / .seconds(1)
        }
    }

    /// Measures decoding of files in memory, in milliseconds for each, on one thread.
    func runJPEG(_ inputs: Inputs) throws {
        guard let folder = inputs.images else {
            throw MissingInput(description: "the suite jpeg decodes files: name their folder with --images")
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".jpg") }
        let files = try names.sorted().prefix(200).map { name in
            [UInt8](try Data(contentsOf: URL(fileURLWithPath: folder + "/" + name)))
        }
        guard !files.isEmpty else { throw MissingInput(description: "\(folder) holds no .jpg files") }
        var to300 = DecodeOptions()
        to300.targetSize = ImageSize(width: 300, height: 300)
        var to300Reduced = to300
        to300Reduced.minimumSize = to300.targetSize
        func measureFiles(_ name: String, _ body: ([UInt8]) throws -> Void) rethrows {
            try measure(name, batch: files.count, warmUp: 1, runs: 5, perRun: files.count, threads: 1) {
                for file in files { try body(file) }
            }
        }
        try measureFiles("jpeg decode, vertebra") { _ = try ImageFile.decode($0, name: "jpeg") }
        try measureFiles("jpeg decode + resize 300x300 antialiased, vertebra") {
            _ = try ImageFile.decode($0, name: "jpeg", options: to300)
        }
        try measureFiles("jpeg decode + resize 300x300 antialiased, vertebra, reduced DCT scale") {
            _ = try ImageFile.decode($0, name: "jpeg", options: to300Reduced)
        }
        try measureFiles("jpeg decode + resize 300x300 bilinear, vertebra") {
            _ = try ImageFile.decode($0, name: "jpeg").resized(width: 300, height: 300, filter: .bilinear)
        }
    }
}
