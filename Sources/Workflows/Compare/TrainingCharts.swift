import Evaluation
import Reports
import Training

/// The learning curves of several runs over epochs: loss, learning rate, and what evaluations during training measured.
struct TrainingCharts {
    /// The charts, without those that no run has a point for.
    let charts: [ComparisonReport.Chart]

    /// - Parameters:
    ///   - names: The runs' names.
    ///   - records: What each run's training recorded.
    ///   - kind: Decides which metric is shown.
    init(names: [String], records: [[MetricsRecord]], kind: Comparison.Kind) {
        func lines(_ kind: MetricsRecord.Kind, _ value: (MetricsRecord) -> Double?) -> [DetectionReport.Line] {
            zip(names, records).map { name, records in
                // A number that no drawing has room for is left out.
                let points = records.filter { $0.kind == kind }.compactMap { record in
                    value(record).flatMap { abs($0) < 1e30 ? (record.epoch, $0) : nil }
                }
                return DetectionReport.Line(name: name, points: points)
            }
        }
        func metric(_ title: String, _ name: String, scale: Double = 100) -> ComparisonReport.Chart {
            .init(title: title, lines: lines(.evaluation) { $0.metrics?[name].map { scale * $0 } }, hasDots: true)
        }
        let metrics =
            kind == .detection
            ? [metric("AP, percent", "AP"), metric("AP50, percent", "AP50")]
            : [metric("Top-1, percent", "top1"), metric("Validation loss", "loss", scale: 1)]
        let all =
            [.init(title: "Loss of training", lines: lines(.step) { $0.loss })] + metrics
            + [ComparisonReport.Chart(title: "Learning rate", lines: lines(.step) { $0.learningRate })]
        charts = all.filter { $0.lines.contains { !$0.points.isEmpty } }
    }
}
