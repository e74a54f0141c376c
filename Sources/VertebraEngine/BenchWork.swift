import ArgumentParser
import Benchmarks
import Commands
import Foundation
import ScoreCommands
import Support
import Tensors

extension BenchCommand: EngineWork {
    package func workInEngine() throws {
        if let python = peers.peers {
            return try peers.work(python: python, threads: threads, rounds: rounds, filter: filter, json: json)
        }
        let device = device.opened
        let json = json
        DeviceKernels.areAllowed = !withoutDeviceKernels
        var failed: [BenchmarkResult] = []
        let benchmark = Benchmark(threads: threads ?? 2, usesTileUnit: !withoutTileUnit, filter: filter) { result in
            printToStandardOutput(json ? result.line : result.text)
            // Whoever waits for a line of a long run sees it at once, in a pipe too.
            fflush(nil)
            if !result.exceeded.isEmpty { failed.append(result) }
        }
        let inputs = Benchmark.Inputs(
            annotations: annotations, results: results, images: images, video: video, models: models,
            batch: batch, precision: precision == .float32 ? .float32 : .bfloat16, rounds: rounds, device: device,
            golden: golden, isSmall: small, usesOwnKernels: ownKernels, usesLeanMemory: leanMemory)
        let chosen: [Benchmark.Suite] = suites.isEmpty ? [.operations] : suites.map { Benchmark.Suite($0) }
        for suite in chosen { try benchmark.run(suite, inputs: inputs) }
        guard failed.isEmpty else {
            for result in failed {
                printToStandardError(
                    "vertebra: \(result.name): beyond its limits in \(result.exceeded.joined(separator: ", "))")
            }
            throw ExitCode.failure
        }
    }
}
