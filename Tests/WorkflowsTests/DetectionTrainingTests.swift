import Annotations
import Architectures
import DataPipeline
import Foundation
import Media
import NN
import SampleSets
import Tensors
import TestSupport
import Training
import Workflows
import XCTest

final class DetectionTrainingTests: XCTestCase {
    /// Checkpoints hold the date of their training, so it is held while their bytes are compared.
    override func setUp() { setenv("SOURCE_DATE_EPOCH", "1700000000", 1) }
    override func tearDown() { unsetenv("SOURCE_DATE_EPOCH") }

    private static let samples: Result<String, any Error> = Result {
        let folder = try processTemporaryPath()
        var settings = ShapeSampleSet.Settings()
        settings.trainImages = 4
        settings.validationImages = 2
        try ShapeSampleSet(settings: settings).write(to: folder, replacing: true)
        return folder
    }

    private func file(_ format: String, _ settings: String...) throws -> RecipeFile {
        let parts =
            format == "coco"
            ? """
              train: {annotations: coco/annotations/instances_train.json, images: coco/images}
              val: {annotations: coco/annotations/instances_val.json, images: coco/images}
            """
            : """
              train: {split: train}
              val: {split: val}
            """
        let text = """
            task: detection
            model:
              backbone: '\(narrowResNet18)'
              faster_rcnn: {pyramid_channels: 8, box_head_features: 8, rpn_post_nms_top_n_train: 20}
            data:
              root: \(try Self.samples.get())\(format == "voc" ? "/voc" : "")
              format: \(format)
            \(parts)
            input: {shorter_side: 64, longer_side: 96}
            training: {epochs: 1, batch: 2, schedule: constant, learning_rate: 0.01}
            """
        return try RecipeFile(text: text, path: "test.yaml", settings: settings)
    }

    private func copyOfSamples() throws -> String {
        let folder = try temporaryDirectory() + "/samples"
        try FileManager.default.copyItem(atPath: try Self.samples.get(), toPath: folder)
        return folder
    }

    /// A validation image without its end, and one whose annotations give it another size.
    func testValidationImagesThatCannotBeUsed() throws {
        let samples = try copyOfSamples()
        let images = samples + "/coco/images/"
        let annotations = try COCO.readInstances(samples + "/coco/annotations/instances_val.json")
        let name = annotations.fileName(0)
        try Data(try XCTUnwrap(FileManager.default.contents(atPath: images + name)).prefix(40)).write(
            to: URL(fileURLWithPath: images + name))
        let root = "data.root=" + samples
        let run = try temporaryDirectory() + "/run"
        XCTAssertThrowsError(try DetectionTraining(file: file("coco", root), output: run)) {
            XCTAssertTrue("\($0)".contains("1 of its 2 images can't be used, such as \(images)\(name): "), "\($0)")
            XCTAssertTrue("\($0)".contains("data.failed_images=replace"), "\($0)")
        }
        let outcome = try DetectionTraining(file: file("coco", root, "data.failed_images=replace"), output: run).train()
        XCTAssertNotNil(outcome.best)
        let evaluation = try DetectionEvaluation(SavedModel(outcome.lastCheckpoint))
        let (scores, results) = try evaluation.run(into: RunFolder(run))
        XCTAssertEqual(scores.images, 1)
        XCTAssertEqual(scores.unreadable.map(\.path), [name])
        XCTAssertEqual(scores.voc.classes.reduce(0) { $0 + $1.objects }, annotations.objects(1).count)
        XCTAssertTrue(scores.table.contains("left out, unreadable: 1 of 2 images, such as \(name): "), scores.table)
        let pictures = RunFolder(run + "/pictures")
        XCTAssertEqual(try evaluation.draw(results, count: 2, threshold: 0, into: pictures).count, 2)
        XCTAssertTrue(try RunReport(run: run).report.html().contains("<section id=\"pictures\">"))
        // The pixels are cut off behind a sound header: what no header tells ends the measurement.
        let strict = try DetectionEvaluation(
            SavedModel(outcome.lastCheckpoint, settings: ["data.failed_images=stop"]))
        XCTAssertThrowsError(try strict.run(into: RunFolder(run))) { XCTAssertTrue("\($0)".contains(name), "\($0)") }
    }

