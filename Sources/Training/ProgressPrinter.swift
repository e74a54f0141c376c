import Foundation
import Support

/// Shows a run to a person: a bar that is redrawn on a terminal, and a line now and then elsewhere.
public final class ProgressPrinter: TrainingObserver {
    /// How progress is shown.
    public enum Style: Sendable {
        /// Redraws a bar, at most `columns` wide.
        case bar(columns: Int)
        /// A line whenever this many seconds have passed, and at the end of each epoch.
        case lines(every: Double)
    }

    private let style: Style
    private let output: (String) -> Void
    private let now: () -> Double
    private var meter = ProgressMeter()
    private var plan: TrainingPlan?
    private var lastShown: Double?
    private var barIsDrawn = false

    /// A printer that hands its text to `output`.
    ///
    /// - Parameters:
    ///   - style: how progress is shown.
    ///   - output: where text goes, with its line ends.
    ///   - now: seconds on a clock that never goes back.
    public init(
        style: Style, output: @escaping (String) -> Void,
        now: @escaping () -> Double = { ProcessInfo.processInfo.systemUptime }
    ) {
        self.style = style
        self.output = output
        self.now = now
    }

    /// Shows the run on standard error: a bar if that is a terminal, else a line every 15 seconds.
    public static func standard() -> ProgressPrinter {
        let isTerminal = isatty(STDERR_FILENO) != 0 && ProcessInfo.processInfo.environment["TERM"] != "dumb"
        return ProgressPrinter(style: isTerminal ? .bar(columns: terminalColumns()) : .lines(every: 15)) {
            writeToStandardError($0)
        }
    }

