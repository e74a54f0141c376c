import Detectors
import Foundation
import Tensors
import TestSupport
import XCTest

final class MultiBoxLossTests: XCTestCase {
    private func targets(_ labels: [[Int]], _ offsets: [Float]) -> MultiBoxLoss.Targets {
        let flat = labels.flatMap { $0 }
        let positives = flat.indices.filter { flat[$0] > 0 }
        return MultiBoxLoss.Targets(
            labels: Tensor(flat.map(Int64.init), shape: [flat.count]),
            positives: Tensor(positives.map(Int64.init), shape: [positives.count]),
            offsets: Tensor(offsets, shape: [positives.count, 4]), counts: labels.map { $0.count { $0 > 0 } })
    }

    /// The positive of class 1 counts threefold, the two hard negatives as before.
    func testClassWeightsByHand() {
        let ln3 = Float(log(3.0))
        let logits = Tensor([0, ln3, 0, 0, ln3, 0, 0, ln3], shape: [1, 4, 2])
        let offsets = Tensor.zeros([1, 4, 4])
        let targets = targets([[1, 0, 0, 0]], [0.5, 2, 0, -0.5])
        var loss = MultiBoxLoss(negativesPerPositive: 2, minNegatives: 0)
        loss.classWeights = Tensor([Float(1), 3], shape: [2])
        let losses = loss(logits: logits, offsets: offsets, targets: targets)
        XCTAssertEqual(losses.classification.item(), 3 * log(4.0 / 3) + log(4.0) + log(2), accuracy: 1e-6)
        XCTAssertEqual(losses.boxRegression.item(), 1.75, accuracy: 1e-6)
    }

    /// One class, four boxes; the first is an object that the network gives 3/4. Of the others, background gets 1/2, 3/4 and
    /// 1/4; two negatives to a positive leave the one of 3/4 out: −ln 3/4 − ln 1/2 − ln 1/4 = ln 32/3. Offsets are off by
    /// ½, 2, 0 and −½: ⅛ + 1½ + 0 + ⅛.
    func testACaseByHand() {
        let ln3 = Float(log(3.0))
        let logits = Tensor([0, ln3, 0, 0, ln3, 0, 0, ln3], shape: [1, 4, 2])
        let offsets = Tensor.zeros([1, 4, 4])
        let targets = targets([[1, 0, 0, 0]], [0.5, 2, 0, -0.5])
        let losses = MultiBoxLoss(negativesPerPositive: 2, minNegatives: 0)(
            logits: logits, offsets: offsets, targets: targets)
        XCTAssertEqual(losses.classification.item(), log(32.0 / 3), accuracy: 1e-6)
        XCTAssertEqual(losses.boxRegression.item(), 1.75, accuracy: 1e-6)
        // Three negatives are all there are.
        let all = MultiBoxLoss(negativesPerPositive: 3, minNegatives: 0)(
            logits: logits, offsets: offsets, targets: targets)
        XCTAssertEqual(all.classification.item(), log(32.0 / 3) + log(4.0 / 3), accuracy: 1e-6)
    }

    /// Four boxes without an object: the hardest are learnt from, and divided by 1.
    func testAnImageWithoutObjects() {
        let ln3 = Float(log(3.0))
        let logits = Tensor([0, ln3, 0, 0, ln3, 0, 0, ln3], shape: [1, 4, 2]).requiringGrad()
        let offsets = Tensor.zeros([1, 4, 4]).requiringGrad()
        let targets = targets([[0, 0, 0, 0]], [])
        let losses = MultiBoxLoss(negativesPerPositive: 3, minNegatives: 3)(
            logits: logits, offsets: offsets, targets: targets)
        XCTAssertEqual(losses.classification.item(), 2 * log(4.0) + log(2), accuracy: 1e-6)
        XCTAssertEqual(losses.boxRegression.item(), 0)
        (losses.classification + losses.boxRegression).backward()
        // The gradient is the probability of each class less what it should be.
        expectEqual(logits.grad!, [-0.75, 0.75, -0.5, 0.5, 0, 0, -0.75, 0.75], absolute: 1e-6)
        expectEqual(offsets.grad!, [Float](repeating: 0, count: 16))
        let none = MultiBoxLoss(negativesPerPositive: 3, minNegatives: 0)(
            logits: logits, offsets: offsets, targets: targets)
        XCTAssertEqual(none.classification.item(), 0)
    }