    /// A training image that is missing, and one without its end, show before the first step.
    func testTrainingImagesThatCannotBeUsed() throws {
        let samples = try copyOfSamples()
        let images = samples + "/coco/images/"
        let annotations = try COCO.readInstances(samples + "/coco/annotations/instances_train.json")
        let (lost, cut) = (annotations.fileName(0), annotations.fileName(2))
        try FileManager.default.removeItem(atPath: images + lost)
        try Data(try XCTUnwrap(FileManager.default.contents(atPath: images + cut)).prefix(40)).write(
            to: URL(fileURLWithPath: images + cut))
        let root = "data.root=" + samples
        let run = try temporaryDirectory() + "/run"
        XCTAssertThrowsError(try DetectionTraining(file: file("coco", root), output: run)) {
            XCTAssertTrue(
                "\($0)".contains("data.train: 2 of its 4 images can't be used, such as \(images)\(lost): "), "\($0)")
            XCTAssertTrue("\($0)".contains("data.failed_images=replace"), "\($0)")
        }
        XCTAssertFalse(FileManager.default.fileExists(atPath: run))
        let training = try DetectionTraining(file: file("coco", root, "data.failed_images=replace"), output: run)
        XCTAssertTrue(
            training.notes.contains {
                $0.hasPrefix("data.train: 2 of its 4 images can't be used, such as ")
                    && $0.hasSuffix("; others take their places")
            }, "\(training.notes)")
    }

    /// An image whose header is sound and whose pixels are cut is found by the step that wants it: the run is saved first.
    func testACutTrainingImageLosesNoStep() throws {
        let samples = try copyOfSamples()
        let images = samples + "/coco/images/"
        let annotations = try COCO.readInstances(samples + "/coco/annotations/instances_train.json")
        let settings = [
            "data.root=" + samples, "training.batch=1", "evaluation.every=0", "training.checkpoint_minutes=0",
        ]
        func recipe() throws -> RecipeFile {
            try RecipeFile(text: file("coco").text, path: "test.yaml", settings: settings)
        }
        let folder = try temporaryDirectory()
        let whole = try DetectionTraining(file: recipe(), output: folder + "/whole").train()
        let last = try Data(contentsOf: URL(fileURLWithPath: whole.lastCheckpoint))
        for image in 0..<4 {
            let path = images + annotations.fileName(image)
            let bytes = try XCTUnwrap(FileManager.default.contents(atPath: path))
            try bytes.prefix(bytes.count / 2).write(to: URL(fileURLWithPath: path))
            let run = folder + "/\(image)"
            XCTAssertThrowsError(try DetectionTraining(file: recipe(), output: run).train()) {
                XCTAssertTrue("\($0)".contains(annotations.fileName(image)), "\($0)")
            }
            try bytes.write(to: URL(fileURLWithPath: path))
            guard FileManager.default.fileExists(atPath: run + "/last.safetensors") else { continue }
            let outcome = try DetectionTraining(file: recipe(), output: run).train(resume: true)
            XCTAssertEqual(try Data(contentsOf: URL(fileURLWithPath: outcome.lastCheckpoint)), last, "image \(image)")
        }
    }

    /// COCO's −1, for a validation set without objects, is no score.
    func testAValidationSetWithoutObjectsHasNoBest() throws {
        let samples = try copyOfSamples()
        let path = samples + "/coco/annotations/instances_val.json"
        let annotations = try COCO.readInstances(path)
        let bare = DetectionAnnotations(
            source: "", classNames: annotations.classNames,
            images: (0..<annotations.imageCount).map {
                var image = annotations.image($0)
                image.objects = []
                return image
            })
        try COCO.writeInstances(bare, to: path)
        let run = try temporaryDirectory() + "/run"
        let training = try DetectionTraining(file: file("coco", "data.root=" + samples), output: run)
        let outcome = try training.train()
        XCTAssertNil(outcome.best)
        XCTAssertNil(outcome.bestCheckpoint)
        XCTAssertNil(outcome.metrics["AP"])
        XCTAssertFalse(FileManager.default.fileExists(atPath: run + "/best.safetensors"))
        let log = try String(contentsOfFile: training.run.log, encoding: .utf8)
        XCTAssertTrue(log.contains("AP does not exist at step 2: there is nothing to measure it by"), log)
        let evaluation = try DetectionEvaluation(SavedModel(run))
        let table = try evaluation.run(into: RunFolder(run)).scores.table
        XCTAssertTrue(table.contains("no object to find"), table)
    }

