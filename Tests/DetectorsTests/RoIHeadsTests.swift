import Annotations
import Detectors
import NN
import Support
import Tensors
import XCTest

final class RoIHeadsTests: XCTestCase {
    private let size = ImageSize(width: 100, height: 100)

    private func heads(_ change: (inout FasterRCNNConfiguration) -> Void = { _ in }) -> RoIHeads {
        var configuration = FasterRCNNConfiguration()
        change(&configuration)
        return RoIHeads(configuration: configuration, boxHead: nil, features: 3, classCount: 2)
    }

    /// What the heads' own configuration leaves of their candidates.
    private func detections(_ heads: RoIHeads, _ features: Tensor, _ proposals: [Tensor]) -> [Detections] {
        let suppression = heads.configuration.suppression
        return heads.candidates(
            features: features, proposals: proposals, sizes: proposals.map { _ in size },
            scoreThreshold: suppression.scoreThreshold
        ).map { suppression($0) }
    }

    private func truth(_ boxes: [Box], _ labels: [Int]) -> GroundTruth {
        let target = DetectionTarget(boxes: boxes, labels: labels)
        return GroundTruth.all(
            of: DetectionBatch(images: [], targets: [target], device: .cpu), from: [size], to: [size], classCount: 2)[0]
    }

    private func boxes(_ boxes: [[Float]]) -> Tensor { Tensor(boxes.flatMap { $0 }, shape: [boxes.count, 4]) }

    /// The first proposal covers the object to 0.9, the second lies elsewhere; the object's own box is a third.
    func testTheObjectsOwnBoxIsAProposal() {
        let samples = heads().sample(
            proposals: [boxes([[0, 0, 20, 18], [50, 50, 60, 60]]), boxes([[1, 1, 5, 5]])],
            truths: [truth([Box(x0: 0, y0: 0, x1: 20, y1: 20)], [2]), truth([], [])])
        XCTAssertEqual(samples.regions.shape, [4, 5])
        XCTAssertEqual(samples.labels.array(Int.self).sorted(), [0, 0, 2, 2])
        XCTAssertEqual(samples.positives.array(Int.self), [0, 1])
        XCTAssertEqual(samples.labels.array(Int.self).prefix(2), [2, 2])
        XCTAssertEqual(Array(samples.regions.array(Float.self).suffix(5)), [1, 1, 1, 5, 5])
        let offsets = samples.offsets.array(Float.self).sorted()
        // The own box has no offset; the other has dy = 10 · 1 / 18 and dh = 5 · ln(20 / 18).
        XCTAssertEqual(offsets.suffix(2).map { Double($0) }.first ?? 0, 5 * 0.105_360_5, accuracy: 1e-5)
        XCTAssertEqual(Double(offsets.last ?? 0), 10.0 / 18, accuracy: 1e-5)
    }

    func testAQuarterOfTheSamplesIsPositive() {
        Random.seed(1)
        let near = (0..<50).map { [0, 0, 20 + Float($0) * 0.01, 20] }
        let far = (0..<200).map { [40, 40, 50 + Float($0) * 0.1, 60] }
        let samples = heads { $0.boxBatchSizePerImage = 32 }.sample(
            proposals: [boxes(near + far)], truths: [truth([Box(x0: 0, y0: 0, x1: 20, y1: 20)], [1])])
        XCTAssertEqual(samples.labels.count, 32)
        XCTAssertEqual(samples.positives.count, 8)
        XCTAssertEqual(samples.labels.sum().itemInt(), 8)
    }

    /// Two classes and the background at equal logits: cross-entropy ln 3. Offsets 0 against 0: no box loss.
    func testLossesByHand() {
        let heads = heads()
        for (_, parameter) in heads.namedParameters() { parameter.initialize(.zeros) }
        let samples = heads.sample(
            proposals: [boxes([[50, 50, 60, 60]])], truths: [truth([Box(x0: 0, y0: 0, x1: 20, y1: 20)], [1])])
        let losses = heads.losses(features: Tensor.ones([2, 3]), samples: samples)
        XCTAssertEqual(losses.classifier.item(), 1.098_612, accuracy: 1e-5)
        XCTAssertEqual(losses.boxRegression.item(), 0, accuracy: 1e-6)
        // Every offset 1 off: 4 · (1 − ½ · 1/9) over two samples.
        heads.boxPredictor.boxOffsets.bias?.initialize(.ones)
        XCTAssertEqual(
            heads.losses(features: Tensor.ones([2, 3]), samples: samples).boxRegression.item(), 4 * (1 - 0.5 / 9) / 2,
            accuracy: 1e-5)
    }

    /// Features are the logits themselves: three proposals, the second nearly the first, with scores by hand.
    func testDetectionsAreThinnedOutWithinAClass() {
        let heads = heads { $0.boxScoreThreshold = 0.25 }
        for (_, parameter) in heads.namedParameters() { parameter.initialize(.zeros) }
        heads.boxPredictor.classScore.weight.assign(Tensor.eye(3))
        let features = Tensor([0, 2, 0, 0, 1, 0, 0, 0, 3] as [Float], shape: [3, 3])
        let proposals = boxes([[0, 0, 20, 20], [0, 0, 20, 19], [5, 5, 300, 25]])
        let found = detections(heads, features, [proposals])
        XCTAssertEqual(found.count, 1)
        XCTAssertEqual(found[0].labels.array(Int.self), [2, 1])
        expectEqual(found[0].boxes, [5, 5, 100, 25, 0, 0, 20, 20], absolute: 1e-4)
        expectEqual(found[0].scores, [0.909_443, 0.786_986], absolute: 1e-5)
        // All logits equal: every proposal is either class with a third.
        let undecided = self.heads { $0.boxDetectionsPerImage = 3 }
        for (_, parameter) in undecided.namedParameters() { parameter.initialize(.zeros) }
        let many = detections(undecided, features, [proposals])[0]
        XCTAssertEqual(many.count, 3)
        expectEqual(many.scores, [1.0 / 3, 1.0 / 3, 1.0 / 3], absolute: 1e-6)
    }

    /// One image with a proposal, one without: the first keeps its own.
    func testAnImageWithoutProposals() {
        let heads = heads()
        for (_, parameter) in heads.namedParameters() { parameter.initialize(.zeros) }
        let none = Tensor.zeros([0, 4])
        for proposals in [[boxes([[0, 0, 20, 20]]), none], [none, boxes([[0, 0, 20, 20]])], [none, none]] {
            let count = proposals.reduce(0) { $0 + $1.shape[0] }
            let found = detections(heads, Tensor.ones([count, 3]), proposals)
            XCTAssertEqual(found.map(\.count), proposals.map { 2 * $0.shape[0] })
            XCTAssertEqual(found.map(\.boxes.shape), proposals.map { [2 * $0.shape[0], 4] })
        }
        let samples = heads.sample(proposals: [none, none], truths: [truth([], []), truth([], [])])
        XCTAssertEqual(samples.regions.shape, [0, 5])
        let losses = heads.losses(features: Tensor.zeros([0, 3]), samples: samples)
        XCTAssertEqual([losses.classifier.item(), losses.boxRegression.item()], [0, 0])
        XCTAssertEqual(TwoLayerHead(inputs: 8, features: 5)(Tensor.zeros([0, 2, 2, 2])).shape, [0, 5])
    }
}
