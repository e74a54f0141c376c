import Foundation
import Support

/// A sample whose file can't be used, as its header tells.
public struct UnusableFile: Hashable, Sendable {
    /// The sample's index in the data set.
    public let index: Int
    /// Why the file can't be used.
    public let reason: String

    /// Those of `count` samples for which `check` throws. Several threads check, because a file is waited for longer than it
    /// is looked at.
    static func all(
        of count: Int, progress: (_ done: Int, _ total: Int) -> Void, check: @escaping @Sendable (Int) throws -> Void
    ) -> [UnusableFile] {
        let group = 64, groups = (count + group - 1) / group
        var shown = ContinuousClock.now
        let found: [[UnusableFile]?] = parallelMap(
            count: groups, threads: max(4, min(16, 2 * ProcessInfo.processInfo.activeProcessorCount))
        ) { number in
            (number * group..<min(count, (number + 1) * group)).compactMap { index in
                do {
                    try check(index)
                    return nil
                } catch {
                    return UnusableFile(index: index, reason: "\(error)")
                }
            }
        } goesOn: { done, _ in
            if ContinuousClock.now - shown > .milliseconds(100) {
                shown = .now
                progress(min(count, done * group), count)
            }
            return true
        }
        return found.flatMap { $0 ?? [] }
    }
}
