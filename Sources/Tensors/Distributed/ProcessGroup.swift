import CTorch
import Foundation

/// The processes that train one model together, joined by Gloo, and their GPUs by NCCL where there is one (c10d's
/// `ProcessGroup`). Every call must be made by all of them, in the same order.
///
/// Tensors of other devices than the CPU and CUDA's are not carried.
package final class ProcessGroup {
    /// Whether GPUs exchange tensors directly, by NCCL; else by way of the host.
    package static var connectsGPUs: Bool { ct_has_nccl() }

    let raw: OpaquePointer
    /// The number of this process, from 0.
    package let rank: Int
    /// How many processes there are.
    package let size: Int

    /// Joins the others; waits until all are there.
    ///
    /// - Parameter timeout: seconds that an operation may wait for the others.
    /// - Throws: ``ProcessGroupError``, as all methods do.
    package init(_ store: ProcessStore, rank: Int, size: Int, timeout: Double) throws {
        var out: ct_process_group?
        guard ct_process_group_new(store.raw, Int32(rank), Int32(size), timeout, &out) == 0, let out else {
            throw ProcessGroupError("joining the processes")
        }
        raw = out
        self.rank = rank
        self.size = size
    }

    deinit { ct_process_group_free(raw) }

    /// Replaces each tensor by the sum of all processes' ones.
    package func sum(_ tensors: [Tensor]) throws {
        try check(withHandles(tensors) { ct_all_reduce(raw, $0, $1) }, "a sum over the processes")
    }

    /// Replaces each tensor by the first process's.
    package func broadcast(_ tensors: [Tensor]) throws {
        try check(withHandles(tensors) { ct_broadcast(raw, $0, $1) }, "a broadcast to the processes")
    }

    /// The numbers of all processes, by rank; each must bring as many.
    package func gather(_ numbers: [Double]) throws -> [[Double]] {
        guard !numbers.isEmpty else { return Array(repeating: [], count: size) }
        var out: ct_tensor?
        let own = Tensor(numbers, shape: [numbers.count])
        try check(ct_all_gather(raw, own.raw, &out), "a gathering of the processes")
        guard let out else { return [] }
        let all = Tensor(owning: out).array(Double.self)
        return (0..<size).map { Array(all[$0 * numbers.count..<($0 + 1) * numbers.count]) }
    }

    /// The lists of all processes, by rank, which may differ in length. Numbers keep their bits.
    package func gather(lists numbers: [Double]) throws -> [[Double]] {
        let counts = try gather([Double(numbers.count)]).map { Int($0[0]) }
        let longest = counts.max() ?? 0
        let padded = numbers + Array(repeating: 0, count: longest - numbers.count)
        return try zip(gather(padded), counts).map { Array($0.prefix($1)) }
    }

    /// The texts of all processes, by rank.
    package func gather(_ text: String) throws -> [String] {
        let bytes = Array(text.utf8)
        return try gather(lists: bytes.map(Double.init)).map {
            String(decoding: $0.map { UInt8($0) }, as: UTF8.self)
        }
    }

    /// Waits until all processes are here.
    package func barrier() throws { try check(ct_barrier(raw), "a barrier of the processes") }

    private func check(_ status: ct_status, _ action: String) throws {
        if status != 0 { throw ProcessGroupError(action) }
    }

    /// A map `[N, C, …]` less the mean of each channel over all processes, divided by the root of the variance and `epsilon`.
    ///
    /// - Returns: the map, and without gradients the mean and the biased variance, `[C]`, and how many elements a channel has,
    ///   `[1]`.
    package func normalized(
        _ x: Tensor, epsilon: Double
    ) -> (map: Tensor, mean: Tensor, variance: Tensor, count: Tensor) {
        var (map, mean, variance, count): (ct_tensor?, ct_tensor?, ct_tensor?, ct_tensor?)
        let status = ct_synchronized_norm(raw, x.raw, epsilon, &map, &mean, &variance, &count)
        if status != 0, status != CT_OUT_OF_MEMORY {
            // Another process is lost, within operations that can't throw: whoever watches the processes ends this one.
            sleep(60)
        }
        Tensors.check(status, "synchronized batch norm", [x])
        guard let map, let mean, let variance, let count else { fatalError("the engine returned no tensor") }
        return (Tensor(owning: map), Tensor(owning: mean), Tensor(owning: variance), Tensor(owning: count))
    }
}

/// Averages gradients over all processes while the backward pass goes on (c10d's `Reducer`, which PyTorch's
/// DistributedDataParallel is made of).
package final class GradientReducer {
    private let raw: OpaquePointer
    private let group: ProcessGroup
    private let parameters: [Tensor]

    /// A reducer of parameters, each of which gets a gradient in every backward pass. Their gradients become views of the
    /// reducer's buckets; so as long as it lives, they may be set to zero or dropped, but not exchanged.
    package init(_ group: ProcessGroup, parameters: [Tensor]) throws {
        var out: ct_reducer?
        let status = withHandles(parameters) { ct_reducer_new(group.raw, $0, $1, &out) }
        guard status == 0, let out else { throw ProcessGroupError("preparing the gradients' exchange") }
        raw = out
        self.group = group
        self.parameters = parameters
    }

    deinit { ct_reducer_free(raw) }

    /// When the gradients of a backward pass travelled.
    package struct PassTimes: Hashable, Sendable {
        /// A bucket of gradients: when it left and when it had arrived, in seconds from the begin of the pass.
        package struct Transfer: Hashable, Sendable {
            package var start, end: Double
            package var bytes: Int

            package init(start: Double, end: Double, bytes: Int) {
                (self.start, self.end, self.bytes) = (start, end, bytes)
            }
        }

        /// How long the pass took, until the last bucket had arrived.
        package var seconds: Double
        /// The buckets in the order in which they left.
        package var transfers: [Transfer]

        package init(seconds: Double, transfers: [Transfer]) {
            (self.seconds, self.transfers) = (seconds, transfers)
        }
    }

    /// Keeps ``times`` from the next pass on.
    package func recordTimes() throws {
        guard ct_reducer_record(raw, group.raw) == 0 else {
            throw ProcessGroupError("recording the gradients' exchange")
        }
    }

    /// The times of the last pass.
    package var times: PassTimes {
        var transfers = [ct_transfer](repeating: ct_transfer(), count: parameters.count)
        var seconds = 0.0
        let count = ct_reducer_times(raw, &seconds, &transfers, Int32(transfers.count))
        return PassTimes(
            seconds: seconds,
            transfers: transfers.prefix(Int(count)).map { .init(start: $0.start, end: $0.end, bytes: Int($0.bytes)) })
    }

    /// The backward pass of a loss `[]`, after which every gradient is the mean over all processes of what it was before and
    /// what the pass adds.
    ///
    /// - Throws: ``ProcessGroupError``; `OutOfMemory` within ``throwingOutOfMemory(_:)``.
    package func backward(_ loss: Tensor) throws {
        let status = ct_reducer_backward(raw, loss.raw)
        if status == CT_OUT_OF_MEMORY { Tensors.check(status, "backward", [loss]) }
        guard status == 0 else { throw ProcessGroupError("exchanging gradients") }
    }
}
