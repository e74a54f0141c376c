import Training
import XCTest

final class ProgressPrinterTests: XCTestCase {
    private final class Screen {
        var text = ""
        var time = 0.0
    }

    private let plan = TrainingPlan(
        firstStep: 0, totalSteps: 200, totalEpochs: 2, stepsPerEpoch: 100, parameterCount: 25_600_000,
        resumedFrom: nil)

    private func report(_ step: Int) -> StepReport {
        StepReport(
            step: step, epoch: (step - 1) / 100, stepInEpoch: (step - 1) % 100 + 1, stepsPerEpoch: 100,
            losses: [.init(name: "class", value: 0.5), .init(name: "box", value: 0.25)], learningRate: 0.02,
            gradientNorm: 1, images: 4, seconds: 0.5, dataSeconds: 0.05)
    }

    private func shown(_ style: ProgressPrinter.Style, steps: Int) -> String {
        let screen = Screen()
        let printer = ProgressPrinter(style: style, output: { screen.text += $0 }, now: { screen.time })
        printer.handle(.started(plan))
        for step in 1...steps {
            screen.time += 0.5
            printer.handle(.step(report(step)))
        }
        return screen.text
    }

    func testLinesComeAtIntervalsAndAtTheEndOfAnEpoch() {
        let lines = shown(.lines(every: 20), steps: 110).split(separator: "\n").map(String.init)
        XCTAssertEqual(lines[0], "training: 2 epochs, 200 steps, 25.60 M trainable parameters")
        XCTAssertEqual(
            lines[2],
            "epoch 1/2 step 41/100  loss 0.750  8.000 images/s  data 10%  1:20 left  lr 0.020  class 0.500  box 0.250"
                .replacingOccurrences(of: "lr 0.020", with: "lr 0.02"))
        XCTAssertEqual(
            lines.dropFirst().map { $0.split(separator: " ").prefix(4).joined(separator: " ") },
            ["epoch 1/2 step 1/100", "epoch 1/2 step 41/100", "epoch 1/2 step 81/100", "epoch 1/2 step 100/100"])
        XCTAssertFalse(lines.joined().contains("\r"))
    }

    func testTheFactorOnTheLossIsShown() {
        let screen = Screen()
        let printer = ProgressPrinter(style: .lines(every: 0), output: { screen.text += $0 }, now: { 0 })
        var report = report(1)
        report.lossScale = LossScale(4096)
        printer.handle(.step(report))
        XCTAssertTrue(screen.text.contains("  loss scale 4096, 0 steps left out  "), screen.text)
    }

    func testTheBarIsRedrawnAndFitsTheTerminal() {
        let text = shown(.bar(columns: 80), steps: 100)
        let drawn = text.components(separatedBy: "\r\u{1B}[2K")
        XCTAssertEqual(drawn.count, 101)
        XCTAssertTrue(drawn[50].hasPrefix("epoch 1/2 [==========          ] loss 0.750"), drawn[50])
        XCTAssertTrue(drawn.allSatisfy { $0.split(separator: "\n").allSatisfy { $0.count < 110 } })
        XCTAssertTrue(drawn[1...99].allSatisfy { $0.count <= 79 })
        XCTAssertTrue(text.hasSuffix("\n"))
    }

    func testAnErrorsMessageBeginsOnALineOfItsOwn() {
        let screen = Screen()
        let printer = ProgressPrinter(style: .bar(columns: 80), output: { screen.text += $0 }, now: { 0 })
        printer.handle(.step(report(1)))
        XCTAssertFalse(screen.text.hasSuffix("\n"))
        printer.handle(.failed)
        XCTAssertTrue(screen.text.hasSuffix("\n"))
    }

    func testTheEndSaysHowToGoOn() {
        let screen = Screen()
        let printer = ProgressPrinter(style: .lines(every: 1), output: { screen.text += $0 }, now: { 0 })
        printer.handle(
            .evaluated(
                EvaluationReport(step: 7, epoch: 1, metrics: ["AP": 0.5, "AP50": 0.75], isBest: true, seconds: 63)))
        printer.handle(
            .ended(
                TrainingOutcome(
                    reason: .stopped, step: 7, epoch: 1, best: BestScore(metric: "AP", value: 0.5, step: 7),
                    metrics: [:], lastCheckpoint: "runs/x/last.safetensors", bestCheckpoint: nil,
                    resumeCommand: "vertebra train r.yaml --output runs/x --resume", seconds: 9)))
        XCTAssertEqual(
            screen.text,
            """
            evaluation at step 7 (1:03): AP 0.500  AP50 0.750  (best)
            stopped at step 7 and saved runs/x/last.safetensors; best AP 0.500 at step 7
            to go on: vertebra train r.yaml --output runs/x --resume

            """)
    }
}
