import Annotations
import Evaluation
import Foundation
import Media

/// A page on what a detector can do and where it fails. It is one HTML file without scripts.
public struct DetectionReport: Sendable {
    /// A line in a chart of the training.
    public struct Line: Sendable {
        /// The line's name in the legend.
        public var name: String
        /// The line's points, from left to right.
        public var points: [(x: Double, y: Double)]

        /// A line with a name and points.
        public init(name: String, points: [(x: Double, y: Double)]) {
            self.name = name
            self.points = points
        }
    }

    /// A fact about a run, such as "images": "5000".
    public struct Fact: Hashable, Sendable {
        /// The name of the fact.
        public var name: String
        /// The value of the fact.
        public var value: String

        /// A fact with a name and a value.
        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// The page's heading.
    public var title: String
    /// Facts about the model, the data and the run, in the order shown.
    public var facts: [Fact] = []
    /// The recipe's text; nil if there is none.
    public var settings: String?
    /// The loss over training steps: the sum first, then its terms.
    public var losses: [Line] = []
    /// Measures in 0…1, such as AP, over epochs of the training.
    public var metrics: [Line] = []
    /// The learning rate over training steps; nil if it is not known.
    public var learningRate: Line?
    /// Number of the worst images to show.
    public var pictureCount = 12
    /// Least score of detections that are shown and counted in the confusion matrix.
    public var scoreThreshold = 0.5
    /// The folder that the annotations' file names are relative to.
    public var imageFolder: String
    /// What becomes of images that are damaged and can be drawn all the same.
    public var damagedImages = DamagedImages.refuse

    /// COCO's numbers.
    public let coco: COCOScores
    /// VOC's average precision at IoU 0.5, the area under the curve.
    public let voc: VOCScores
    /// VOC's average precision at IoU 0.5 over eleven recalls, as in 2007.
    public let voc11: VOCScores
    let matching: DetectionMatching
    /// Precision against recall of every class at IoU 0.5, in label order.
    public let curves: [PrecisionRecallCurve]
    /// The kind of error of each wrong detection at IoU 0.5.
    public let errors: ErrorAnalysis
    /// The cost of each kind of error in AP50.
    public let costs: ErrorCosts

    /// Scores the detections and finds their errors at IoU 0.5.
    ///
    /// - Parameters:
    ///   - title: The page's heading.
    ///   - groundTruth: The annotations of all images that the detector ran on.
    ///   - results: The detections, with the annotations' image and category ids.
    ///   - imageFolder: The folder that the annotations' file names are relative to.
    /// - Throws: `EvaluationError` for detections that do not belong to these annotations.
    public init(
        title: String, groundTruth: DetectionAnnotations, results: DetectionResults, imageFolder: String
    ) throws {
        self.title = title
        self.imageFolder = imageFolder
        coco = try COCOEvaluation.evaluate(groundTruth: groundTruth, results: results)
        voc = try VOCEvaluation.evaluate(groundTruth: groundTruth, results: results, method: .allPoint)
        voc11 = try VOCEvaluation.evaluate(groundTruth: groundTruth, results: results, method: .elevenPoint)
        matching = try DetectionMatching(groundTruth: groundTruth, results: results)
        curves = PrecisionRecallCurve.curves(of: matching)
        errors = ErrorAnalysis(matching)
        costs = ErrorCosts(errors)
    }

    /// The confusion matrix at IoU 0.5 and ``scoreThreshold``.
    public var confusion: ConfusionMatrix { ConfusionMatrix(matching, scoreThreshold: scoreThreshold) }

    /// The whole page as HTML. For an image that can't be read, it shows the reason.
    public func html() -> String { page.text }

    private var page: HTML {
        ReportPage(
            title: title,
            sections: [
                .init("summary", "Summary", summary), .init("training", "Training", training),
                .init("classes", "Classes", classTable), .init("curves", "Precision and recall", curveCharts),
                .init("confusion", "Confusion matrix", confusionTable), .init("errors", "Errors", errorBars),
                .init("pictures", "Worst images", pictures), .init("settings", "Settings", recipe),
            ]
        ).html()
    }

    private var summary: HTML {
        let tiles: [(String, Double)] = [
            ("AP", coco.ap), ("AP50", coco.ap50), ("AP75", coco.ap75), ("AR100", coco.ar100), ("VOC mAP", voc.meanAP),
        ]
        let more: [(String, Double)] = [
            ("AP, IoU 0.50 to 0.95", coco.ap), ("AP, IoU 0.50", coco.ap50), ("AP, IoU 0.75", coco.ap75),
            ("AP of small objects", coco.apSmall), ("AP of medium objects", coco.apMedium),
            ("AP of large objects", coco.apLarge), ("AR, 1 detection an image", coco.ar1),
            ("AR, 10 detections", coco.ar10), ("AR, 100 detections", coco.ar100), ("AR of small objects", coco.arSmall),
            ("AR of medium objects", coco.arMedium), ("AR of large objects", coco.arLarge),
            ("VOC mean AP, all points", voc.meanAP), ("VOC mean AP, eleven points", voc11.meanAP),
        ]
        let difficult = matching.groundTruth.flags.count { $0.contains(.difficult) }
        let note: HTML =
            difficult == 0
            ? ""
            : """
            <p class="soft">Objects marked difficult: \(difficult). VOC's numbers leave them out; all other numbers on this page \
            count them.</p>
            """
        return """
            <div class="tiles">\(tiles.map { "<div class=\"tile\"><b>\($0.1.percent)</b>\($0.0)</div>" as HTML })</div>
            <div class="pair"><table class="facts">
            \(facts.map { "<tr><th>\($0.name)</th><td>\($0.value)</td></tr>\n" as HTML })</table>
            <div class="scroll"><table class="wide">
            \(more.map { "<tr><td>\($0.0)</td><td>\($0.1.percent)</td></tr>\n" as HTML })</table></div></div>
            \(note)<p class="soft">All values in percent. AP and AR are COCO's; a dash means that there is nothing to measure.</p>

            """
    }

