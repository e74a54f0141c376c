import ArgumentParser
import Commands
import Foundation
import ScoreCommands
import Support
import Tensors
import Training
import Workflows

extension TrainCommand: EngineWork {
    package func workInEngine() throws {
        if let processes, processes > 1 {
            let place = try ProcessPlace(environment: ProcessInfo.processInfo.environment)
            guard place == nil else {
                throw ValidationError(
                    "--processes is \(processes), and this is already one of \(place?.size ?? 0) processes that a launcher "
                        + "has begun; leave one of them out.")
            }
            return try launch(processes)
        }
        let device = device.opened
        if dryRun { return try rehearse(on: device) }
        if findLearningRate { return try findLearningRate(on: device) }
        let joined = try TrainingProcesses.join()
        guard timeline == nil || joined != nil else {
            throw ValidationError("--timeline is for several processes: add --processes, or leave it out.")
        }
        do {
            let reason = try joined?.run { try train(joined, on: device) } ?? train(nil, on: device)
            guard reason != .stopped else { throw ExitCode.failure }
        } catch let error as OtherProcessFailed {
            // That process says why.
            throw (error.cause as? any ErrorOfCall)?.isOfCall ?? false ? ExitCode(2) : ExitCode.failure
        }
    }

    /// Starts the processes and waits for them.
    private func launch(_ count: Int) throws {
        let own = CommandLine.arguments.dropFirst()
        var words: [String] = []
        var isValue = false
        for word in own {
            if isValue {
                isValue = false
                continue
            }
            let name = word.prefix { $0 != "=" }
            guard name != "--processes" && name != "--max-restarts" else {
                isValue = !word.contains("=")
                continue
            }
            words.append(word)
        }
        let code = try ProcessLauncher(count: count, maxRestarts: maxRestarts, arguments: words).run()
        guard code == 0 else { throw ExitCode(code) }
    }

    var folder: String {
        output ?? "runs/" + ((recipe as NSString).lastPathComponent as NSString).deletingPathExtension
    }

    private func train(_ processes: TrainingProcesses?, on device: Device) throws -> TrainingOutcome.Reason {
        let writes = processes?.isFirst ?? true
        // A launcher that begins again after a failure goes on with what is there.
        let goesOn =
            (processes?.restarts ?? 0) > 0
            && FileManager.default.fileExists(atPath: RunFolder(folder).lastCheckpoint)
        let resume = self.resume || goesOn
        let resumeFrom = goesOn ? nil : self.resumeFrom
        func tell(_ text: String) { if writes { printToStandardError(text) } }
        let folder = folder
        if writes { try RunFolder(folder).requireFree() }
        let line = ProgressLine("looking at the data")
        defer { line.end() }
        let file = try RecipeFile(path: recipe, settings: set.settings)
        let processors = ProcessInfo.processInfo.activeProcessorCount
        useThreads(try file.threads() ?? processes.map { max(1, processors / $0.localSize) })
        let training = try VisionTask.open(
            file, output: folder, device: processes.map(device.share) ?? device, resuming: resume,
            processes: processes, indexing: writes ? line.showTimeLeft : { _, _ in })
        line.end()
        let names = training.classNames
        tell("\(names.count) classes: \(names.joined(separator: ", "))")
        tell("training on \(training.summary)")
        if let processes, let timeline { try processes.recordTimeline(to: timeline) }
        if let processes { tell("\(processes.size) processes share out each step") }
        if !resume, let start = training.start { tell(start.summary) }
        for note in training.notes { tell(note) }
        let outcome = try training.train(
            resume: resume, from: resumeFrom, acceptingChanges: acceptChanges, seconds: seconds,
            resumeCommand: resumeCommand(
                folder: folder, device: device, processes: processes.flatMap { $0.launcher == nil ? nil : $0.size }),
            showsProgress: writes)
        let replaced = try processes?.gather(all: training.replacedImages) ?? training.replacedImages
        let leftOut = try processes?.gather(all: training.leftOutImages) ?? training.leftOutImages
        let damaged = try processes?.gather(all: training.damagedImages) ?? training.damagedImages
        guard writes else { return outcome.reason }
        if !replaced.isEmpty {
            printToStandardError(
                "\(replaced.count) images could not be read and were replaced by others; the first: \(replaced[0])")
        }
        if let first = leftOut.first {
            printToStandardError(
                "\(leftOut.count) validation images could not be read and were left out; the first: \(first.path): "
                    + first.reason)
        }
        printDamage(damaged)
        guard outcome.reason != .stopped else { return .stopped }
        printToStandardOutput("run: \(folder)")
        printToStandardOutput("last checkpoint: \(outcome.lastCheckpoint) (step \(outcome.step))")
        if let best = outcome.best, let path = outcome.bestCheckpoint {
            printToStandardOutput(
                "best checkpoint: \(path) (\(best.metric) \(String(format: "%.4f", best.value)) at step \(best.step))")
        }
        return outcome.reason
    }

    private func resumeCommand(folder: String, device: Device, processes count: Int?) -> String {
        var words = ["vertebra", "train", recipe]
        for setting in set.settings { words += ["--set", setting] }
        words += ["--output", folder]
        if device != .cpu { words += ["--device", "\(device)"] }
        if let count { words += ["--processes", "\(count)"] }
        return (words + ["--resume"]).map(shellQuoted).joined(separator: " ")
    }

    private func shellQuoted(_ word: String) -> String {
        let plain = word.allSatisfy { $0.isLetter || $0.isNumber || "/._-=:,+".contains($0) }
        return plain ? word : "'" + word.replacingOccurrences(of: "'", with: "'\\''") + "'"
    }
}