    /// Crowds are no objects to find: a validation set of crowds only has no best checkpoint either.
    func testAValidationSetOfCrowdsHasNoBest() throws {
        let cases = try sharedFolder() + "/cases/onlycrowd"
        let run = try temporaryDirectory() + "/run"
        let training = try DetectionTraining(
            file: file(
                "coco", "data.root=" + cases, "data.train={annotations: val.json, images: images}",
                "data.val={annotations: val.json, images: images}", "data.empty_images=keep", "training.batch=1"),
            output: run)
        let outcome = try training.train()
        XCTAssertNil(outcome.best)
        XCTAssertNil(outcome.metrics["AP"])
        let log = try String(contentsOfFile: training.run.log, encoding: .utf8)
        XCTAssertTrue(log.contains("there is nothing to measure it by"), log)
    }

    func testClassesThatDoNotTellAreRefused() throws {
        let samples = try copyOfSamples()
        let path = samples + "/coco/annotations/instances_train.json"
        func expectRefusal(_ annotations: DetectionAnnotations, _ says: String, line: UInt = #line) throws {
            try COCO.writeInstances(annotations, to: path)
            let file = try file("coco", "data.root=" + samples)
            XCTAssertThrowsError(
                try DetectionTraining(file: file, output: temporaryDirectory() + "/run"), line: line
            ) { XCTAssertTrue("\($0)".hasPrefix("\(path), categories: \(says)"), "\($0)", line: line) }
        }
        let image = try COCO.readInstances(path).image(0)
        var empty = image
        empty.objects = []
        try expectRefusal(
            DetectionAnnotations(source: "", classNames: [], images: [empty]), "there is no class. List what")
        try expectRefusal(
            DetectionAnnotations(source: "", classNames: (0..<6).map { "class \($0 % 5)" }, images: [image]),
            "categories 1 and 6 are both called \"class 0\".")
    }

    func testPicturesTakeNothingsPlace() throws {
        let samples = try copyOfSamples()
        let images = samples + "/coco/images"
        let before = try FileManager.default.contentsOfDirectory(atPath: images).sorted()
        let contents = try before.map { try XCTUnwrap(FileManager.default.contents(atPath: images + "/" + $0)) }
        let location = DatasetLocation.coco(
            annotations: samples + "/coco/annotations/instances_train.json", images: images)
        let drawn = try location.draw(count: 4, into: RunFolder(images))
        XCTAssertEqual(Set(drawn).count, 5)
        XCTAssertTrue(Set(before.map { images + "/" + $0 }).isDisjoint(with: drawn))
        XCTAssertEqual(
            try before.map { try XCTUnwrap(FileManager.default.contents(atPath: images + "/" + $0)) }, contents)
    }

    func testBothFormatsTrain() throws {
        for format in ["coco", "voc"] {
            let run = try temporaryDirectory() + "/run"
            let training = try DetectionTraining(file: file(format, "evaluation.metric=VOC"), output: run)
            XCTAssertEqual(training.model.classNames.sorted(), ShapeSampleSet.classNames.sorted())
            let outcome = try training.train()
            XCTAssertEqual(outcome.step, 2)
            XCTAssertEqual(outcome.best?.metric, "VOC")
            let checkpoint = try Checkpoint.read(outcome.lastCheckpoint)
            XCTAssertEqual(checkpoint.info.classNames, training.model.classNames)
            // The checkpoint's own recipe opens the same data, whatever the folder.
            let evaluation = try DetectionEvaluation(SavedModel(outcome.lastCheckpoint))
            XCTAssertEqual(try evaluation.run(into: RunFolder(run)).scores.images, 2)
        }
    }

    /// No proposal scores 1: the evaluation within the training finds nothing, and says 0.
    func testTrainingWithoutProposals() throws {
        for form in ["fpn", "c4"] {
            let run = try temporaryDirectory() + "/run"
            let settings = ["model.faster_rcnn.rpn_score_thresh=1", "model.faster_rcnn.form=\(form)"]
            let recipe = try RecipeFile(text: file("coco").text, path: "test.yaml", settings: settings)
            let outcome = try DetectionTraining(file: recipe, output: run).train()
            XCTAssertEqual(outcome.step, 2)
            XCTAssertEqual(outcome.best?.value, 0, form)
            let evaluation = try DetectionEvaluation(SavedModel(outcome.lastCheckpoint)).run(into: RunFolder(run))
            XCTAssertEqual(evaluation.scores.images, 2)
            XCTAssertEqual(evaluation.scores.coco.ap, 0)
            XCTAssertEqual(evaluation.scores.voc.meanAP, 0)
        }
    }

