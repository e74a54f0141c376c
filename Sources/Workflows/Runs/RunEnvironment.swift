import Annotations
import Foundation
import Support
import Tensors
import Training

/// The contents of `environment.json`: with what, where and on which data a run was trained.
package struct RunEnvironment: Codable, Hashable, Sendable {
    /// A start of the run, or one of its resumptions.
    package struct Start: Codable, Hashable, Sendable {
        /// When it was, in UTC.
        package var time: String
        /// Steps that were taken before.
        package var step: Int
        /// The program's path and its arguments.
        package var command: [String]
        /// The folder that relative paths start from.
        package var folder: String
        /// The commit of the checkout that the folder is in; nil outside of one.
        package var git: GitCheckout?
        package var versions: Versions
        package var machine: Machine
        /// Where the network was: `cpu`, or `cuda:` and a number.
        package var device: String
        /// Processes that trained together.
        package var processes: Int
        /// Threads that computed in this process.
        package var threads: Int
        /// The seed of fresh weights, order, transforms and dropout.
        package var seed: UInt64
        package var data: [DataRecord]
    }

    package struct Versions: Codable, Hashable, Sendable {
        package var vertebra = Release.version
        /// The libtorch that was loaded.
        package var libtorch = Libtorch.loadedVersion
        /// The libtorch whose headers the program was built with.
        package var libtorchBuilt = Libtorch.builtVersion
        /// The version of Swift's standard library.
        package var swift = "\(_SwiftStdlibVersion.current)"
        /// The operating system.
        package var system = ProcessInfo.processInfo.operatingSystemVersionString

        enum CodingKeys: String, CodingKey {
            case vertebra, libtorch, swift, system
            case libtorchBuilt = "libtorch_built"
        }
    }

    package struct Machine: Codable, Hashable, Sendable {
        package var host = FolderLock.host
        package var processor = Processor.current
        /// The instructions that the engine's own kernels used.
        package var kernels = Instructions.used.rawValue
        /// Processors that the system has.
        package var processors = ProcessInfo.processInfo.activeProcessorCount
        /// Bytes of memory.
        package var memory = ProcessInfo.processInfo.physicalMemory
        /// The names of NVIDIA's GPUs, as their driver gives them.
        package var gpus = Machine.gpus()

        private static func gpus() -> [String] {
            let folder = "/proc/driver/nvidia/gpus"
            let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
            return names.compactMap { name in
                let text = try? String(contentsOfFile: "\(folder)/\(name)/information", encoding: .utf8)
                let line = text?.split(separator: "\n").first { $0.hasPrefix("Model:") }
                return line.map { $0.dropFirst("Model:".count).trimmingCharacters(in: .whitespaces) }
            }
        }
    }

    /// All starts, the first one first.
    package var starts: [Start] = []

    /// What a file says; nil for one that is not there or can't be read.
    package init?(path: String) {
        guard let bytes = FileManager.default.contents(atPath: path),
            let found = try? JSONDecoder().decode(RunEnvironment.self, from: bytes)
        else { return nil }
        self = found
    }

    init() {}
}

/// Writes `environment.json` when training begins. A run that goes on keeps what the file says of its earlier parts.
final class EnvironmentLog: DispensableObserver {
    private let path: String
    private let seed: UInt64
    private let device: Device
    private let processes: Int
    private let data: RunData

    /// - Parameter data: The parts of the data. It is asked once training begins, because checksums take time.
    init(path: String, seed: UInt64, device: Device, processes: Int, data: RunData) {
        (self.path, self.seed, self.device, self.processes, self.data) = (path, seed, device, processes, data)
    }

    func handle(_ event: TrainingEvent) throws {
        guard case .started(let plan) = event else { return }
        var environment = (plan.resumedFrom == nil ? nil : RunEnvironment(path: path)) ?? RunEnvironment()
        let folder = FileManager.default.currentDirectoryPath
        var git = GitCheckout(containing: folder)
        git?.lookForChanges(in: folder)
        environment.starts.append(
            RunEnvironment.Start(
                time: Date.now.formatted(.iso8601), step: plan.firstStep, command: CommandLine.arguments,
                folder: folder, git: git, versions: .init(), machine: .init(),
                device: "\(device)", processes: processes, threads: Threads.count, seed: seed, data: data.records))
        do {
            try WholeFile.write(try prettyJSON(environment) + "\n", to: path)
        } catch {
            throw TrainingError.cannotWrite(path: path, reason: reason(of: error))
        }
    }
}
