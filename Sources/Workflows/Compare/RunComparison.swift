import Annotations
import DataPipeline
import Evaluation
import Foundation
import Media
import Reports
import Support
import Tensors
import Training

/// Compares runs on the data that all of them were measured on: `vertebra compare`.
public struct RunComparison {
    /// How runs are compared.
    public struct Options: Sendable {
        /// Changes to every run's recipe as `key=value`, such as `data.root=…` if the data have moved.
        public var settings: [String] = []
        /// The choices of images that tell how far differences are chance.
        public var resamples = BootstrapResamples()
        /// The least score of detections that count in what changed on an image.
        public var threshold = 0.5
        /// Number of images that got better, and of those that got worse, to show of each run.
        public var pictures = 6
        /// Where runs that must be measured first are measured.
        public var device = Device.cpu

        /// The usual options.
        public init() {}
    }

    /// What is told while runs are measured and compared.
    public struct Progress {
        /// A sentence for a person.
        public var note: (String) -> Void
        /// The work that goes on, with how much of it is done.
        public var count: (_ work: String, _ done: Int, _ total: Int) -> Void

        /// Telling nobody by default.
        public init(
            note: @escaping (String) -> Void = { _ in },
            count: @escaping (_ work: String, _ done: Int, _ total: Int) -> Void = { _, _, _ in }
        ) {
            self.note = note
            self.count = count
        }
    }

    /// The numbers.
    public let comparison: Comparison
    /// What is known of each run; empty for results files.
    public let facts: [ComparisonTable.Facts]
    /// What a reader should know of the runs, in a sentence each.
    public let notes: [String]
    /// The page.
    public let report: ComparisonReport

    /// The comparison as text for a terminal or as Markdown.
    public var table: ComparisonTable { ComparisonTable(comparison, facts: facts.isEmpty ? nil : facts) }

    /// The comparison as JSON.
    public func json() throws -> String {
        struct Document: Encodable {
            let comparison: Comparison
            let runs: [ComparisonTable.Facts]
            let notes: [String]
            let statements: [String]
        }
        return try prettyJSON(
            Document(comparison: comparison, runs: facts, notes: notes, statements: comparison.statements))
    }

    /// Writes the page completely or not at all.
    ///
    /// - Parameter path: A file whose name ends with `.html`; or a folder, which gets `index.html`, `comparison.json` and
    ///   `comparison.md`.
    /// - Returns: The page's path.
    /// - Throws: `JobError`.
    public func write(to path: String) throws -> String {
        guard !Self.isPage(path) else {
            try RunFolder.write(report.html(), to: path)
            return path
        }
        let folder = RunFolder(path)
        try folder.prepare()
        try RunFolder.write(try json() + "\n", to: path + "/comparison.json")
        try RunFolder.write(table.markdown() + "\n", to: path + "/comparison.md")
        try RunFolder.write(report.html(), to: path + "/index.html")
        return path + "/index.html"
    }

    /// Checks, before long work, that the page can be written.
    ///
    /// - Throws: `JobError`, `WholeFileError`.
    public static func requireWritable(_ path: String) throws {
        if isPage(path) { try WholeFile.requireWritable(path) } else { try RunFolder(path).prepare() }
    }

    private static func isPage(_ path: String) -> Bool {
        [".html", ".htm"].contains { path.lowercased().hasSuffix($0) }
    }

    /// Compares detections in files of COCO's results format.
    ///
    /// - Parameters:
    ///   - annotations: An instances file.
    ///   - results: Two results files or more; the others are compared with the first.
    ///   - images: The folder of the images, to draw them; nil shows none.
    ///   - options: How many resamples and pictures there are, and from which score on detections are shown.
    ///   - progress: Is told how far the work has come.
    /// - Throws: `AnnotationError`, `EvaluationError`; `Stopped` once the user asks to stop.
    public init(
        annotations: String, results: [String], images: String? = nil, options: Options = Options(),
        progress: Progress = Progress()
    ) throws {
        try Self.requireDistinct(results)
        let detections = try DetectionComparison(
            annotationsPath: annotations, resultsPaths: results, opensImages: images != nil,
            resamples: options.resamples, scoreThreshold: options.threshold
        ) { progress.count("resampling", $0, $1) }
        comparison = detections.comparison
        facts = []
        notes = []
        var report = ComparisonReport(title: Self.title(comparison.runs), comparison: comparison)
        report.pictureCount = options.pictures
        if let images { report.pictures = .detections(detections, imageFolder: images, damagedImages: .accept) }
        self.report = report
    }