    private var training: HTML {
        func chart(_ title: String, _ lines: [Line], x: String, hasDots: Bool = false) -> HTML {
            guard lines.contains(where: { !$0.points.isEmpty }) else { return "" }
            return LineChart(
                title: title,
                lines: lines.enumerated().map {
                    LineChart.Line(name: $1.name, color: Self.color($0), points: $1.points)
                }, xTitle: x, hasDots: hasDots, countsX: true
            ).figure()
        }
        let percent = metrics.map { Line(name: $0.name, points: $0.points.map { ($0.x, 100 * $0.y) }) }
        let charts: [HTML] = [
            chart("Loss", losses, x: "step"), chart("Average precision, percent", percent, x: "epoch", hasDots: true),
            chart("Learning rate", learningRate.map { [$0] } ?? [], x: "step"),
        ].filter { !$0.text.isEmpty }
        return charts.isEmpty ? "" : "<div class=\"pair\">\(charts)</div>\n"
    }

    private var classTable: HTML {
        let names = [
            "class", "objects", "detections", "AP", "AP50", "AP75", "AR100", "VOC", "precision", "recall", "at score",
        ]
        // Classes without an object come last.
        let order = coco.classes.indices.sorted {
            coco.classes[$0].ap != coco.classes[$1].ap ? coco.classes[$0].ap > coco.classes[$1].ap : $0 < $1
        }
        let rows = order.map { k -> HTML in
            let (score, best) = (coco.classes[k], curves[k].best)
            let dash = "–"
            return """
                <tr><td>\(score.name)</td><td>\(score.objects)</td><td>\(voc.classes[k].detections)</td>\
                <td>\(score.ap.percent)<span class="meter"><i style="width:\((100 * max(0, score.ap)).short)%"></i></span></td>\
                <td>\(score.ap50.percent)</td><td>\(score.ap75.percent)</td><td>\(score.ar100.percent)</td>\
                <td>\(voc.classes[k].ap.percent)</td><td>\(best?.precision.percent ?? dash)</td>\
                <td>\(best?.recall.percent ?? dash)</td><td>\(best.map { String(format: "%.2f", $0.score) } ?? dash)</td></tr>

                """
        }
        return """
            <div class="scroll"><table class="wide"><thead><tr>\
            \(names.map { "<th scope=\"col\">\($0)</th>" as HTML })</tr></thead>
            <tbody>\(rows)</tbody></table></div>
            <p class="soft">Precision and recall at IoU 0.5, at the score where their harmonic mean (F1) is highest.</p>

            """
    }

    private var curveCharts: HTML {
        let shown = curves.indices.filter { curves[$0].objects > 0 }
            .sorted { curves[$0].ap != curves[$1].ap ? curves[$0].ap > curves[$1].ap : $0 < $1 }
        guard !shown.isEmpty else { return "<p>No class has an object here.</p>\n" }
        let charts = shown.map { k -> HTML in
            let curve = curves[k]
            let color = Self.color(k)
            var stairs: [(x: Double, y: Double)] = []
            for corner in curve.envelope {
                stairs.append((stairs.last?.x ?? 0, corner.precision))
                stairs.append((corner.recall, corner.precision))
            }
            if let last = stairs.last { stairs.append((last.x, 0)) }
            return LineChart(
                title: "\(curve.name) \(curve.ap.percent)",
                lines: [
                    .init(
                        name: "measured", color: color, points: curve.points.map { ($0.recall, $0.precision) },
                        isThin: true),
                    .init(name: "envelope", color: color, points: stairs),
                ], xTitle: "recall", yTitle: "precision of \(curve.name)", xRange: 0...1, yRange: 0...1,
                mark: curve.best.map { ($0.recall, $0.precision) }, width: 180, height: 150, hasLegend: false
            ).figure()
        }
        let grid: HTML = "<div class=\"many\">\(charts)</div>\n"
        let body: HTML =
            charts.count <= Self.mostOpenCharts
            ? grid : "<details><summary>\(charts.count) classes</summary>\n\(grid)</details>\n"
        return """
            <p class="soft">Precision (up) against recall (across) of each class at IoU 0.5, with its AP50 in percent. The \
            ring marks the highest F1.</p>
            \(body)
            """
    }

    /// Largest number of charts that are shown at once; more of them are folded away.
    private static let mostOpenCharts = 30

    private var confusionTable: HTML {
        """
        <p class="soft">Objects by row, detections by column, at IoU 0.5 and a score of \
        \(String(format: "%g", scoreThreshold)) or more. The diagonal is what was found; the last column counts missed \
        objects, the last row detections of background and duplicates.</p>
        \(ConfusionTable(matrix: confusion).html())
        """
    }

    private var errorBars: HTML {
        """
        <p class="soft">Points of AP50 (\(costs.ap.percent)) that would be gained without one kind of error, by the rules of \
        TIDE (Bolya et al., 2020), over detections of any score. The gains don't add up.</p>
        \(ErrorBars(costs: costs).html())
        """
    }

    private var recipe: HTML {
        settings.map { "<details><summary>The recipe</summary><pre>\($0)</pre></details>\n" as HTML } ?? ""
    }
}
