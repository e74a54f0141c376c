import Annotations
import Evaluation
import Media

/// Draws the images of a data set with their annotated and their detected objects.
struct DetectionPictures {
    private let part: DetectionData.Part
    private let results: DetectionResults
    private let damagedImages: DamagedImages
    /// Detections that are drawn, by image id.
    private var found: [Int: [Int]] = [:]
    private let labels: [Int: Int]

    /// - Parameters:
    ///   - part: The annotated images.
    ///   - results: The detections on them.
    ///   - threshold: Least score of detections that are drawn.
    ///   - damagedImages: What becomes of damaged images that can be decoded all the same.
    init(_ part: DetectionData.Part, _ results: DetectionResults, threshold: Double, damagedImages: DamagedImages) {
        self.part = part
        self.results = results
        self.damagedImages = damagedImages
        for i in 0..<results.count where results.scores[i] >= threshold {
            found[results.imageIDs[i], default: []].append(i)
        }
        labels = Dictionary(
            part.annotations.categoryIDs.enumerated().map { ($1, $0 + 1) }, uniquingKeysWith: { first, _ in first })
    }

    /// So many images, spread evenly over the data.
    func spread(_ count: Int) -> [Int] {
        let total = part.annotations.imageCount
        let count = min(count, total)
        return (0..<count).map { $0 * total / count }
    }

    /// An image with its annotated objects at the left and the detected ones at the right, and with the latter alone.
    ///
    /// - Throws: `MediaError` for an image that can't be read.
    func draw(_ image: Int) throws -> (pair: ByteImage, detected: ByteImage) {
        let truth = part.annotations
        let pixels = try ImageFile.read(
            part.path(ofImage: image), options: DecodeOptions(damagedImages: damagedImages))
        let annotated = truth.objects(image).map { j in
            DrawnObject(
                name: truth.classNames[Int(truth.labels[j]) - 1], label: Int(truth.labels[j]), box: truth.object(j).box)
        }
        let detected = found[truth.imageID(image), default: []].map { i in
            let label = labels[results.categoryIDs[i], default: 1]
            return DrawnObject(
                name: truth.classNames[label - 1], label: label, score: results.scores[i], box: results.box(i))
        }
        let drawn = try DrawnObject.draw(detected, on: pixels)
        let pair = Montage.grid(
            [try DrawnObject.draw(annotated, on: pixels), drawn],
            captions: ["annotated: \(truth.fileName(image))", "detected"], columns: 2, cellWidth: 640, cellHeight: 480)
        return (pair, drawn)
    }
}
