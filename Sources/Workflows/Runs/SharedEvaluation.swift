import DataPipeline
import Foundation
import Support
import Training

extension TrainingProcesses? {
    /// Every n-th batch of an evaluation by `n` processes, beginning with the process's rank.
    var evaluationShare: BatchShare {
        map { BatchShare(stepBatches: $0.size, part: $0.rank, parts: $0.size) } ?? BatchShare()
    }

    /// Ends an evaluation in all processes, once all have done their share, where one of them was asked to stop.
    ///
    /// - Throws: `Stopped`, `ProcessGroupError`.
    func agree(isStopped: Bool) throws {
        let isStopped = try self?.group.gather([isStopped ? 1 : 0]).contains { $0[0] > 0 } ?? isStopped
        if isStopped { throw Stopped() }
    }
}

extension TrainingProcesses {
    /// The values of all processes, by rank, each sent as JSON.
    public func gather<Value: Codable>(_ value: Value) throws -> [Value] {
        let text = String(decoding: try JSONEncoder().encode(value), as: UTF8.self)
        return try group.gather(text).map { try JSONDecoder().decode(Value.self, from: Data($0.utf8)) }
    }

    /// The elements of all processes' lists, those of rank 0 first.
    public func gather<Element: Codable>(all own: [Element]) throws -> [Element] { try gather(own).flatMap { $0 } }
}
