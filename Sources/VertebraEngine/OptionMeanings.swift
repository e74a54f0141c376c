import Benchmarks
import Commands
import Detectors
import Media
import ScoreCommands
import Tensors
import Training
import Workflows

extension DeviceOption {
    /// The device that was named. The libraries for CUDA are loaded when a device is first asked for, and only before anything
    /// is computed: a command asks for this before it does anything else.
    var opened: Device {
        guard case .cuda(let index) = device else { return .cpu }
        _ = Device.cudaCount
        return .cuda(index)
    }
}

extension Device {
    /// The device of one of several processes: on a machine with several GPUs, each has its own.
    func share(_ processes: TrainingProcesses) -> Device {
        guard case .cuda = self else { return self }
        return .cuda(processes.localRank)
    }
}

extension RawRepresentable where RawValue == String {
    /// The value that an option's word means. The options have their own lists of words, as the command reads them without
    /// the modules that compute; tests hold the lists equal.
    init(_ word: some RawRepresentable<String>) {
        guard let value = Self(rawValue: word.rawValue) else {
            preconditionFailure("\(Self.self) has no value '\(word.rawValue)'")
        }
        self = value
    }
}

/// Says on standard error which damaged images were accepted.
func printDamage(_ images: [MediaWarning]) {
    if let summary = images.damageSummary { printToStandardError(summary) }
}

/// Sets this process's threads to the number that a recipe asks for; nil leaves it to libtorch.
func useThreads(_ count: Int?) {
    if let count { Threads.count = count }
}
