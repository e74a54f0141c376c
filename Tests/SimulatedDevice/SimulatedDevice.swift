import CSimulatedDevice
import CTorch
import Foundation
import Tensors

/// A device that computes as the CPU does and whose memory the host can't touch: what runs on it in a test uses no memory of
/// the wrong side, and gives the numbers of the CPU's composed operations to the last bit.
package enum SimulatedDevice {
    /// What was asked of the device.
    package struct Counts: Equatable, CustomStringConvertible {
        /// Operations on the device, copies among them.
        package var kernels: Int
        package var uploads: Int
        package var downloads: Int
        /// How often the host waited for the device: downloads, uploads that are not from pinned memory, and results of a size that only the device knows.
        package var hostWaits: Int

        package init(kernels: Int, uploads: Int, downloads: Int, hostWaits: Int) {
            (self.kernels, self.uploads, self.downloads, self.hostWaits) = (kernels, uploads, downloads, hostWaits)
        }

        package var description: String {
            "\(kernels) kernels, \(uploads) uploads, \(downloads) downloads, \(hostWaits) waits"
        }
    }

    /// Runs `body` with the device as this process's `cuda:0`.
    ///
    /// - Parameters:
    ///   - hasKernels: whether it runs the toolkit's kernels for GPUs, which are compiled for the CPU here.
    ///   - dividesAsCUDA: whether it divides by a number of the host as CUDA does, by multiplying with its reciprocal.
    ///   - body: is given the device.
    package static func use<R>(
        hasKernels: Bool = false, dividesAsCUDA: Bool = false, _ body: (Device) throws -> R
    ) rethrows -> R {
        simulated_device_show(true)
        ct_set_kernel_runner(hasKernels ? simulated_device_run_kernel : nil)
        simulated_device_divide_as_cuda(dividesAsCUDA)
        defer {
            simulated_device_show(false)
            ct_set_kernel_runner(nil)
            simulated_device_divide_as_cuda(false)
        }
        return try body(.cuda(0))
    }

    /// Runs `body` on the CPU with composed operations, as the device runs.
    package static func composed<R>(_ body: (Device) throws -> R) rethrows -> R {
        NativeOperations.areAllowed = false
        defer { NativeOperations.areAllowed = true }
        return try body(.cpu)
    }

    /// Where numbers of the device differ from those of the CPU, and by how much; nil where all are equal.
    package static func difference(_ there: [[Float]], _ here: [[Float]]) -> String? {
        guard there.map(\.count) == here.map(\.count) else {
            return "\(there.map(\.count)) numbers, \(here.map(\.count))"
        }
        let places = there.indices.filter { there[$0] != here[$0] }
        guard let first = places.first else { return nil }
        let most = zip(there[first], here[first]).map { abs($0 - $1) }.max() ?? 0
        return "\(places.count) of \(there.count) lists differ, the first is number \(first), by up to \(most)"
    }

    /// What `body` asks of the device, and the operations, one a line with its number.
    package static func counts(_ body: () throws -> Void) rethrows -> (counts: Counts, operations: String) {
        simulated_device_reset_counts()
        try body()
        let found = simulated_device_counts()
        let text = simulated_device_list()
        defer { free(text) }
        let counts = Counts(
            kernels: Int(found.kernels), uploads: Int(found.uploads), downloads: Int(found.downloads),
            hostWaits: Int(found.host_waits))
        return (counts, text.map { String(cString: $0) } ?? "")
    }

    /// Bytes of the device's memory in use.
    package static var memory: Int { Int(simulated_device_memory()) }

    /// What a process that reads the device's memory says, and the signal that ends it; 0 for none.
    package static var touch: (message: String, signal: Int32) {
        var signal: Int32 = 0
        let text = simulated_device_message_of_a_touch(&signal)
        defer { free(text) }
        return (text.map { String(cString: $0) } ?? "", signal)
    }

    /// What the device finds of a 1 that is copied beside its work: where it waits for the copy, and where it does not.
    package static var arrivals: (waiting: Float, notWaiting: Float) {
        let found = simulated_device_arrivals()
        return (found.waiting, found.not_waiting)
    }

    /// The device's message of an index that was left on the host; empty if it has none.
    package static var messageOfAMissingTransfer: String {
        let text = simulated_device_message_of_a_missing_transfer()
        defer { free(text) }
        return text.map { String(cString: $0) } ?? ""
    }
}
