import Foundation
import Support
import Tensors

/// One line of `metrics.jsonl`.
public struct MetricsRecord: Codable, Hashable, Sendable {
    /// What a line tells of.
    public enum Kind: String, Codable, Sendable {
        /// A step was taken.
        case step
        /// The model was measured.
        case evaluation
    }

    /// Whether the line is about a step or an evaluation.
    public var kind: Kind
    /// Steps taken so far.
    public var step: Int
    /// Epochs completed, a fraction within one.
    public var epoch: Double
    /// The sum of the step's terms.
    public var loss: Double?
    /// The step's terms by name.
    public var losses: [String: Double]?
    /// The learning rate that the step was taken with.
    public var learningRate: Double?
    /// The gradients' common norm before clipping; not finite where the step was left out.
    public var gradientNorm: Double?
    /// The factor on the loss after the step.
    public var lossScale: Double?
    /// Steps of the run that were left out so far.
    public var skippedSteps: Int?
    /// Images of the step over its seconds.
    public var imagesPerSecond: Double?
    /// Share of the step's time that was spent waiting for data, 0…1.
    public var dataShare: Double?
    /// The evaluation's metrics by name.
    public var metrics: [String: Double]?
    /// Whether the evaluation is the best so far.
    public var isBest: Bool?
    /// Seconds that the step or the evaluation took.
    public var seconds: Double?

    enum CodingKeys: String, CodingKey {
        case kind, step, epoch, loss, losses, metrics, seconds
        case learningRate = "learning_rate"
        case gradientNorm = "gradient_norm"
        case lossScale = "loss_scale"
        case skippedSteps = "skipped_steps"
        case imagesPerSecond = "images_per_second"
        case dataShare = "data_share"
        case isBest = "is_best"
    }
}

extension MetricsRecord {
    /// The record of a step or an evaluation; nil for other events, and for steps between those that are recorded.
    ///
    /// - Parameter every: Steps between two records. The last step of an epoch is always recorded.
    init?(_ event: TrainingEvent, every: Int) {
        switch event {
        case .step(let report) where report.step % every == 0 || report.stepInEpoch == report.stepsPerEpoch:
            self.init(
                kind: .step, step: report.step,
                epoch: Double(report.epoch) + Double(report.stepInEpoch) / Double(max(report.stepsPerEpoch, 1)),
                loss: report.totalLoss,
                losses: Dictionary(report.losses.map { ($0.name, $0.value) }, uniquingKeysWith: +),
                learningRate: report.learningRate, gradientNorm: report.gradientNorm,
                lossScale: report.lossScale?.value, skippedSteps: report.lossScale?.skippedSteps,
                imagesPerSecond: Double(report.images) / max(report.seconds, 1e-9),
                dataShare: report.dataSeconds / max(report.seconds, 1e-9), seconds: report.seconds)
        case .evaluated(let report):
            self.init(
                kind: .evaluation, step: report.step, epoch: Double(report.epoch), metrics: report.metrics,
                isBest: report.isBest, seconds: report.seconds)
        default:
            return nil
        }
    }
}

/// Appends a JSON line for every step and evaluation of a run to one file.
public final class MetricsLog: TrainingObserver {
    let path: String
    private let recordEvery: Int
    private var descriptor: Int32 = -1
    private let encoder = JSONEncoder()

    /// A log that appends records to a file.
    ///
    /// - Parameters:
    ///   - path: The file; the first record makes it.
    ///   - recordEvery: Steps between two records.
    public init(path: String, recordEvery: Int = 1) {
        self.path = path
        self.recordEvery = max(recordEvery, 1)
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// The records of a file; lines that a crash cut short are passed over.
    ///
    /// - Throws: Foundation's error where the file can't be read.
    public static func records(_ path: String) throws -> [MetricsRecord] {
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
        return try lines(path).compactMap { try? decoder.decode(MetricsRecord.self, from: $0) }
    }

    /// The records of a file, and the number of lines that can't be read, as one that a crash cut short.
    ///
    /// - Throws: Foundation's error where the file can't be read.
    package static func recordsAndDamage(_ path: String) throws -> (records: [MetricsRecord], damagedLines: Int) {
        let records = try records(path)
        return (records, try lines(path).count - records.count)
    }

    /// Takes back what was recorded after a checkpoint that the run returns to, so that no step is there twice.
    ///
    /// - Parameter evaluationIsPending: Whether the evaluation at `step` itself will be done again.
    package func rewind(to step: Int, evaluationIsPending: Bool) throws {
        guard FileManager.default.fileExists(atPath: path) else { return }
        struct Position: Decodable {
            let kind: MetricsRecord.Kind
            let step: Int
        }
        do {
            let file = try WholeFile(path: path)
            for line in try Self.lines(path) {
                guard let position = try? JSONDecoder().decode(Position.self, from: line), position.step <= step,
                    !(evaluationIsPending && position.kind == .evaluation && position.step == step)
                else { continue }
                try file.write([UInt8](line) + [UInt8(ascii: "\n")])
            }
            try file.commit()
        } catch let error as WholeFileError {
            throw TrainingError.cannotWrite(path: path, reason: error.reason)
        }
    }

    private static func lines(_ path: String) throws -> [Data] {
        try Data(contentsOf: URL(fileURLWithPath: path)).split(separator: UInt8(ascii: "\n"))
    }

    /// Appends a line for a step or an evaluation.
    ///
    /// - Throws: `TrainingError.cannotWrite`.
    public func handle(_ event: TrainingEvent) throws {
        if let record = MetricsRecord(event, every: recordEvery) { try append(record) }
    }

    private func append(_ record: MetricsRecord) throws {
        if descriptor < 0 { descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644) }
        guard descriptor >= 0 else {
            throw TrainingError.cannotWrite(path: path, reason: String(cString: strerror(errno)))
        }
        let line = try encoder.encode(record) + [UInt8(ascii: "\n")]
        let written = line.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        guard written == line.count else {
            let reason = written < 0 ? String(cString: strerror(errno)) : "the disk is full"
            throw TrainingError.cannotWrite(path: path, reason: reason)
        }
    }
}
