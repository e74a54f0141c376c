import Annotations
import ArgumentParser
import Evaluation
import Support

/// The command `vertebra score`. It is also all of `vertebra-score`, which needs no libtorch.
public struct ScoreCommand: ParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "score", abstract: "Score the detections of any program.",
        subcommands: [COCOCommand.self, VOCCommand.self, ErrorsCommand.self, ComparisonCommand.self])

    public init() {}

    struct COCOCommand: WorkCommand {
        static let configuration = CommandConfiguration(
            commandName: "coco", abstract: "Print COCO's twelve numbers and the AP of each class.")

        @Option(help: "The instances JSON.") var annotations: String
        @Option(help: "The detections, as COCO's results JSON.") var results: String
        @Flag(help: "Leave out detections of categories that the annotations lack, as pycocotools does.")
        var ignoreUnknownCategories = false
        @Flag(help: "As JSON.") var json = false

        func work() throws {
            let report = try ScoreReport.coco(
                annotations: annotations, results: results, ignoresUnknownCategories: ignoreUnknownCategories)
            for warning in report.warnings { printToStandardError(warning) }
            printToStandardOutput(json ? report.json : report.table)
        }
    }

    struct VOCCommand: WorkCommand {
        static let configuration = CommandConfiguration(
            commandName: "voc", abstract: "Print PASCAL VOC's average precision of each class, and the mean.")

        @Option(help: "The VOC folder: Annotations, ImageSets, JPEGImages.") var folder: String
        @Option(help: "A list in ImageSets/Main.") var split = "test"
        @Option(help: "The detections: the devkit's folder of <prefix><class>.txt, or COCO's results JSON.")
        var results: String
        @Option(help: "Prefix of the names of the devkit's files.") var prefix = ""
        @Option(help: "IoU from which a detection is right.") var iou = 0.5
        @Flag(help: "Average over eleven recalls (VOC 2007) instead of the whole curve.") var elevenPoint = false
        @Option(
            parsing: .upToNextOption,
            help: ArgumentHelp(
                """
                The class names in the order of the labels, for a results JSON without names. Default: VOC's twenty, or the \
                names in the split.
                """,
                valueName: "class"))
        var classes: [String] = []
        @Flag(help: "As JSON.") var json = false

        func validate() throws {
            guard iou > 0, iou <= 1 else { throw ValidationError("--iou is \(iou); it must be in 0…1, without 0.") }
        }

        func work() throws {
            let report = try ScoreReport.voc(
                folder: folder, split: split, results: results, prefix: prefix, iouThreshold: iou,
                elevenPoint: elevenPoint, classNames: classes.isEmpty ? nil : classes)
            printToStandardOutput(json ? report.json : report.table)
        }
    }

    struct ErrorsCommand: WorkCommand {
        static let configuration = CommandConfiguration(
            commandName: "errors",
            abstract: "Count the errors of detections by kind, and the AP that each kind costs (TIDE).")

        @Option(help: "The instances JSON.") var annotations: String
        @Option(help: "The detections, as COCO's results JSON.") var results: String
        @Flag(help: "As JSON.") var json = false

        func work() throws {
            let report = try ScoreReport.errors(annotations: annotations, results: results)
            printToStandardOutput(json ? report.json : report.table)
        }
    }

    struct ComparisonCommand: WorkCommand {
        static let configuration = CommandConfiguration(
            commandName: "compare",
            abstract: "Compare the detections of several programs, and say whether the differences are chance.",
            discussion: "vertebra compare, which needs the engine, takes runs as well, and draws a page.")

        @Option(help: "The instances JSON.") var annotations: String
        @Option(
            parsing: .upToNextOption,
            help: "Two files or more with detections in COCO's results format, the baseline first.") var results:
            [String]
        @Option(help: "Number of resamples of the images that tell how far differences are chance.") var resamples =
            1000
        @Option(help: "What the draws of the resamples begin with.") var seed: UInt64 = 0
        @Flag(help: "As Markdown.") var markdown = false
        @Flag(help: "As JSON.") var json = false

        func validate() throws {
            guard results.count > 1 else {
                throw ValidationError("--results takes two files or more, the baseline first.")
            }
            guard (1...1_000_000).contains(resamples) else {
                throw ValidationError("--resamples is \(resamples); it must be 1 to 1000000.")
            }
            guard !(markdown && json) else { throw ValidationError("--markdown or --json, but not both.") }
        }

        func work() throws {
            let compared = try StopSignal.watching(saving: false) {
                try DetectionComparison(
                    annotationsPath: annotations, resultsPaths: results,
                    resamples: BootstrapResamples(count: resamples, seed: seed)
                ).comparison
            }
            let table = ComparisonTable(compared)
            printToStandardOutput(
                json ? try prettyJSON(compared) : markdown ? table.markdown() : table.text())
        }
    }
}
