import Foundation
import Support
import Tensors

/// Looks after the other processes of a training, on threads of its own: a process that was killed, stopped or failed ends
/// all the others within half a minute, with a line that names it, where they would wait for it in an exchange.
///
/// Every process counts its heartbeats in the store and watches those of the next; who misses one writes down the failure,
/// which all read.
final class ProcessWatch: @unchecked Sendable {
    /// Seconds without a sign of life after which a process counts as lost.
    static let patience = 20.0

    private let store: ProcessStore
    private let place: ProcessPlace
    private let launcher: pid_t?
    private let monitor = Monitor()
    // Under the monitor:
    private var isOver = false
    private var lastRound = Date()
    private var lastWakeUp = Date()

    /// Watches until ``end()``.
    ///
    /// - Parameters:
    ///   - store: a connection for this alone.
    ///   - launcher: the process that began this one and ends with it; nil looks for none.
    init(_ store: ProcessStore, _ place: ProcessPlace, launcher: pid_t?) {
        self.store = store
        self.place = place
        self.launcher = launcher
        Thread.detachNewThread { [self] in beat() }
        Thread.detachNewThread { [self] in lookAfterBeat() }
    }

    /// Stops watching.
    func end() { monitor.locked { isOver = true } }

    /// Writes down why this process, or another one, fails, so that the others can say it. False where a failure was written
    /// down before.
    @discardableResult
    func tell(_ failure: String) -> Bool {
        guard (try? store.add(1, to: Self.failure + "s")) == 1 else { return false }
        try? store.set(Self.failure, failure)
        return true
    }

    private static let failure = "failure"

    private func beat() {
        let next = (place.rank + 1) % place.size
        var seen = -1, since = Date()
        while monitor.locked({ !isOver }) {
            do {
                try store.add(1, to: "beat/\(place.rank)")
                if try store.has(Self.failure) {
                    let failure = try store.value(of: Self.failure)
                    // What fails in all processes, such as a wrong recipe, ends this one by itself in a moment.
                    Thread.sleep(forTimeInterval: 2)
                    endProcess(because: failure)
                }
                let beats = try store.add(0, to: "beat/\(next)")
                let now = Date()
                if beats != seen || wasAsleep(now) {
                    (seen, since) = (beats, now)
                } else if now.timeIntervalSince(since) > Self.patience {
                    tell(
                        "rank \(next) has given no sign of life for \(Int(Self.patience)) s: it was killed or stopped, or its "
                            + "machine hangs")
                }
            } catch {
                if monitor.locked({ isOver }) { return }
                endProcess(because: storeIsGone)
            }
            monitor.locked { lastRound = Date() }
            Thread.sleep(forTimeInterval: 1)
        }
    }

    private var storeIsGone: String {
        place.launcherServesStore
            ? "the launcher, which holds the processes' store, is gone"
            : "rank 0, which holds the processes' store, is gone or was stopped"
    }

    /// Whether this process itself was stopped until a moment ago, so that others only seem to be silent.
    private func wasAsleep(_ now: Date) -> Bool {
        monitor.locked { now.timeIntervalSince(lastWakeUp) > 5 }
    }

    /// A store that does not answer, because its process was stopped, holds up the other thread.
    private func lookAfterBeat() {
        while monitor.locked({ !isOver }) {
            let began = Date()
            Thread.sleep(forTimeInterval: 1)
            let now = Date()
            let silence = monitor.locked {
                lastWakeUp = now
                if now.timeIntervalSince(began) > 5 { lastRound = now }
                return isOver ? 0 : now.timeIntervalSince(lastRound)
            }
            if silence > Self.patience { endProcess(because: storeIsGone) }
            if let launcher, getppid() != launcher { endProcess(because: "the process that began it is gone") }
        }
    }

    private func endProcess(because reason: String) {
        let isFirst = monitor.locked {
            defer { isOver = true }
            return !isOver
        }
        guard isFirst else { return }
        writeToStandardError("vertebra: rank \(place.rank) of \(place.size) ends: \(reason)\n".withVisibleControls)
        _exit(1)
    }
}
