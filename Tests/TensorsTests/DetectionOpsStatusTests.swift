import CTorch
import Tensors
import XCTest

/// Wrong operands are reported by a status with a message, never by a crash of the engine.
final class DetectionOpsStatusTests: XCTestCase {
    private func assertRefused(
        _ part: String, line: UInt = #line, _ call: (UnsafeMutablePointer<OpaquePointer?>) -> ct_status
    ) {
        let before = Tensor.liveHandleCount
        var out: OpaquePointer?
        XCTAssertNotEqual(call(&out), 0, line: line)
        XCTAssertNil(out, line: line)
        XCTAssertTrue(lastEngineMessage().contains(part), lastEngineMessage(), line: line)
        XCTAssertEqual(Tensor.liveHandleCount, before, line: line)
    }

    private let boxes = Tensor.zeros([3, 4])
    private let scores = Tensor.zeros([3])
    private let features = Tensor.zeros([1, 2, 5, 5])

    func testSuppression() {
        assertRefused("must be [N, 4]") { ct_nms(Tensor.zeros([3, 5]).raw, scores.raw, 0.5, $0) }
        assertRefused("scores must be [3]") { ct_nms(boxes.raw, Tensor.zeros([2]).raw, 0.5, $0) }
        assertRefused("float32 or float64") { ct_nms(boxes.to(.int64).raw, scores.raw, 0.5, $0) }
        assertRefused("0 or more") { ct_nms(boxes.raw, scores.raw, -0.1, $0) }
        assertRefused("0 or more") { ct_nms(boxes.raw, scores.raw, .nan, $0) }
        assertRefused("int64") { ct_batched_nms(boxes.raw, scores.raw, scores.raw, 0.5, $0) }
    }

    private func align(
        _ levels: [Tensor], _ rois: Tensor, levelOf: Tensor? = nil, bins: Int64 = 2, ratio: Int64 = 2,
        _ out: UnsafeMutablePointer<OpaquePointer?>
    ) -> ct_status {
        let options = ct_roi_align_options(
            output_height: bins, output_width: 2, sampling_ratio: ratio, aligned: false, contiguous_output: false)
        return withHandles(levels) { handles, count in
            ct_roi_align(handles, levels.map { _ in 0.5 }, count, rois.raw, levelOf?.raw, options, out)
        }
    }

    func testRegions() {
        let rois = Tensor.zeros([1, 5])
        assertRefused("[N, C, H, W]") { align([features[0]], rois, $0) }
        assertRefused("[K, 5]") { align([features], Tensor.zeros([1, 4]), $0) }
        assertRefused("outside the batch of 1") {
            align([features], Tensor([1, 0, 0, 1, 1] as [Float], shape: [1, 5]), $0)
        }
        assertRefused("outside the batch of 1") {
            align([features], Tensor([-1, 0, 0, 1, 1] as [Float], shape: [1, 5]), $0)
        }
        assertRefused("outside the batch of 1") {
            align([features], Tensor([.nan, 0, 0, 1, 1] as [Float], shape: [1, 5]), $0)
        }
        assertRefused("Float") { align([features], rois.to(.float64), $0) }
        assertRefused("must have bins") { align([features], rois, bins: 0, $0) }
        assertRefused("no feature level") { align([], rois, $0) }
        assertRefused("need the level of each region") { align([features, features], rois, $0) }
        assertRefused("outside 0..<2") { align([features, features], rois, levelOf: Tensor([2]), $0) }
        assertRefused("one batch, channels and type") {
            align([features, Tensor.zeros([1, 3, 5, 5])], rois, levelOf: Tensor([0]), $0)
        }
        assertRefused("[K, 5]") { ct_roi_pool(features.raw, Tensor.zeros([1, 4]).raw, 2, 2, 1, $0) }
        assertRefused("must have bins") { ct_roi_pool(features.raw, rois.raw, 2, 0, 1, $0) }
        assertRefused("no level") { ct_pyramid_levels(rois.raw, [0], 0, 224, 4, $0) }
    }

    func testBoxes() {
        assertRefused("[N, 4]") { ct_box_iou(boxes.raw, scores.raw, $0) }
        assertRefused("boxes of") { ct_box_iou(boxes.raw, boxes.to(.float64).raw, $0) }
        assertRefused("3 boxes for 2 anchors") { ct_encode_boxes(boxes.raw, boxes[0..<2].raw, [1, 1, 1, 1], $0) }
        assertRefused("[3, 4k]") { ct_decode_boxes(Tensor.zeros([3, 6]).raw, boxes.raw, [1, 1, 1, 1], 4, $0) }
        assertRefused("[..., 4]") { ct_clip_boxes(scores.raw, 4, 4, $0) }
        assertRefused("exceeds") { ct_match_anchors(boxes.raw, boxes.raw, 0.3, 0.7, true, $0) }
    }

    func testThereIsNoSecondDerivative() {
        let x = features.requiringGrad()
        let rois = Tensor([0, 0, 0, 4, 4] as [Float], shape: [1, 5])
        let output = DetectionOps.roiAlign(
            x, rois: rois, outputSize: (2, 2), spatialScale: 1, samplingRatio: 2, aligned: false)
        assertRefused("no second derivative") { out in
            withHandles([output]) { outputs, _ in
                withHandles([Tensor.onesLike(output)]) { gradients, _ in
                    withHandles([x]) { inputs, _ in ct_gradients(outputs, gradients, 1, inputs, 1, true, true, out) }
                }
            }
        }
    }
}