    private static func terminalColumns() -> Int {
        var size = winsize()
        guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 100 }
        return Int(size.ws_col)
    }

    /// Prints what a person wants to know about the event.
    public func handle(_ event: TrainingEvent) {
        switch event {
        case .started(let plan):
            self.plan = plan
            lastShown = nil
            printLine(Self.opening(plan))
        case .step(let report):
            meter.add(report)
            show(report)
        case .evaluationStarted(let step):
            if case .bar = style { draw("evaluating at step \(step) …") }
        case .evaluated(let report):
            printLine(Self.evaluation(report))
        case .checkpointSaved:
            break
        case .notice(let text):
            printLine(text)
        case .ended(let outcome):
            printLine(Self.closing(outcome))
        case .failed:
            // The bar stays, and what is printed next begins a line.
            if barIsDrawn { output("\n") }
            barIsDrawn = false
        }
    }

    private func show(_ report: StepReport) {
        let time = now()
        let isEpochsEnd = report.stepInEpoch >= report.stepsPerEpoch
        switch style {
        case .bar(let columns):
            guard isEpochsEnd || lastShown.map({ time - $0 >= 0.1 }) ?? true else { return }
            lastShown = time
            if isEpochsEnd {
                printLine(line(report))
            } else {
                draw(bar(report, columns: columns))
            }
        case .lines(let interval):
            guard isEpochsEnd || lastShown.map({ time - $0 >= interval }) ?? true else { return }
            lastShown = time
            printLine(line(report))
        }
    }

    private func draw(_ text: String) {
        output("\r\u{1B}[2K" + text)
        barIsDrawn = true
    }

    private func printLine(_ text: String) {
        output((barIsDrawn ? "\r\u{1B}[2K" : "") + text.withVisibleControls + "\n")
        barIsDrawn = false
    }

    private func bar(_ report: StepReport, columns: Int) -> String {
        let width = 20
        let filled = min(width, width * report.stepInEpoch / max(report.stepsPerEpoch, 1))
        let bar = "[" + String(repeating: "=", count: filled) + String(repeating: " ", count: width - filled) + "]"
        return String("\(epoch(report)) \(bar) \(figures(report))".prefix(max(columns - 1, 20)))
    }

    private func line(_ report: StepReport) -> String {
        "\(epoch(report)) step \(report.stepInEpoch)/\(report.stepsPerEpoch)  \(figures(report))"
    }

    private func epoch(_ report: StepReport) -> String {
        "epoch \(report.epoch + 1)" + (plan?.totalEpochs.map { "/\($0)" } ?? "")
    }

    private func figures(_ report: StepReport) -> String {
        var parts = [
            "loss \(Self.number(meter.totalLoss))", "\(Self.number(meter.imagesPerSecond)) images/s",
            "data \(Int((meter.dataShare * 100).rounded()))%",
        ]
        if let total = plan?.totalSteps, let left = meter.secondsLeft(steps: total - report.step) {
            parts.append("\(Self.duration(left)) left")
        }
        parts.append("lr \(Self.number(report.learningRate))")
        if let scale = report.lossScale {
            let count = scale.skippedSteps
            parts.append("loss scale \(Self.number(scale.value)), \(count) \(count == 1 ? "step" : "steps") left out")
        }
        if meter.losses.count > 1 {
            parts += meter.losses.map { "\($0.name) \(Self.number($0.value))" }
        }
        return parts.joined(separator: "  ")
    }

    private static func opening(_ plan: TrainingPlan) -> String {
        let size = "\(number(Double(plan.parameterCount) / 1e6)) M trainable parameters"
        let length: String
        switch (plan.totalEpochs, plan.totalSteps) {
        case (let epochs?, let steps?): length = "\(epochs) epochs, \(steps) steps"
        case (nil, let steps?): length = "\(steps) steps"
        default: length = "no end set"
        }
        guard let checkpoint = plan.resumedFrom else { return "training: \(length), \(size)" }
        return "resuming at step \(plan.firstStep) from \(checkpoint): \(length), \(size)"
    }

    private static func evaluation(_ report: EvaluationReport) -> String {
        let metrics = report.metrics.sorted { $0.key < $1.key }.map { "\($0.key) \(number($0.value))" }
        return "evaluation at step \(report.step) (\(duration(report.seconds))): "
            + (metrics.isEmpty ? "no metrics" : metrics.joined(separator: "  ")) + (report.isBest ? "  (best)" : "")
    }

    private static func closing(_ outcome: TrainingOutcome) -> String {
        let best = outcome.best.map { "; best \($0.metric) \(number($0.value)) at step \($0.step)" } ?? ""
        let resume = outcome.resumeCommand.map { "\nto go on: \($0)" } ?? ""
        switch outcome.reason {
        case .completed:
            return "done: \(outcome.step) steps in \(duration(outcome.seconds))\(best); \(outcome.lastCheckpoint)"
        case .stoppedEarly:
            let waiting = outcome.earlyStopping
            let than = waiting?.best.map { "\($0.metric) was better than \(number($0.value)) of step \($0.step)" }
            return
                "stopped early at step \(outcome.step): in none of the last \(waiting?.evaluations ?? 0) evaluations "
                + "\(than ?? "there was anything to measure")\(best); \(outcome.lastCheckpoint)"
        case .stopped:
            return "stopped at step \(outcome.step) and saved \(outcome.lastCheckpoint)\(best)\(resume)"
        case .outOfTime:
            return "the time is up: stopped at step \(outcome.step) and saved \(outcome.lastCheckpoint)\(best)\(resume)"
        }
    }

    /// About four digits.
    package static func number(_ value: Double) -> String {
        guard value.isFinite else { return "\(value)" }
        let size = abs(value)
        if size >= 1000 { return String(format: "%.0f", value) }
        if size >= 100 { return String(format: "%.1f", value) }
        if size >= 10 { return String(format: "%.2f", value) }
        if size >= 0.1 { return String(format: "%.3f", value) }
        return String(format: "%.3g", value)
    }

    /// `1:02:03`, `2:03`.
    package static func duration(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds < 1e9 else { return "?" }
        let whole = Int(seconds.rounded())
        let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60)
        return hours > 0
            ? String(format: "%d:%02d:%02d", hours, minutes, rest) : String(format: "%d:%02d", minutes, rest)
    }
}
