/// Which of an epoch's batches one of several processes loads. All of them make the same batches in the same order, so that
/// the number of processes changes nothing but who takes which.
public struct BatchShare: Hashable, Sendable {
    /// Batches of one optimiser step, over all processes. Evaluation has as many as there are processes.
    public let stepBatches: Int
    /// The number of this process, from 0.
    public let part: Int
    /// How many processes there are.
    public let parts: Int
    /// Whether batches at an epoch's end that are too few for a step are left out, as where the processes compute each step
    /// together.
    public let wholeSteps: Bool

    /// The share of process `part` of `parts`: that part of each step's batches, in order. Numbers that don't divide trap.
    public init(stepBatches: Int = 1, part: Int = 0, parts: Int = 1, wholeSteps: Bool = false) {
        precondition(
            parts > 0 && (0..<parts).contains(part) && stepBatches > 0 && stepBatches % parts == 0,
            "part \(part) of \(parts) of \(stepBatches) batches")
        self.stepBatches = stepBatches
        self.part = part
        self.parts = parts
        self.wholeSteps = wholeSteps
    }

    /// The numbers in its step, from 0, of this process's batches of a step that has `count` of them.
    public func own(of count: Int) -> Range<Int> {
        let each = stepBatches / parts
        return min(part * each, count)..<min((part + 1) * each, count)
    }

    /// Whether this process takes batch number `batch` of an epoch.
    func takes(_ batch: Int) -> Bool { own(of: stepBatches).contains(batch % stepBatches) }
}
