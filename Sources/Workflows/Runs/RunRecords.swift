import Evaluation
import Tensors
import Training

/// What a run notes for other programs and for later readers, beside what it needs itself.
struct RunRecords {
    let logging: LoggingSection
    let device: Device
    /// The parts of the data. Checksums take time: it is asked once training begins, in the process that writes.
    let data: RunData
    /// Pictures and curves of the evaluation that was just done; nil for tasks that have none.
    var evidence: (() throws -> [SummaryValue])?

    /// What writes the files in a run's folder while it trains.
    ///
    /// - Parameters:
    ///   - recipe: The recipe's text.
    ///   - processes: How many train together.
    func observers(in folder: RunFolder, recipe: String, seed: UInt64, processes: Int) -> [any TrainingObserver] {
        let environment = EnvironmentLog(
            path: folder.environment, seed: seed, device: device, processes: processes, data: data)
        guard logging.tensorboard else { return [environment] }
        let log = TensorBoardLog(folder: folder.path, texts: [("recipe", recipe)])
        return [environment, log] + (evidence.map { [EvidenceLog(log, evidence: $0)] } ?? [])
    }
}

/// Shows in TensorBoard what each evaluation found.
private final class EvidenceLog: DispensableObserver {
    private let log: TensorBoardLog
    private let evidence: () throws -> [SummaryValue]

    init(_ log: TensorBoardLog, evidence: @escaping () throws -> [SummaryValue]) {
        self.log = log
        self.evidence = evidence
    }

    func handle(_ event: TrainingEvent) throws {
        guard case .evaluated(let report) = event else { return }
        let values = try evidence()
        // Why there is no file, the log has said itself.
        if log.isOpen && !values.isEmpty { try log.add(values, step: report.step) }
    }
}

extension ThresholdCounts {
    /// The curve of precision against recall that TensorBoard shows.
    var curve: SummaryValue {
        SummaryValue("precision_recall/\(name)", .precisionRecall(.init(right: right, wrong: wrong, missed: missed)))
    }
}