    func testWeightsToStartFrom() throws {
        let folder = try temporaryDirectory()
        let first = try DetectionTraining(file: file("coco"), output: folder + "/run")
        let whole = folder + "/detector.safetensors"
        try WeightsFile.write(first.model.detector.stateDict(), to: whole)
        let same = try DetectionTraining(
            file: file("coco", "model.weights=\(whole)", "training.seed=5"), output: folder + "/b")
        XCTAssertEqual(weights(same.model.detector), weights(first.model.detector))

        let body = folder + "/backbone.pth"
        try WeightsFile.write(
            first.model.detector.body.stateDict() + [
                ("fc.weight", Tensor.zeros([10, 512])), ("fc.bias", Tensor.zeros([10])),
            ],
            to: body)
        let other = try DetectionTraining(
            file: file("coco", "model.weights=\(body)", "training.seed=5"), output: folder + "/c")
        XCTAssertEqual(weights(other.model.detector.body), weights(first.model.detector.body))
        XCTAssertNotEqual(weights(other.model.detector), weights(first.model.detector), "the heads are fresh")
        XCTAssertEqual(same.start?.unused, [])
        let start = try XCTUnwrap(other.start)
        XCTAssertEqual(start.fit.matched, first.model.detector.body.stateDict().count)
        XCTAssertEqual(start.fit.unexpected, ["fc.weight", "fc.bias"])
        XCTAssertTrue(start.summary.contains("of the file, not used (2): fc.weight, fc.bias"), start.summary)
        XCTAssertTrue(start.summary.contains("the layers after the backbone start fresh"), start.summary)
        // It is in the run's log as well.
        _ = try other.train()
        let log = try String(contentsOfFile: other.run.log, encoding: .utf8)
        XCTAssertTrue(log.contains("tensors of the detector's backbone start from it"), log)

        XCTAssertThrowsError(
            try DetectionTraining(file: file("coco", "model.weights=/no/such.pth"), output: folder + "/d")
        ) { XCTAssertEqual("\($0)", "--set model.weights=/no/such.pth: model.weights: there is no file /no/such.pth") }
    }

    func testADetectorOfOtherClassesStartsWithAFreshPredictor() throws {
        let folder = try temporaryDirectory()
        let first = try DetectionTraining(file: file("coco"), output: folder + "/run")
        let state = first.model.detector.stateDict().map { name, tensor in
            (name, name.hasPrefix("roi_heads.box_predictor") ? Tensor.zeros([2] + tensor.shape.dropFirst()) : tensor)
        }
        try WeightsFile.write(state, to: folder + "/other.pth")
        let start = try XCTUnwrap(
            DetectionTraining(file: file("coco", "model.weights=\(folder)/other.pth"), output: folder + "/b").start)
        XCTAssertEqual(start.unused.count, 4)
        XCTAssertTrue(start.unused.allSatisfy { $0.hasPrefix("roi_heads.box_predictor.") }, "\(start.unused)")
        XCTAssertTrue(start.fit.missing.isEmpty && start.fit.unexpected.isEmpty)
    }

    private func weights(_ module: Module) -> [Float] {
        module.stateDict().flatMap { $0.tensor.to(.float32).array(Float.self).prefix(100) }
    }

    func testSizesBelongToTheInput() {
        XCTAssertThrowsError(
            try DetectionTraining(file: file("coco", "model.faster_rcnn.min_sizes=[300]"), output: "unused")
        ) { XCTAssertTrue("\($0)".contains("set input.shorter_side"), "\($0)") }
    }

    func testAConfigurationThatMakesNoNetwork() {
        XCTAssertThrowsError(
            try DetectionTraining(file: file("coco", "model.faster_rcnn.anchor_sizes=[[32]]"), output: "unused")
        ) {
            XCTAssertTrue(
                "\($0)".hasPrefix(
                    "--set model.faster_rcnn.anchor_sizes=[[32]]: model.faster_rcnn.anchor_sizes: has 1 lists"), "\($0)"
            )
        }
    }

