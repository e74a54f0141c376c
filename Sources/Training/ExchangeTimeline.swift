import Foundation
import Support
import Tensors

/// A file that shows when the gradients of each step travelled between the processes, beside the backward pass: trace events in
/// JSON, which <https://ui.perfetto.dev> and chrome://tracing draw.
package final class ExchangeTimeline {
    private let path: String
    private let file: FileHandle
    private let began = ContinuousClock.now
    /// Seconds of all steps in which gradients travelled, and of these the ones beside the backward pass.
    private var travelled = 0.0
    private var besideWork = 0.0
    private var steps = 0

    /// A new file; one of this name is replaced.
    ///
    /// - Throws: `WholeFileError` where the file can't be written, as ``add(_:)`` does.
    package init(path: String) throws {
        self.path = path
        // The format's readers do without the bracket at the end, so the file is whole after each step.
        try WholeFile.write("[\n", to: path)
        guard let file = FileHandle(forWritingAtPath: path) else {
            throw WholeFileError(path: path, attempt: .open, code: errno)
        }
        self.file = file
        try file.seekToEnd()
    }

    deinit { try? file.close() }

    /// Adds a step whose backward pass has just ended.
    package func add(_ pass: GradientReducer.PassTimes) throws {
        let end = (ContinuousClock.now - began) / .seconds(1)
        let start = end - pass.seconds
        // The last bucket leaves when the last gradient has been computed.
        let computed = pass.transfers.map(\.start).max() ?? pass.seconds
        var events = [
            event("backward pass", track: 0, from: start, to: start + computed),
            event("waiting for gradients", track: 0, from: start + computed, to: end),
        ]
        for (index, transfer) in pass.transfers.enumerated() {
            let size = String(format: "%.1f MB", Double(transfer.bytes) / 1e6)
            events.append(
                event(
                    "bucket \(index + 1), \(size)", track: index + 1, from: start + transfer.start,
                    to: start + transfer.end))
        }
        steps += 1
        let (all, beside) = Self.travelling(pass, until: computed)
        travelled += all
        besideWork += beside
        do {
            try file.write(contentsOf: Data(events.map { $0 + ",\n" }.joined().utf8))
        } catch {
            throw WholeFileError(path: path, attempt: .write, code: errno)
        }
    }

    /// How long gradients travelled in a step, and for how much of it the backward pass went on.
    package var summary: String? {
        guard steps > 0, travelled > 0 else { return nil }
        func milliseconds(_ seconds: Double) -> String { String(format: "%.0f", 1000 * seconds / Double(steps)) }
        return
            "gradients travelled for \(milliseconds(travelled)) ms of a step, \(milliseconds(besideWork)) ms of them beside "
            + "the backward pass (\(path))"
    }

    /// The time in which at least one bucket travelled, and what of it lies before a moment.
    private static func travelling(
        _ pass: GradientReducer.PassTimes, until moment: Double
    ) -> (all: Double, before: Double) {
        var (all, before, reached) = (0.0, 0.0, 0.0)
        for transfer in pass.transfers.sorted(by: { $0.start < $1.start }) where transfer.end > reached {
            let start = max(transfer.start, reached)
            all += transfer.end - start
            before += max(0, min(transfer.end, moment) - start)
            reached = transfer.end
        }
        return (all, before)
    }

    private func event(_ name: String, track: Int, from start: Double, to end: Double) -> String {
        let (begin, length) = (Int(start * 1e6), max(0, Int((end - start) * 1e6)))
        return #"{"name":"\#(name)","ph":"X","ts":\#(begin),"dur":\#(length),"pid":0,"tid":\#(track)}"#
    }
}
