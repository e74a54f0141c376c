import Annotations
import Evaluation
import Foundation
import Media

/// A page that compares runs: their measures, whether differences are chance, how they learned, their classes, and the images
/// that changed most. It is one HTML file without scripts.
public struct ComparisonReport {
    /// A chart with a line for each run.
    public struct Chart: Sendable {
        /// The chart's title.
        public var title: String
        /// The lines, by run; one without points stays out.
        public var lines: [DetectionReport.Line]
        /// Whether every point is a measurement, and has a dot.
        public var hasDots: Bool

        /// A chart over epochs.
        public init(title: String, lines: [DetectionReport.Line], hasDots: Bool = false) {
            self.title = title
            self.lines = lines
            self.hasDots = hasDots
        }
    }

    /// A setting in which the runs' recipes differ.
    public struct Setting: Hashable, Sendable {
        /// The recipe's key.
        public var key: String
        /// The value in each run.
        public var values: [String]

        /// A setting with its values by run.
        public init(key: String, values: [String]) {
            self.key = key
            self.values = values
        }
    }

    /// Where the pictures come from.
    public enum Pictures {
        /// Detections are drawn on the files of a folder.
        case detections(DetectionComparison, imageFolder: String, damagedImages: DamagedImages)
        /// A function gives an image, or the frames of a clip, by its position.
        case frames((_ image: Int) throws -> [ByteImage])
    }

    /// The page's heading.
    public var title: String
    /// The numbers.
    public let comparison: Comparison
    /// What is known of each run; empty where nothing is.
    public var facts: [ComparisonTable.Facts] = []
    /// Charts of the trainings over epochs.
    public var charts: [Chart] = []
    /// What a reader should know of the runs, in a sentence each.
    public var notes: [String] = []
    /// The settings in which the runs' recipes differ.
    public var settings: [Setting] = []
    /// Where the pictures come from; nil shows none.
    public var pictures: Pictures?
    /// Number of images that got better, and of those that got worse, to show of each run.
    public var pictureCount = 6

    /// A page of a comparison.
    public init(title: String, comparison: Comparison) {
        self.title = title
        self.comparison = comparison
    }

    /// The page as a browser reads it. An image that can't be read is replaced by the reason.
    public func html() -> String {
        ReportPage(
            title: title,
            sections: [
                .init("result", "Result", result), .init("measures", "Measures", measures),
                .init("chance", "Chance", chance), .init("training", "Training", training),
                .init("classes", "Classes", classes), .init("images", "What changed most", changedImages),
                .init("settings", "Settings that differ", differingSettings),
            ]
        ).html().text
    }

    private var result: HTML {
        let verdicts = comparison.statements.dropLast().map { "<li>\($0)</li>\n" as HTML }
        let remarks = notes.map { "<p class=\"note\">\($0)</p>\n" as HTML }
        return """
            <ul class="verdicts">\(verdicts)</ul>
            \(remarks)<p class="soft">\(comparison.statements.last ?? "")</p>

            """
    }