    func testABatchLargerThanTheData() {
        XCTAssertThrowsError(
            try DetectionTraining(
                file: file("coco", "training.batch=8", "training.drop_last=true"), output: "unused")
        ) { XCTAssertTrue("\($0)".contains("has no full batch of 8"), "\($0)") }
    }

    func testClassesOfTheRecipeAreChecked() {
        XCTAssertThrowsError(
            try DetectionTraining(file: file("coco", "data.classes=[disc, ring]"), output: "unused")
        ) { XCTAssertTrue("\($0)".contains("which the recipe's data.classes does not know"), "\($0)") }
    }

    /// Makes an image's file a JPEG that is cut behind its header, of which libjpeg still makes a picture.
    private func cut(_ path: String) throws {
        let bytes = try ImageFile.encodeJPEG(ImageFile.read(path))
        try Data(bytes.prefix(bytes.count * 2 / 3)).write(to: URL(fileURLWithPath: path))
    }

    private func images(_ samples: String, _ part: String) throws -> [String] {
        let annotations = try COCO.readInstances("\(samples)/coco/annotations/instances_\(part).json")
        return (0..<annotations.imageCount).map { "\(samples)/coco/images/" + annotations.fileName($0) }
    }

    func testDamagedImagesAreRefusedOrAcceptedCountedAndNamed() throws {
        let samples = try copyOfSamples()
        let training = try images(samples, "train")[1], validation = try images(samples, "val")[0]
        for path in [training, validation] { try cut(path) }
        let root = "data.root=" + samples
        let run = try temporaryDirectory() + "/run"
        XCTAssertThrowsError(try DetectionTraining(file: file("coco", root), output: run + "-refused").train()) {
            for words in [training, "is truncated: ", "data.damaged_images: accept in a recipe"] {
                XCTAssertTrue("\($0)".contains(words), "\($0)")
            }
        }
        let job = try DetectionTraining(
            file: file("coco", root, "data.damaged_images=accept", "training.epochs=2"), output: run)
        let outcome = try job.train()
        XCTAssertEqual(outcome.step, 4)
        XCTAssertEqual(job.damagedImages.map(\.name), [training, validation])
        XCTAssertEqual(Set(job.damagedImages.map(\.kind)), [.truncated])
        XCTAssertEqual(job.replacedImages, [])
        XCTAssertEqual(job.leftOutImages, [])

        let evaluation = try DetectionEvaluation(SavedModel(outcome.lastCheckpoint))
        let (scores, results) = try evaluation.run(into: RunFolder(run))
        XCTAssertEqual(scores.images, 2)
        XCTAssertEqual(scores.damaged.map(\.name), [validation])
        XCTAssertTrue(
            scores.table.contains("1 damaged image was accepted:\n  \(validation) is truncated"), scores.table)
        XCTAssertEqual(
            try evaluation.draw(results, count: 2, threshold: 0, into: RunFolder(run + "/pictures")).count, 3)
        var report = try RunReport(run: run, threshold: 0).report
        XCTAssertFalse(report.html().contains("is truncated"))
        report.damagedImages = .refuse
        XCTAssertTrue(report.html().contains("is truncated"))
        let refusing = try SavedModel(outcome.lastCheckpoint, settings: ["data.damaged_images=refuse"])
        XCTAssertThrowsError(try DetectionEvaluation(refusing).run(into: RunFolder(run)))
    }

    /// A validation image whose header is sound and whose pixels are not ends no night's training.
    func testACutValidationImageIsLeftOutAndNamed() throws {
        let samples = try copyOfSamples()
        let broken = try images(samples, "val")[1]
        try cut(broken)
        let job = try DetectionTraining(
            file: file("coco", "data.root=" + samples, "data.failed_images=replace", "training.epochs=2"),
            output: temporaryDirectory() + "/run")
        let outcome = try job.train()
        XCTAssertEqual(outcome.step, 4)
        XCTAssertNotNil(outcome.best)
        XCTAssertEqual(
            job.leftOutImages.map { samples + "/coco/images/" + $0.path }, [broken], "once, of two evaluations")
        XCTAssertTrue(job.leftOutImages[0].reason.contains("is truncated: "), job.leftOutImages[0].reason)
        XCTAssertEqual(job.replacedImages, [])
    }
}
