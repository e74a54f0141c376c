import Foundation

/// Writes a run's losses, learning rate, speed and metrics to a file that TensorBoard reads: `events.out.tfevents.…` in the
/// run's folder. Each start of the run has a file of its own.
///
/// If the file can't be written, the next evaluation tries again with another one.
public final class TensorBoardLog: DispensableObserver {
    private let folder: String
    private let texts: [(tag: String, text: String)]
    private let recordEvery: Int
    private let now: () -> Double
    private var file: EventFile?

    /// A log in a folder, which exists once training begins.
    ///
    /// - Parameters:
    ///   - folder: The run's folder.
    ///   - texts: What is shown as text, such as the recipe.
    ///   - recordEvery: Steps between two records.
    ///   - now: Seconds since 1970.
    public init(
        folder: String, texts: [(tag: String, text: String)] = [], recordEvery: Int = 1,
        now: @escaping () -> Double = { Date().timeIntervalSince1970 }
    ) {
        self.folder = folder
        self.texts = texts
        self.recordEvery = max(recordEvery, 1)
        self.now = now
    }

    /// Whether there is a file; if not, it could not be written.
    package var isOpen: Bool { file != nil }

    /// Writes what TensorBoard shows of the event.
    ///
    /// - Throws: `TrainingError.cannotWrite`.
    public func handle(_ event: TrainingEvent) throws {
        if case .started(let plan) = event {
            file = nil
            try writing { file in
                try file.append(.start(step: plan.firstStep == 0 ? 0 : plan.firstStep + 1), time: now())
                guard !texts.isEmpty else { return }
                try file.append(
                    texts.map { SummaryValue($0.tag, .text($0.text)) }, step: plan.firstStep, time: now())
            }
        } else if let record = MetricsRecord(event, every: recordEvery) {
            if record.kind == .step && file == nil { return }
            try add(record.summary, step: record.step)
        }
    }

    /// Writes further values, such as pictures of an evaluation.
    ///
    /// - Throws: `TrainingError.cannotWrite`.
    public func add(_ values: [SummaryValue], step: Int) throws {
        try writing { try $0.append(values, step: step, time: now()) }
    }

    /// Runs `body` with the file, a new one if there is none; a file that fails is given up.
    private func writing(_ body: (EventFile) throws -> Void) throws {
        do {
            let open = try file ?? EventFile(in: folder, time: now())
            file = open
            try body(open)
        } catch {
            file = nil
            throw error
        }
    }
}

extension MetricsRecord {
    /// The record's numbers under the names that TensorBoard shows.
    var summary: [SummaryValue] {
        func scalar(_ tag: String, _ value: Double?) -> SummaryValue? { value.map { SummaryValue(tag, .scalar($0)) } }
        func group(_ name: String, _ values: [String: Double]?) -> [SummaryValue] {
            (values ?? [:]).sorted { $0.key < $1.key }.map { SummaryValue("\(name)/\($0.key)", .scalar($0.value)) }
        }
        let single: [SummaryValue?] =
            switch kind {
            case .step:
                [
                    scalar("loss", loss), scalar("training/learning_rate", learningRate),
                    scalar("training/gradient_norm", gradientNorm), scalar("training/loss_scale", lossScale),
                    scalar("training/images_per_second", imagesPerSecond), scalar("training/data_share", dataShare),
                    scalar("training/epoch", epoch),
                ]
            case .evaluation: [scalar("evaluation_seconds", seconds)]
            }
        return single.compactMap(\.self) + group("loss", losses) + group("evaluation", metrics)
    }
}
