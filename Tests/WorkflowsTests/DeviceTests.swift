import Foundation
import Media
import SampleSets
import SimulatedDevice
import Support
import Tensors
import TestSupport
import Training
import Workflows
import XCTest

/// Training, going on, measuring, detecting, recognising and explaining on a device: the files and the numbers of the CPU's
/// composed operations, to the last bit.
final class DeviceTests: XCTestCase {
    /// Checkpoints hold the date of their training, so it is held while their bytes are compared.
    override func setUp() { setenv("SOURCE_DATE_EPOCH", "1700000000", 1) }
    override func tearDown() { unsetenv("SOURCE_DATE_EPOCH") }

    private func bytes(_ path: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path)) }

    /// Trains a recipe whole, and by two halves.
    private func train(_ file: RecipeFile, on device: Device) throws -> (whole: Data, resumed: Data, run: String) {
        let folder = try temporaryDirectory()
        let run = folder + "/run"
        let outcome = try VisionTask.open(file, output: run, device: device).train(
            resume: false, seconds: nil, resumeCommand: nil, showsProgress: false)
        let halves = folder + "/halves"
        var first = file
        try first.apply("training.steps=2")
        _ = try VisionTask.open(first, output: halves, device: device).train(
            resume: false, seconds: nil, resumeCommand: nil, showsProgress: false)
        let second = try VisionTask.open(file, output: halves, device: device, resuming: true).train(
            resume: true, from: nil, acceptingChanges: true, seconds: nil, resumeCommand: nil, showsProgress: false)
        XCTAssertEqual(second.step, outcome.step)
        return (try bytes(outcome.lastCheckpoint), try bytes(second.lastCheckpoint), run)
    }

    private func expectTheSame(_ file: RecipeFile) throws -> String {
        let there = try SimulatedDevice.use { try train(file, on: $0) }
        let here = try SimulatedDevice.composed { try train(file, on: $0) }
        XCTAssertTrue(there.whole == here.whole, "training differs")
        XCTAssertTrue(there.resumed == here.resumed, "going on differs")
        return there.run
    }

    func testDetectorsTrainAreMeasuredAndDetect() throws {
        let root = try fewShapes()
        for model in [
            "{backbone: '\(narrowResNet18)', faster_rcnn: {pyramid_channels: 8, box_head_features: 8}}",
            "{detector: ssd300, backbone: '\(narrowResNet18)'}",
        ] {
            let file = try recipe(
                training: model, on: root,
                """
                \(model.contains("ssd") ? "" : "input: {shorter_side: 64, longer_side: 96}")
                training: {epochs: 2, batch: 2, schedule: constant, learning_rate: 0.005, clip_norm: 5}
                evaluation: {every: 1}
                """)
            let run = try expectTheSame(file)
            let saved = try SavedModel(run + "/last.safetensors")
            func measured(_ device: Device) throws -> [Double] {
                let (scores, results) = try DetectionEvaluation(saved, device: device).run(
                    into: RunFolder(try temporaryDirectory()))
                XCTAssertEqual(scores.images, 2)
                return [scores.coco.ap, scores.coco.ap50, Double(results.count)]
            }
            XCTAssertEqual(try SimulatedDevice.use(measured), try SimulatedDevice.composed(measured))
            let picture = try XCTUnwrap(
                FileManager.default.contentsOfDirectory(atPath: root + "/coco/images").sorted().first)
            func found(_ device: Device) throws -> [Float] {
                let objects = try ImageDetection(saved, device: device).detect(
                    root + "/coco/images/" + picture, threshold: 0.01
                ).detections
                XCTAssertFalse(objects.isEmpty)
                return objects.flatMap { $0.box + [$0.score] }
            }
            XCTAssertEqual(try SimulatedDevice.use(found), try SimulatedDevice.composed(found))
        }
    }

    func testAClassifierTrainsIsMeasuredAndExplained() throws {
        let root = try classFolders()
        let file = try recipe(
            classifier: "backbone: cifar_res_rgsnet26_0.25, dropout: 0.2", on: root,
            training: "epochs: 2, batch: 2, learning_rate: 0.01")
        let run = try expectTheSame(file)
        func measured(_ device: Device) throws -> [Double] {
            let scores = try ClassificationMeasurement(
                model: ClassifierModel(SavedModel(run + "/last.safetensors"), device: device)
            ).scores()
            XCTAssertEqual(scores.images, 6)
            return [scores.loss, scores.top1]
        }
        XCTAssertEqual(try SimulatedDevice.use(measured), try SimulatedDevice.composed(measured))
        func explained(_ device: Device) throws -> [Float] {
            let explanation = try ImageExplanation(checkpoints: [run], device: device)
            let found = try explanation.explain(root + "/val/cat/0.png").models[0]
            return [found.score, found.probability]
                + [found.maximum?.x, found.maximum?.y].compactMap { $0.map(Float.init) }
        }
        XCTAssertEqual(try SimulatedDevice.use(explained), try SimulatedDevice.composed(explained))
    }

    func testCheckpointedClipsTrainAndAreRecognised() throws {
        let root = try temporaryDirectory()
        for part in ["train", "val"] {
            for (index, name) in ["down", "up"].enumerated() {
                try FileManager.default.createDirectory(
                    atPath: "\(root)/\(part)/\(name)", withIntermediateDirectories: true)
                for i in 0..<2 {
                    let writer = try VideoWriter(
                        path: "\(root)/\(part)/\(name)/\(i).mp4", width: 32, height: 32,
                        encoding: VideoEncoding(quality: 90))
                    for frame in 0..<12 {
                        let shade = UInt8(20 * (index == 0 ? frame : 12 - frame) + i)
                        try writer.append(ByteImage(width: 32, height: 32, filledWith: shade))
                    }
                    try writer.finish()
                }
            }
        }
        let file = try RecipeFile(
            text: """
                task: classification
                model: {backbone: resnet3d26_0.25, checkpoint_activations: true}
                data: {root: \(root), format: kinetics, train: train, val: val}
                input: {side: 32, shorter_sides: [32, 32], shorter_side: 32, frames: 8, stride: 1, test_clips: 2, test_crops: 1}
                training: {epochs: 2, batch: 2, schedule: constant, learning_rate: 0.02}
                evaluation: {every: 1, batch: 2}
                """, path: "test.yaml")
        let run = try expectTheSame(file)
        func recognised(_ device: Device) throws -> [Float] {
            try ClipRecognition(SavedModel(run), device: device).recognize("\(root)/val/up/0.mp4").classes.map(
                \.probability)
        }
        XCTAssertEqual(try SimulatedDevice.use(recognised), try SimulatedDevice.composed(recognised))
    }

    /// What a step asks of the device: the difference of four steps and two of one epoch, halved.
    private func ofAStep(_ recipe: (_ settings: [String]) throws -> RecipeFile) throws -> SimulatedDevice.Counts {
        let counts = try [2, 4].map { steps in
            let file = try recipe(["training.steps=\(steps)", "evaluation.every=0"])
            let run = try temporaryDirectory() + "/run"
            return try SimulatedDevice.use { device in
                let training = try VisionTask.open(file, output: run, device: device)
                return try SimulatedDevice.counts {
                    _ = try training.train(resume: false, seconds: nil, resumeCommand: nil, showsProgress: false)
                }.counts
            }
        }
        func half(_ count: KeyPath<SimulatedDevice.Counts, Int>) -> Int {
            (counts[1][keyPath: count] - counts[0][keyPath: count]) / 2
        }
        return .init(
            kernels: half(\.kernels), uploads: half(\.uploads), downloads: half(\.downloads),
            hostWaits: half(\.hostWaits))
    }

    /// The host waits for a step's numbers behind it, and for the suppression of all proposals before; never for an image. All
    /// that the device needs of a batch goes up at once.
    func testHowOftenAStepWaits() throws {
        let root = try fewShapes(train: 16, validation: 1)
        for (name, model, most) in [
            ("fpn", "{backbone: '\(narrowResNet18)', faster_rcnn: {pyramid_channels: 8, box_head_features: 8}}", 3),
            ("ssd", "{detector: ssd300, backbone: '\(narrowResNet18)'}", 1),
        ] {
            for batch in [2, 4] {
                let step = try ofAStep { settings in
                    try recipe(
                        training: model, on: root, settings: settings,
                        """
                        \(name == "ssd" ? "" : "input: {shorter_side: 64, longer_side: 96}")
                        training: {epochs: 1, batch: \(batch), schedule: constant, learning_rate: 0.001, clip_norm: 5}
                        """)
                }
                print("\(name), batch of \(batch): \(step) in a step")
                XCTAssertLessThanOrEqual(step.hostWaits, most, "\(name), batch of \(batch): \(step)")
                XCTAssertEqual(step.uploads, 1, "\(name), batch of \(batch): \(step)")
            }
        }
        let folders = try classFolders()
        let classifier = try ofAStep { settings in
            try recipe(
                classifier: "backbone: cifar_res_rgsnet26_0.25", on: folders, settings: settings,
                training: "epochs: 1, batch: 1, learning_rate: 0.01")
        }
        XCTAssertEqual([classifier.uploads, classifier.hostWaits], [1, 1], "\(classifier)")
    }
}
