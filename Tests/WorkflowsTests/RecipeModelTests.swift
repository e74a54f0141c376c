import Foundation
import SimulatedDevice
import Support
import Tensors
import TestSupport
import Training
import Workflows
import XCTest

/// Trainings in half precision: every kind of network, near float32's, and as exact as float32's when they go on.
final class RecipeModelTests: XCTestCase {
    private func losses(_ run: String) throws -> [Double] {
        try MetricsLog.records(run + "/metrics.jsonl").filter { $0.kind == .step }.compactMap(\.loss)
    }

    /// Trains for four steps, in float16 also by two halves; the folder of the first.
    private func train(_ recipe: RecipeFile, _ precision: String, on device: Device = .cpu) throws -> String {
        let folder = try temporaryDirectory()
        var file = recipe
        try file.apply("training.precision=\(precision)")
        let whole = folder + "/whole", halves = folder + "/halves"
        _ = try VisionTask.open(file, output: whole, device: device).train(
            resume: false, seconds: nil, resumeCommand: nil, showsProgress: false)
        let records = try MetricsLog.records(whole + "/metrics.jsonl").filter { $0.kind == .step }
        XCTAssertEqual(records.last?.lossScale != nil, precision == "float16")
        guard precision == "float16" else { return whole }
        var first = file
        try first.apply("training.steps=2")
        _ = try VisionTask.open(first, output: halves, device: device).train(
            resume: false, seconds: nil, resumeCommand: nil, showsProgress: false)
        _ = try VisionTask.open(file, output: halves, device: device, resuming: true).train(
            resume: true, from: nil, acceptingChanges: true, seconds: nil, resumeCommand: nil, showsProgress: false)
        XCTAssertEqual(try losses(halves), try losses(whole), precision)
        let (one, two) = try (
            Checkpoint.read(whole + "/last.safetensors"), Checkpoint.read(halves + "/last.safetensors")
        )
        XCTAssertEqual(one.info.lossScale, two.info.lossScale)
        for (a, b) in zip(one.model + one.optimizer, two.model + two.optimizer) {
            XCTAssertEqual(
                a.tensor.array(Double.self), b.tensor.array(Double.self), "going on in \(precision): \(a.name)")
        }
        return whole
    }

    /// The first step's loss is that of the same weights; later ones part, as sums of few pixels in a norm do.
    private func expectHalvesNearFloat32(_ recipe: RecipeFile, _ name: String) throws {
        let exact = try losses(train(recipe, "float32"))
        XCTAssertEqual(exact.count, 4)
        for precision in ["bfloat16", "float16"] {
            let found = try losses(train(recipe, precision))
            XCTAssertNotEqual(found, exact, "\(name): \(precision) is another arithmetic")
            XCTAssertEqual(found[0], exact[0], accuracy: 0.03 * exact[0], "\(name), \(precision)")
            XCTAssertTrue(found.allSatisfy { $0.isFinite && $0 < 2 * exact[0] }, "\(name), \(precision): \(found)")
        }
    }

    private func shapes(_ model: String, _ input: String) throws -> RecipeFile {
        try recipe(
            training: model, on: fewShapes(),
            """
            \(input)
            training: {epochs: 2, batch: 2, schedule: constant, learning_rate: 0.002, clip_norm: 5}
            evaluation: {every: 0}
            """)
    }

    func testFasterRCNN() throws {
        let input = "input: {shorter_side: 64, longer_side: 96}"
        for settings in ["pyramid_channels: 8, box_head_features: 8", "form: c4", "form: c4, roi_pooling: pool"] {
            try expectHalvesNearFloat32(
                shapes("{backbone: '\(narrowResNet18)', faster_rcnn: {\(settings)}}", input), settings)
        }
    }

    func testSSD() throws {
        try expectHalvesNearFloat32(
            shapes("{detector: ssd300, backbone: '\(narrowResNet18)'}", ""), "SSD300")
    }

    /// One network of each family.
    func testClassifiers() throws {
        let root = try classFolders()
        for backbone in [
            "cifar_resnet26_0.25", "cifar_resnet26_0.25:order=staged", "cifar_res_rgsnet26_0.25",
            "cifar_resnet26_0.25:shortcut=dense",
        ] {
            let file = try recipe(
                classifier: "backbone: '\(backbone)'", on: root, settings: ["evaluation.every=0"],
                training: "epochs: 4, steps: 4, batch: 4, learning_rate: 0.001")
            try expectHalvesNearFloat32(file, backbone)
        }
    }

