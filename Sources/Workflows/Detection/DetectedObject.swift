import Annotations
import Detectors
import Media
import Support
import Tensors

/// One object that a detector found.
package struct DetectedObject: Hashable, Sendable {
    /// The box in XYXY pixels.
    package var box: Box
    /// The class's label, 1…classCount.
    package var label: Int
    /// How sure the detector is, 0…1.
    package var score: Float

    /// An object of class `label` in `box`.
    package init(box: Box, label: Int, score: Float) {
        self.box = box
        self.label = label
        self.score = score
    }

    /// A detector's tensors as Swift values, best first.
    package static func list(_ detections: Detections) -> [DetectedObject] {
        let boxes = detections.boxes.array(Float.self)
        let scores = detections.scores.array(Float.self)
        let labels = detections.labels.array(Int64.self)
        return scores.indices.map { i in
            DetectedObject(
                box: Box(x0: boxes[4 * i], y0: boxes[4 * i + 1], x1: boxes[4 * i + 2], y1: boxes[4 * i + 3]),
                label: Int(labels[i]), score: scores[i])
        }
    }
}

extension DetectorModel {
    /// The objects found in each of `images`, in pixels of the original files, best first. An output of a
    /// published head that no class has gives none.
    ///
    /// - Parameters:
    ///   - images: Images already scaled as the recipe's `input` says.
    ///   - originalSizes: The size of each image before scaling.
    func objects(in images: [ByteImage], originalSizes: [ImageSize]) -> [[DetectedObject]] {
        precondition(
            images.count == originalSizes.count,
            "DetectorModel.objects: \(images.count) images with \(originalSizes.count) original sizes")
        let found = OutOfMemory.naming(work(images.map(\.size), taking: "evaluation.batch", more: [])) {
            detect(images.map { Tensor($0) })
        }
        return images.indices.map { i in
            DetectedObject.list(found[i].scaled(from: images[i].size, to: originalSizes[i])).filter {
                classNames[$0.label - 1] != ClassNameList.unusedName
            }
        }
    }
}