    private var measures: HTML {
        let head = comparison.measures.map { "<th scope=\"col\">\($0.name)</th>" as HTML }
        let rows = comparison.runs.enumerated().map { run, name -> HTML in
            let values = comparison.measures.map { measure -> HTML in
                measure.best.contains(run)
                    ? "<td class=\"best\">\(measure.text(run))</td>" : "<td>\(measure.text(run))</td>"
            }
            let differences = comparison.measures.map { measure -> HTML in
                let isBeyond = measure.differences[run]?.isBeyondChance ?? false
                return
                    "<td\(isBeyond ? " class=\"beyond\"" : "" as HTML) title=\"\(measure.intervalText(run))\">\(measure.differenceText(run))</td>"
            }
            let row: HTML = "<tr><td>\(name)</td>\(values)</tr>\n"
            return run == 0 ? row : "\(row)<tr class=\"difference\"><td>difference</td>\(differences)</tr>\n"
        }
        let things = comparison.kind == .videos ? "videos" : "images"
        let objects = comparison.objects.map { " with \($0) objects" } ?? ""
        return """
            \(factTable)<div class="scroll"><table class="wide"><thead><tr><th scope="col">run</th>\(head)</tr></thead>
            <tbody>\(rows)</tbody></table></div>
            <p class="soft">On \(comparison.images) \(things)\(objects); shares in percent. The best value of a column is bold on \
            green. Differences are to \(comparison.runs[0]); those beyond chance are bold.</p>

            """
    }

    private var factTable: HTML {
        guard !facts.isEmpty else { return "" }
        let head = (["run"] + ComparisonTable.Facts.header).map { "<th scope=\"col\">\($0)</th>" as HTML }
        let rows = zip(comparison.runs, facts).map { name, facts in
            "<tr><td>\(name)</td>\(facts.cells.map { "<td>\($0)</td>" as HTML })</tr>\n" as HTML
        }
        return """
            <div class="scroll"><table class="runs"><thead><tr>\(head)</tr></thead>
            <tbody>\(rows)</tbody></table></div>
            <p class="soft">Parameters are the whole model's; multiply-adds are those of the backbone, for one input of the size \
            given. Epochs and steps are those of the checkpoint that was measured.</p>

            """
    }

    /// The intervals of all measures of each run.
    private var chance: HTML {
        let groups = comparison.runs.indices.dropFirst().map { run -> HTML in
            let shares = comparison.measures.filter { $0.unit == .share && $0.differences[run] != nil }
            let bars = IntervalBars(shares.compactMap { $0.differences[run] })
            let rows = shares.enumerated().map { place, measure -> HTML in
                let isBeyond = measure.differences[run]?.isBeyondChance ?? false
                return """
                    <tr><td>\(measure.name)</td><td\(isBeyond ? " class=\"beyond\"" : "" as HTML)>\(measure.differenceText(run))</td>\
                    <td>\(measure.intervalText(run))</td><td class="interval">\(bars.bar(place))</td></tr>

                    """
            }
            return """
                <h3>\(comparison.runs[run]) against \(comparison.runs[0])</h3>
                <div class="scroll"><table class="wide"><thead><tr><th scope="col">measure</th><th scope="col">difference</th>\
                <th scope="col">95 % interval</th><th scope="col">\(bars.axisEnds)</th></tr></thead>
                <tbody>\(rows)</tbody></table></div>

                """
        }
        return """
            <p class="soft">A difference whose interval crosses zero, the upright line, may be chance. Points of percent.</p>
            \(groups)
            """
    }

    private var training: HTML {
        let drawn = charts.compactMap { chart -> HTML? in
            let lines = chart.lines.enumerated().compactMap { run, line -> LineChart.Line? in
                guard !line.points.isEmpty else { return nil }
                return LineChart.Line(
                    name: line.name, color: RunPalette.color(run), points: line.points, dashes: RunPalette.dashes(run))
            }
            guard !lines.isEmpty else { return nil }
            return LineChart(
                title: chart.title, lines: lines, xTitle: "epoch", hasDots: chart.hasDots, countsX: chart.hasDots,
                pointLimit: 100
            ).figure()
        }
        return drawn.isEmpty ? "" : "<div class=\"pair\">\(drawn)</div>\n"
    }

    private var classes: HTML {
        guard let measure = comparison.classes.first?.measures.first else { return "" }
        let groups = comparison.runs.indices.dropFirst().map { run -> HTML in
            let differing = comparison.classes.filter { $0.measures[0].differences[run] != nil }
            let ordered = differing.enumerated().sorted {
                let (a, b) = (difference($0.element, run), difference($1.element, run))
                return a != b ? a > b : $0.offset < $1.offset
            }.map(\.element)
            let bars = IntervalBars(ordered.compactMap { $0.measures[0].differences[run] })
            let rows = ordered.enumerated().map { place, row -> HTML in
                let main = row.measures[0]
                let isBeyond = main.differences[run]?.isBeyondChance ?? false
                return """
                    <tr><td>\(row.name)</td><td>\(row.count)</td><td>\(main.text(0))</td><td>\(main.text(run))</td>\
                    <td\(isBeyond ? " class=\"beyond\"" : "" as HTML)>\(main.differenceText(run))</td>\
                    <td>\(main.intervalText(run))</td><td class="interval">\(bars.bar(place))</td></tr>

                    """
            }
            return """
                <h3>\(comparison.runs[run]) against \(comparison.runs[0])</h3>
                <div class="scroll"><table class="wide"><thead><tr><th scope="col">class</th><th scope="col">\
                \(comparison.kind == .detection ? "objects" : "count")</th><th scope="col">\(comparison.runs[0])</th>\
                <th scope="col">\(comparison.runs[run])</th><th scope="col">difference</th><th scope="col">95 % interval</th>\
                <th scope="col">\(bars.axisEnds)</th></tr></thead>
                <tbody>\(rows)</tbody></table></div>

                """
        }
        return """
            <p class="soft">Each class by \(measure.name), what gained most first. Of twenty classes that are equally good, one \
            lies beyond chance by chance.</p>
            \(groups)
            """
    }

    private func difference(_ row: Comparison.ClassMeasures, _ run: Int) -> Double {
        row.measures[0].differences[run]?.value ?? 0
    }

    private var differingSettings: HTML {
        guard !settings.isEmpty else { return "" }
        let head = comparison.runs.map { "<th scope=\"col\">\($0)</th>" as HTML }
        let rows = settings.map { setting in
            "<tr><td>\(setting.key)</td>\(setting.values.map { "<td>\($0)</td>" as HTML })</tr>\n" as HTML
        }
        return """
            <div class="scroll"><table><thead><tr><th scope="col">key of the recipe</th>\(head)</tr></thead>
            <tbody>\(rows)</tbody></table></div>

            """
    }
}
