/// Smooths what steps report: losses, rate and waiting over the last steps.
package struct ProgressMeter: Sendable {
    private let window: Int
    private var recent: [StepReport] = []
    private var names: [String] = []
    private var averages: [String: (sum: Double, weight: Double)] = [:]
    private let retention = 0.95

    /// A meter without reports yet.
    ///
    /// - Parameter window: how many steps the rate and the share of waiting are taken over.
    package init(window: Int = 50) {
        self.window = max(window, 1)
    }

    package mutating func add(_ report: StepReport) {
        recent.append(report)
        if recent.count > window { recent.removeFirst() }
        names = report.losses.map(\.name)
        for loss in report.losses {
            let old = averages[loss.name] ?? (0, 0)
            averages[loss.name] = (
                retention * old.sum + (1 - retention) * loss.value, retention * old.weight + (1 - retention)
            )
        }
    }

    private var seconds: Double { recent.reduce(0) { $0 + $1.seconds } }

    package var imagesPerSecond: Double {
        seconds > 0 ? Double(recent.reduce(0) { $0 + $1.images }) / seconds : 0
    }

    /// Share of the time that went into waiting for batches, between 0 and 1.
    package var dataShare: Double {
        seconds > 0 ? recent.reduce(0) { $0 + $1.dataSeconds } / seconds : 0
    }

    /// Terms in the task's order, exponentially smoothed over some twenty steps.
    package var losses: [StepReport.Loss] {
        names.compactMap { name in
            averages[name].map { StepReport.Loss(name: name, value: $0.sum / $0.weight) }
        }
    }

    package var totalLoss: Double { losses.reduce(0) { $0 + $1.value } }

    /// Seconds that `steps` more would take.
    package func secondsLeft(steps: Int) -> Double? {
        recent.isEmpty ? nil : seconds / Double(recent.count) * Double(steps)
    }
}