    /// Compares runs; those that lack what is needed are measured first.
    ///
    /// - Parameters:
    ///   - paths: Two folders or more, of runs or of `evaluate --output`; the others are compared with the first.
    ///   - options: How many resamples and pictures there are, and from which score on detections are shown.
    ///   - progress: Is told how far the work has come.
    /// - Throws: `JobError` for folders that hold no run, and for runs of different kinds or on different data;
    ///   `RecipeFileError`, `AnnotationError`, `EvaluationError`; `Stopped` once the user asks to stop.
    public init(runs paths: [String], options: Options = Options(), progress: Progress = Progress()) throws {
        try Self.requireDistinct(paths)
        let names = FilePath.distinctNames(paths)
        var runs = try paths.map { try ComparedRun($0, settings: options.settings) }
        let kinds = runs.map(\.kind)
        if let other = kinds.firstIndex(where: { $0 != kinds[0] }) {
            throw JobError(
                paths[other],
                "is \(Self.words(kinds[other])), and \(paths[0]) is \(Self.words(kinds[0])): they have no measure in common"
            )
        }
        for i in runs.indices { runs[i] = try Self.measured(runs[i], options: options, progress: progress) }

        let histories = runs.map { $0.history() }
        var notes = zip(runs, histories).flatMap { [$0.unfinished, $1.note].compactMap(\.self) }
        let pictures: ComparisonReport.Pictures?
        let count = progress.count
        if kinds[0] == .detection {
            let all = try ComparedDetections(runs, names: names, settings: options.settings)
            let detections = try DetectionComparison(
                all.runs, groundTruth: all.groundTruth, resamples: options.resamples,
                scoreThreshold: options.threshold, judgedByVOC: all.isVOC
            ) { count("resampling", $0, $1) }
            comparison = detections.comparison
            pictures = .detections(detections, imageFolder: all.imageFolder, damagedImages: all.damagedImages)
        } else {
            let all = try ComparedPredictions(runs, names: names)
            comparison = try ClassificationComparison(all.runs, kind: kinds[0], resamples: options.resamples) {
                count("resampling", $0, $1)
            }.comparison
            pictures = all.frames().map { .frames($0) }
        }
        notes += Self.remarks(on: runs)
        self.notes = notes
        facts = Self.facts(of: runs)
        var report = ComparisonReport(title: Self.title(names), comparison: comparison)
        report.facts = facts
        report.notes = notes
        report.pictureCount = options.pictures
        report.pictures = pictures
        report.charts = TrainingCharts(names: names, records: histories.map(\.records), kind: kinds[0]).charts
        report.settings = Self.differingSettings(runs)
        self.report = report
    }

    /// Throws `JobError` where one path is given twice.
    private static func requireDistinct(_ paths: [String]) throws {
        var seen: Set<String> = []
        for path in paths where !seen.insert(URL(fileURLWithPath: path).resolvingSymlinksInPath().path).inserted {
            throw JobError(path, "is given twice; a run compared with itself shows nothing")
        }
    }

    private static func title(_ names: [String]) -> String {
        names.count == 2 ? "\(names[1]) against \(names[0])" : "\(names.count - 1) runs against \(names[0])"
    }

    private static func words(_ kind: Comparison.Kind) -> String {
        switch kind {
        case .detection: "a detector"
        case .images: "a classifier of images"
        case .videos: "a classifier of videos"
        }
    }

    /// A run with all that is needed, measured anew where something is missing.
    private static func measured(_ run: ComparedRun, options: Options, progress: Progress) throws -> ComparedRun {
        guard let reason = try run.reasonToMeasure() ?? ComparedDetections.reasonToMeasure(run, options.settings) else {
            return run
        }
        let checkpoint = try run.checkpointToMeasure()
        progress.note("\(run.path): \(reason), so it is measured now (\(FilePath.name(of: checkpoint)))")
        let saved = try SavedModel(checkpoint, settings: options.settings)
        guard !saved.isPublished else {
            throw JobError(
                run.path,
                "\(reason), and \(checkpoint) is weights alone: vertebra evaluate \(checkpoint) --data … --output "
                    + run.path)
        }
        try run.folder.prepare()
        let count = { progress.count("measuring \(run.path)", $0, $1) }
        switch saved.task {
        case .detection:
            _ = try DetectionEvaluation(saved, device: options.device).run(into: run.folder, progress: count)
        case .classification:
            _ = try ClassificationEvaluation(saved, device: options.device).run(
                into: run.folder, indexing: { progress.count("looking at videos", $0, $1) }, notes: progress.note,
                progress: count)
        }
        return try run.read()
    }

    /// Facts by run. Where detectors differ in more than the backbone, the whole is named.
    private static func facts(of runs: [ComparedRun]) -> [ComparisonTable.Facts] {
        let heads = Set(runs.map { $0.modelTitle?.components(separatedBy: " on ").first ?? "" })
        return runs.map { run in
            var facts = run.facts
            if run.task == .detection, heads.count > 1 { facts.backbone = run.modelTitle ?? facts.backbone }
            return facts
        }
    }

    /// What makes a comparison less fair than it looks.
    private static func remarks(on runs: [ComparedRun]) -> [String] {
        let epochs = Set(runs.compactMap(\.plannedEpochs))
        let detectors = Set(
            runs.filter { $0.task == .detection }.map { $0.modelTitle?.components(separatedBy: " on ")[0] })
        return [
            epochs.count > 1 ? "The recipes train for different numbers of epochs." : nil,
            detectors.count > 1 ? "The detectors are of different kinds, so that their losses can't be compared." : nil,
        ].compactMap(\.self)
    }

    /// The keys of which the runs' recipes have different values, in the order of the recipe.
    private static func differingSettings(_ runs: [ComparedRun]) -> [ComparisonReport.Setting] {
        let all = runs.map(\.settingsByKey)
        guard all.allSatisfy({ !$0.isEmpty }) else { return [] }
        let byKey = all.map { Dictionary($0.map { ($0.key, $0.value) }) { first, _ in first } }
        var seen: Set<String> = []
        let keys = all.flatMap { $0.map(\.key) }.filter { seen.insert($0).inserted }
        return keys.compactMap { key in
            let values = byKey.map { $0[key] ?? "–" }
            return Set(values).count > 1 ? ComparisonReport.Setting(key: key, values: values) : nil
        }
    }
}
