import Foundation

/// Where a process stands among those that train together, as its launcher says in the environment: `vertebra train
/// --processes`, torchrun, Slurm's srun or Open MPI's mpirun.
package struct ProcessPlace: Hashable, Sendable {
    /// The number of this process, from 0, over all machines.
    package var rank: Int
    /// How many processes there are, over all machines.
    package var size: Int
    /// The number of this process on its machine, from 0, which chooses its GPU.
    package var localRank: Int
    /// How many processes there are on this machine.
    package var localSize: Int
    /// The address at which the processes meet: a machine's name or number.
    package var host: String
    /// The port of the address.
    package var port: UInt16
    /// Whether the launcher serves the store of keys and values at the address; else the first process does.
    package var launcherServesStore: Bool
    /// How many times the launcher has begun anew after a failure.
    package var restarts: Int

    /// A place that the environment describes only in part or wrongly.
    package struct Fault: Error, Hashable, Sendable, CustomStringConvertible, ErrorOfCall {
        /// The variable and what it must be.
        package let description: String
        package var isOfCall: Bool { true }

        package init(_ description: String) { self.description = description }
    }

    /// The variables that launchers set, the first whose rank is there counts.
    private static let launchers: [(name: String, rank: String, size: String, localRank: String, localSize: String)] = [
        ("torchrun", "RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE"),
        (
            "Open MPI", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK",
            "OMPI_COMM_WORLD_LOCAL_SIZE"
        ),
        // Variables of a step, which only srun begins, as a batch script itself is no process of a training.
        ("Slurm", "SLURM_PROCID", "SLURM_STEP_NUM_TASKS", "SLURM_LOCALID", "SLURM_STEP_TASKS_PER_NODE"),
    ]

    /// The place that an environment gives the process; nil where there is one process only.
    ///
    /// - Throws: ``Fault`` for variables that are missing or no numbers.
    package init?(environment: [String: String]) throws {
        guard let found = Self.launchers.first(where: { environment[$0.rank] != nil && environment[$0.size] != nil })
        else { return nil }
        func number(_ name: String, _ range: ClosedRange<Int>) throws -> Int {
            guard let text = environment[name], let value = Int(text), range.contains(value) else {
                throw Fault(
                    "\(name) is \(environment[name].map { "\"\($0)\"" } ?? "missing"), and \(found.name)'s other variables "
                        + "say that this is one of several processes: it must be \(range.lowerBound) to \(range.upperBound)"
                )
            }
            return value
        }
        size = try number(found.size, 1...1_000_000)
        guard size > 1 else { return nil }
        rank = try number(found.rank, 0...size - 1)
        localRank = environment[found.localRank] == nil ? 0 : try number(found.localRank, 0...size - 1)
        // Slurm writes 4(x2) for machines alike, and nothing without --ntasks-per-node.
        localSize = environment[found.localSize].flatMap { Int($0.prefix { $0.isNumber }) } ?? 1
        let onOneMachine = localSize >= size
        if let host = environment["MASTER_ADDR"] {
            self.host = host
        } else if onOneMachine {
            host = "127.0.0.1"
        } else if found.name == "Slurm", let nodes = environment["SLURM_STEP_NODELIST"] ?? environment["SLURM_NODELIST"]
        {
            host = Self.firstNode(of: nodes)
        } else {
            throw Fault(
                "MASTER_ADDR is missing: with \(found.name) on several machines it must name that of process 0")
        }
        if environment["MASTER_PORT"] != nil {
            port = UInt16(try number("MASTER_PORT", 1...65_535))
        } else {
            // All processes of a job find the same port, which is seldom that of another job.
            let job = environment["SLURM_JOB_ID"] ?? environment["OMPI_MCA_ess_base_jobid"] ?? ""
            port = UInt16(20_000 + (Int(job.filter(\.isNumber).suffix(9)) ?? 9_500) % 20_000)
        }
        launcherServesStore = environment["TORCHELASTIC_USE_AGENT_STORE"]?.lowercased() == "true"
        restarts = environment["TORCHELASTIC_RESTART_COUNT"].flatMap { Int($0) } ?? 0
    }

    /// The first machine of Slurm's short form of a list: `node[07-09,12],other` begins with `node07`.
    package static func firstNode(of list: String) -> String {
        guard let bracket = list.firstIndex(of: "["), !list[..<bracket].contains(",") else {
            return String(list.prefix { $0 != "," })
        }
        let numbers = list[list.index(after: bracket)...].prefix { $0 != "]" }
        return String(list[..<bracket] + numbers.prefix { $0 != "-" && $0 != "," })
    }

    /// The environment that says the same as this place in torchrun's variables.
    package var environment: [String: String] {
        [
            "RANK": "\(rank)", "WORLD_SIZE": "\(size)", "LOCAL_RANK": "\(localRank)",
            "LOCAL_WORLD_SIZE": "\(localSize)",
            "MASTER_ADDR": host, "MASTER_PORT": "\(port)", "TORCHELASTIC_RESTART_COUNT": "\(restarts)",
            "TORCHELASTIC_USE_AGENT_STORE": launcherServesStore ? "True" : "False",
        ]
    }

    /// A place on one machine, whose first process serves the store.
    package init(rank: Int, of size: Int, port: UInt16, restarts: Int = 0) {
        self.rank = rank
        self.size = size
        localRank = rank
        localSize = size
        host = "127.0.0.1"
        self.port = port
        launcherServesStore = false
        self.restarts = restarts
    }
}

extension ProcessPlace {
    /// A port of this machine that nobody listens to; nil if there is none.
    package static func freePort() -> UInt16? {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard listener >= 0 else { return nil }
        defer { close(listener) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && getsockname(listener, $0, &length) == 0
            }
        }
        return isBound ? UInt16(bigEndian: address.sin_port) : nil
    }
}
