import Annotations
import Detectors
import Media
import Support
import Tensors

/// One object that a detector found.
package struct DetectedObject: Hashable, Sendable {
    /// XYXY pixels.
    package var box: Box
    /// 1…classCount.
    package var label: Int
    /// 0…1.
    package var score: Float

    /// A detector's tensors as values, best first.
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
    /// What the detector finds in images scaled to what it sees, in pixels of the originals, best first.
    ///
    /// - Parameters:
    ///   - images: At the sizes that `input` of the recipe says.
    ///   - originalSizes: The sizes before that, of as many images.
    func objects(in images: [ByteImage], originalSizes: [ImageSize]) -> [[DetectedObject]] {
        precondition(
            images.count == originalSizes.count,
            "DetectorModel.objects: \(images.count) images with \(originalSizes.count) original sizes")
        return zip(zip(images, originalSizes), detect(images.map { Tensor($0) })).map { image, detections in
            let seen = image.0.size
            return DetectedObject.list(detections.scaled(from: seen, to: image.1))
        }
    }
}
