import NN
import Training

/// Trains a detector on images of one's own, and measures it:
///
///     TrainOwnDetector TRAIN.json VAL.json IMAGES RUN [BACKBONE [STEPS]]
///
/// The folder RUN then holds `last.safetensors`, `best.safetensors` and `metrics.jsonl`. Ctrl-C saves; the same command
/// with the same folder goes on.
@main
struct TrainOwnDetector {
    static func main() throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
        guard arguments.count >= 4 else {
            fatalError("usage: TrainOwnDetector TRAIN.json VAL.json IMAGES RUN [BACKBONE [STEPS]]")
        }
        let steps = arguments.count > 5 ? Int(arguments[5]) ?? 2000 : 2000
        let task = try OwnDetection(
            training: arguments[0], validation: arguments[1], images: arguments[2],
            backbone: arguments.count > 4 ? arguments[4] : "iresnet50")

        // Weights of the backbone, if there are any:
        // try task.detector.body.loadStateDict(WeightsFile("iresnet50.pth").state, strict: false)

        var options = TrainingOptions(steps: steps)
        options.schedule = .linearWarmup(
            steps: steps / 10, then: .multiStep(milestones: [steps * 2 / 3, steps * 8 / 9]))
        options.maxGradientNorm = 10
        options.evaluation = .steps(500)
        options.best = .init("AP")
        let optimizer = SGD(
            groups: ParameterGroup.split(task.detector, weightDecay: 1e-4), learningRate: 0.01, momentum: 0.9)
        let loop = TrainingLoop(
            task: task, optimizer: optimizer, options: options, identity: RunIdentity(classNames: task.classNames),
            folder: arguments[3], observers: [ProgressPrinter.standard()])
        let outcome = try loop.run(resume: loop.canResume)
        print("\(outcome.step) steps; AP \(outcome.metrics["AP"] ?? -1), AP50 \(outcome.metrics["AP50"] ?? -1)")
    }
}