    /// Values and gradients against sums over plain arrays.
    func testRandomCases() {
        let (images, boxes, classes) = (3, 40, 4)
        for round in 0..<10 {
            func fill(_ name: String, _ count: Int, _ range: Double) -> [Float] {
                goldenFill(name: "multibox.\(name)\(round)", count: count, lo: -range, hi: range)
            }
            let logitValues = fill("logits", images * boxes * classes, 4)
            let offsetValues = fill("offsets", images * boxes * 4, 3)
            let draws = fill("labels", images * boxes, 1)
            // About one box in ten is an object; the last image has none in every other round.
            let labels = (0..<images).map { image in
                (0..<boxes).map { box -> Int in
                    let draw = draws[image * boxes + box]
                    guard draw > 0.8, image < 2 || round.isMultiple(of: 2) else { return 0 }
                    return 1 + Int((draw - 0.8) * 14.9)
                }
            }
            let count = labels.flatMap { $0 }.count { $0 > 0 }
            let wanted = fill("wanted", count * 4, 2)
            let logits = Tensor(logitValues, shape: [images, boxes, classes]).requiringGrad()
            let offsets = Tensor(offsetValues, shape: [images, boxes, 4]).requiringGrad()
            let losses = MultiBoxLoss(negativesPerPositive: 3, minNegatives: 2)(
                logits: logits, offsets: offsets, targets: targets(labels, wanted))
            let expected = reference(logitValues, offsetValues, labels, wanted, classes: classes)
            XCTAssertEqual(
                losses.classification.item(), expected.classification, accuracy: 1e-5 * expected.classification)
            XCTAssertEqual(losses.boxRegression.item(), expected.regression, accuracy: 1e-5 * expected.regression)
            (losses.classification + losses.boxRegression).backward()
            expectEqual(logits.grad!, expected.logitGradient, absolute: 1e-6, "round \(round)")
            expectEqual(offsets.grad!, expected.offsetGradient, absolute: 1e-6, "round \(round)")
        }
    }

    private func reference(
        _ logits: [Float], _ offsets: [Float], _ labels: [[Int]], _ wanted: [Float], classes: Int
    ) -> (classification: Double, regression: Double, logitGradient: [Float], offsetGradient: [Float]) {
        let boxes = labels[0].count
        let count = Double(max(1, labels.flatMap { $0 }.count { $0 > 0 }))
        var (classification, regression) = (0.0, 0.0)
        var logitGradient = [Float](repeating: 0, count: logits.count)
        var offsetGradient = [Float](repeating: 0, count: offsets.count)
        var positive = 0
        for (image, labels) in labels.enumerated() {
            let probabilities = labels.indices.map { box -> [Double] in
                let row = (0..<classes).map { exp(Double(logits[(image * boxes + box) * classes + $0])) }
                return row.map { $0 / row.reduce(0, +) }
            }
            let positives = labels.indices.filter { labels[$0] > 0 }
            let negatives = labels.indices.filter { labels[$0] == 0 }
                .sorted { probabilities[$0][0] < probabilities[$1][0] }.prefix(max(3 * positives.count, 2))
            for box in positives + negatives {
                classification -= log(probabilities[box][labels[box]]) / count
                for k in 0..<classes {
                    let gradient = probabilities[box][k] - (k == labels[box] ? 1 : 0)
                    logitGradient[(image * boxes + box) * classes + k] = Float(gradient / count)
                }
            }
            for box in positives {
                for k in 0..<4 {
                    let place = (image * boxes + box) * 4 + k
                    let off = Double(offsets[place] - wanted[4 * positive + k])
                    regression += (abs(off) < 1 ? off * off / 2 : abs(off) - 0.5) / count
                    offsetGradient[place] = Float(max(-1, min(1, off)) / count)
                }
                positive += 1
            }
        }
        return (classification, regression, logitGradient, offsetGradient)
    }
}