    /// A device's steps in float16 go on as exactly, and leave out what overflows.
    func testADevice() throws {
        let file = try shapes("{detector: ssd300, backbone: '\(narrowResNet18)'}", "")
        let exact = try losses(train(file, "float32"))
        let there = try SimulatedDevice.use { try losses(train(file, "float16", on: $0)) }
        XCTAssertEqual(there[0], exact[0], accuracy: 0.03 * exact[0])
    }

    /// What a run was trained in is not what it must be measured in.
    func testMeasuringInAnotherPrecision() throws {
        let run = try train(shapes("{detector: ssd300, backbone: '\(narrowResNet18)'}", ""), "float32")
        func scores(_ precision: String, _ device: Device) throws -> [Float] {
            let saved = try SavedModel(run + "/last.safetensors", settings: ["training.precision=\(precision)"])
            let (_, found) = try DetectionEvaluation(saved, device: device).run(
                into: RunFolder(try temporaryDirectory()))
            return found.scores.sorted(by: >).prefix(5).map { Float($0) }
        }
        let exact = try scores("float32", .cpu)
        XCTAssertFalse(exact.isEmpty)
        for precision in ["bfloat16", "float16"] {
            let here = try scores(precision, .cpu)
            // A CPU that would only imitate the type computes in float32.
            let imitates = precision == "float16" || !Device.cpu.multipliesBFloat16
            XCTAssertEqual(here == exact, imitates, precision)
            let there = try SimulatedDevice.use { try scores(precision, $0) }
            XCTAssertNotEqual(there, exact, precision)
            for (a, b) in zip(here + there, exact + exact) { XCTAssertEqual(a, b, accuracy: 0.02, precision) }
        }
    }

    /// What the recipe says of a device's arithmetic is the process's setting; SSD's sizes repeat, Faster R-CNN's don't.
    func testTheArithmeticOfADevice() throws {
        let before = DeviceArithmetic.current
        defer { DeviceArithmetic.current = before }
        XCTAssertEqual(before.tf32, .convolutions, "what PyTorch begins with")
        let ssd = "{detector: ssd300, backbone: '\(narrowResNet18)'}", frcnn = "{backbone: '\(narrowResNet18)'}"
        for (model, settings, expected) in [
            (ssd, [], DeviceArithmetic(tf32: .convolutions, benchmarksConvolutions: true)),
            (frcnn, [], DeviceArithmetic(tf32: .convolutions, benchmarksConvolutions: false)),
            (
                frcnn, ["training.cudnn_benchmark=true", "training.tf32=all"],
                DeviceArithmetic(tf32: .all, benchmarksConvolutions: true)
            ),
            (
                ssd, ["training.cudnn_benchmark=false", "training.tf32=none"],
                DeviceArithmetic(tf32: .none, benchmarksConvolutions: false)
            ),
        ] {
            var file = try shapes(model, "")
            for setting in settings { try file.apply(setting) }
            _ = try VisionTask.open(file, output: try temporaryDirectory() + "/run", device: .cpu)
            XCTAssertEqual(DeviceArithmetic.current, expected, "\(settings)")
        }
        var wrong = try shapes(ssd, "")
        try wrong.apply("training.tf32=fast")
        XCTAssertThrowsError(try VisionTask.open(wrong, output: try temporaryDirectory() + "/run", device: .cpu)) {
            XCTAssertTrue("\($0)".contains("training.tf32") && "\($0)".contains("convolutions"), "\($0)")
        }
    }

    /// The order of the axes in memory changes roundings alone.
    func testChannelsInTheirOrder() throws {
        let file = try shapes("{detector: ssd300, backbone: '\(narrowResNet18)'}", "")
        let last = try losses(train(file, "float32"))
        var other = file
        try other.apply("training.channels_last=false")
        let first = try losses(train(other, "float32"))
        XCTAssertNotEqual(first, last)
        for (a, b) in zip(first.prefix(2), last) { XCTAssertEqual(a, b, accuracy: 1e-3 * b) }
    }
}
