import Annotations
import ArgumentParser
import Commands
import Media
import Reports
import ScoreCommands
import Support
import Tensors
import Training
import Workflows

extension TrainCommand {
    /// Opens all that a training needs and takes a few steps, without a trace in the run's folder.
    func rehearse(on device: Device) throws {
        let file = try RecipeFile(path: recipe, settings: set.settings)
        let line = ProgressLine("looking at the data")
        defer { line.end() }
        var isFlawed = false
        if try VisionTask(of: file) == .detection {
            let checks = DatasetCheck.checks(
                of: try DatasetLocation.parts(of: file), pictures: .headers,
                damagedImages: try file.decode(DetectionRecipe.self).data.damagedImages)
            line.end()
            for check in checks { printToStandardOutput(check.text(placesShown: 5) + "\n") }
            isFlawed = checks.contains(where: \.affectsTraining)
        }
        let training = try open(file, on: device, showing: line)
        let rehearsal = try training.rehearse()
        line.end()
        printToStandardOutput(rehearsal.text)
        if isFlawed { throw ExitCode.failure }
    }

    /// Finds the learning rates at which the loss falls, and writes the picture and the numbers into the run's folder.
    func findLearningRate(on device: Device) throws {
        let file = try RecipeFile(path: recipe, settings: set.settings)
        let run = RunFolder(folder)
        try run.prepare()
        let line = ProgressLine("looking at the data")
        defer { line.end() }
        let training = try open(file, on: device, showing: line)
        let steps = ProgressLine("steps")
        defer { steps.end() }
        let range = try training.learningRateRange(progress: steps.showTimeLeft)
        steps.end()
        let marks = [("steepest", range.steepest), ("a tenth of the least loss's", range.tenthOfLeast)].compactMap {
            name, rate in rate.map { (rate: $0, name: "\(name): \(ProgressPrinter.number($0))") }
        }
        let picture = LearningRatePicture(
            losses: range.points.map { ($0.learningRate, $0.loss) },
            smoothed: range.points.map { ($0.learningRate, $0.smoothedLoss) }, marks: marks)
        try RunFolder.write(try prettyJSON(range) + "\n", to: run.learningRates)
        try ImageFile.writePNG(picture.drawn(), to: run.learningRatePicture)
        let last = range.points.last.map { ProgressPrinter.number($0.learningRate) } ?? "none"
        printToStandardOutput(
            "\(range.points.count) steps, to a learning rate of \(last)"
                + (range.hasDiverged ? ", where the loss diverges" : ""))
        if let steepest = range.steepest {
            printToStandardOutput("the loss falls fastest at \(ProgressPrinter.number(steepest))")
        }
        if let tenth = range.tenthOfLeast {
            printToStandardOutput("a tenth of the rate with the least loss: \(ProgressPrinter.number(tenth))")
        }
        printToStandardOutput("written: \(run.learningRatePicture), \(run.learningRates)")
        guard let suggested = range.steepest ?? range.tenthOfLeast else {
            printToStandardError(
                "vertebra: \(recipe): the loss falls at no learning rate, so there is none to suggest; look at the picture, and "
                    + "check the data")
            throw ExitCode.failure
        }
        printToStandardOutput("to try: --set training.learning_rate=\(ProgressPrinter.number(suggested))")
    }

    private func open(_ file: RecipeFile, on device: Device, showing line: ProgressLine) throws -> any TrainingJob {
        useThreads(try file.threads())
        let training = try VisionTask.open(file, output: folder, device: device, indexing: line.showTimeLeft)
        line.end()
        printToStandardError("\(training.classNames.count) classes: \(training.classNames.joined(separator: ", "))")
        printToStandardError("training on \(training.summary)")
        if let start = training.start { printToStandardError(start.summary) }
        for note in training.notes { printToStandardError(note) }
        return training
    }
}
