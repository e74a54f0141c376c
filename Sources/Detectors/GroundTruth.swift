import Annotations
import Support
import Tensors

/// The objects of one image as tensors, in pixels of the batch.
package struct GroundTruth {
    /// `[G, 4]` float32, XYXY.
    package let boxes: Tensor
    /// `[G]` int64, 1…classCount.
    package let labels: Tensor
    package let count: Int

    private init(boxes: Tensor, labels: Tensor) { (self.boxes, self.labels, count) = (boxes, labels, labels.count) }

    /// The objects of every image of a batch, on its device, in pixels of the scaled images.
    ///
    /// Traps on a box without extent and on a label that the network does not have.
    package static func all(of batch: DetectionBatch, in scaled: ImageBatch, classCount: Int) -> [GroundTruth] {
        all(of: batch, from: scaled.originalSizes, to: scaled.sizes, classCount: classCount)
    }

    package static func all(
        of batch: DetectionBatch, from sizes: [ImageSize], to scaledSizes: [ImageSize], classCount: Int
    ) -> [GroundTruth] {
        precondition(
            sizes.count == batch.targets.count, "\(sizes.count) images, but \(batch.targets.count) targets")
        for (image, target) in batch.targets.enumerated() { check(target, image: image, classCount: classCount) }
        let counts = batch.targets.map(\.count)
        let boxes = batch.boxes.split(sizes: counts), labels = batch.labels.split(sizes: counts)
        return sizes.indices.map {
            GroundTruth(boxes: scaled(boxes[$0], from: sizes[$0], to: scaledSizes[$0]), labels: labels[$0])
        }
    }

    private static func check(_ target: DetectionTarget, image: Int, classCount: Int) {
        for (box, label) in zip(target.boxes, target.labels) {
            precondition(
                box.x1 > box.x0 && box.y1 > box.y0,
                "image \(image) of the batch has the box (\(box.x0), \(box.y0), \(box.x1), \(box.y1)) without extent")
            precondition(
                (1...classCount).contains(label),
                "image \(image) of the batch has the label \(label); labels are 1…\(classCount)")
        }
    }

    private static func scaled(_ boxes: Tensor, from size: ImageSize, to scaled: ImageSize) -> Tensor {
        guard size != scaled else { return boxes }
        // Numbers, and not a tensor of them, which would have to be uploaded.
        let x = Double(Float(scaled.width) / Float(size.width)), y = Double(Float(scaled.height) / Float(size.height))
        let corners = boxes.reshape([-1, 2, 2])
        return Tensor.stack([corners.select(dim: 2, index: 0) * x, corners.select(dim: 2, index: 1) * y], dim: 2)
            .reshape([-1, 4])
    }

    /// The boxes that each image's candidates match, `[N, n, 4]`; of those that match none, any box.
    ///
    /// - Parameter matched: int64 `[N, n]`, below 0 for none.
    static func boxes(of truths: [GroundTruth], matched: Tensor) -> Tensor {
        gathered(truths, matched) {
            $0.count > 0 ? $0.boxes : Tensor.zeros([1, 4], device: matched.device)
        }
    }

    /// The labels of the objects that each image's candidates match, int64 `[N, n]`; of those that match none, any label.
    static func labels(of truths: [GroundTruth], matched: Tensor) -> Tensor {
        gathered(truths, matched) {
            $0.count > 0 ? $0.labels : Tensor.zeros([1], dtype: .int64, device: matched.device)
        }
    }

    private static func gathered(
        _ truths: [GroundTruth], _ matched: Tensor, _ values: (GroundTruth) -> Tensor
    ) -> Tensor {
        let places = matched.clamp(min: 0).to(.int64)
        return Tensor.stack(
            truths.enumerated().map { values($1).indexSelect(dim: 0, places.select(dim: 0, index: $0)) })
    }
}
