import Foundation
import Support
import Tensors

/// A file of figures beside other programs, measured on one kind of CPU: `docs/measured/*.json`.
package struct PeerFile: Codable, Hashable, Sendable {
    /// The number of this layout.
    package static let format = 1

    package let format: Int
    package let processor: Processor
    /// Threads that each side computed with.
    package let threads: Int
    package private(set) var cases: [PeerFigures]

    package init(processor: Processor, threads: Int, cases: [PeerFigures] = []) {
        (format, self.processor, self.threads, self.cases) = (Self.format, processor, threads, cases)
    }

    package subscript(name: String) -> PeerFigures? { cases.first { $0.name == name } }

    /// Puts figures in the place of those of their case, or at the end.
    package mutating func put(_ figures: PeerFigures) {
        if let index = cases.firstIndex(where: { $0.name == figures.name }) {
            cases[index] = figures
        } else {
            cases.append(figures)
        }
    }

    /// Reads a file.
    ///
    /// - Throws: ``PeerFileError`` for a file that is missing, no such file, or broken.
    package static func read(_ path: String) throws -> PeerFile {
        let bytes: [UInt8]
        do {
            bytes = try TextFile.bytes(path, maximum: 16 << 20)
        } catch {
            throw PeerFileError(path: path, problem: "\(error.reason)")
        }
        let file: PeerFile
        do {
            file = try JSONDecoder().decode(PeerFile.self, from: Data(bytes))
        } catch {
            throw PeerFileError(path: path, problem: reason(of: error))
        }
        guard file.format == format else {
            throw PeerFileError(path: path, problem: "its format is \(file.format), and this command reads \(format)")
        }
        guard file.threads >= 1 else {
            throw PeerFileError(path: path, problem: "its threads are \(file.threads), and must be 1 or more")
        }
        let names = file.cases.map(\.name)
        if let twice = names.first(where: { name in names.count { $0 == name } > 1 }) {
            throw PeerFileError(path: path, problem: "it has the case '\(twice)' twice")
        }
        guard !names.isEmpty else { throw PeerFileError(path: path, problem: "it has no cases") }
        return file
    }

    /// Writes the file, completely or not at all, with a line for each case.
    ///
    /// - Throws: `WholeFileError`.
    package func write(to path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        func text(_ value: some Encodable) throws -> String {
            String(decoding: try encoder.encode(value), as: UTF8.self)
        }
        let lines = try cases.map { try text($0) }
        try WholeFile.write(
            """
            {
            "format": \(format),
            "processor": \(try text(processor)),
            "threads": \(threads),
            "cases": [
            \(lines.joined(separator: ",\n"))
            ]
            }

            """, to: path)
    }

    /// Makes sure that figures of this machine may stand beside those of the file.
    ///
    /// - Throws: ``PeerFileError`` if the file is of another kind of CPU.
    package func requireProcessor(_ here: Processor, path: String) throws {
        guard processor == here else {
            throw PeerFileError(
                path: path,
                problem:
                    "it was measured on \(processor), and this is \(here): a figure of one kind of CPU is no bar for "
                    + "another", fix: "Compare with a file of this kind, or make one with --output")
        }
    }
}

/// The error that a file of figures can't be used: which, why, and what to do.
package struct PeerFileError: Error, Hashable, Sendable, CustomStringConvertible {
    package let path: String
    /// What is wrong: a clause without a full stop.
    package let problem: String
    /// What a person can do: a sentence without a full stop.
    package var fix = "Measure it anew: tools/bench --peers PYTHON --output FILE"

    package var description: String { "\(path): \(problem). \(fix)." }
}
