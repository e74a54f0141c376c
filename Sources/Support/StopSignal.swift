import Foundation
import Synchronization

/// Turns Ctrl-C into a request to stop, which a loop checks between steps.
///
/// The first SIGINT, SIGTERM or SIGHUP is the request; a second one ends the process at once. SIGHUP comes when a terminal
/// is closed; where it is ignored, as under `nohup`, it stays so.
public enum StopSignal {
    private static let requests = Atomic<Int>(0)
    private static let saves = Atomic<Bool>(true)
    private static let speaks = Atomic<Bool>(true)
    private static let savingMessage: StaticString =
        "\nStopping after this step, then saving; once more to quit at once without saving.\n"
    private static let message: StaticString = "\nStopping; once more to quit at once without clearing up.\n"

    /// Whether a stop was asked for since `watching` began; within `asking`, what that says.
    public static var isRequested: Bool { answer?() ?? (requests.load(ordering: .relaxed) > 0) }

    @TaskLocal private static var answer: (@Sendable () -> Bool)?

    /// Runs `body`, which stops once `isStopped` says so and does not heed signals: for work that others asked for, and that
    /// ends when they no longer want it.
    package static func asking<R>(_ isStopped: @escaping @Sendable () -> Bool, _ body: () throws -> R) rethrows -> R {
        try $answer.withValue(isStopped, operation: body)
    }

    /// Asks for a stop as a signal would.
    public static func request() {
        requests.add(1, ordering: .relaxed)
    }

    /// Runs `body` with the signals caught; afterwards they do what they did before. A pipe that nobody reads any more does
    /// not end the process meanwhile if `body` saves its work.
    ///
    /// - Parameters:
    ///   - saving: Whether `body` saves its work when it is stopped; only the message to the user depends on it.
    ///   - speaking: Whether the user is told; of several processes that get the signal, one does.
    ///   - body: The work, which checks ``isRequested`` between steps.
    /// - Returns: What `body` returns.
    public static func watching<R>(
        saving: Bool = true, speaking: Bool = true, _ body: () throws -> R
    ) rethrows -> R {
        speaks.store(speaking, ordering: .relaxed)
        requests.store(0, ordering: .relaxed)
        saves.store(saving, ordering: .relaxed)
        let signals = [SIGINT, SIGTERM, SIGHUP] + (saving ? [SIGPIPE] : [])
        var previous = signals.map { _ in sigaction() }
        for (index, number) in signals.enumerated() {
            var action = sigaction()
            if number == SIGPIPE {
                action.__sigaction_handler.sa_handler = SIG_IGN
            } else {
                action.__sigaction_handler.sa_handler = { StopSignal.receive($0) }
            }
            action.sa_flags = SA_RESTART
            sigaction(number, nil, &previous[index])
            if number == SIGHUP, isIgnored(previous[index]) { continue }
            sigaction(number, &action, nil)
        }
        defer {
            for (index, number) in signals.enumerated() { sigaction(number, &previous[index], nil) }
        }
        return try body()
    }

    private static func isIgnored(_ action: sigaction) -> Bool {
        unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
    }

    /// Runs in the signal handler: nothing here allocates or locks.
    private static func receive(_ number: Int32) {
        let (old, _) = requests.add(1, ordering: .relaxed)
        guard old == 0 else { _exit(128 + number) }
        guard speaks.load(ordering: .relaxed) else { return }
        let text = saves.load(ordering: .relaxed) ? savingMessage : message
        text.withUTF8Buffer { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
