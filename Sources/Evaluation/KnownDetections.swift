import Annotations

/// Where each detection belongs in the ground truth.
struct KnownDetections {
    /// Per detection: the position of its image in the annotations.
    var images: [Int32]
    /// Per detection: its label less one; −1 for a category that is left out.
    var classes: [Int32]

    /// - Throws: ``EvaluationError`` for what the ground truth does not have, and for what is not a number.
    init(
        groundTruth: DetectionAnnotations, results: DetectionResults,
        unknownCategories: COCOEvaluation.UnknownCategories
    ) throws {
        let imageIndex = IDIndex(groundTruth.imageIDs)
        let categoryIndex = IDIndex(groundTruth.categoryIDs)
        images = [Int32](repeating: 0, count: results.count)
        classes = [Int32](repeating: -1, count: results.count)
        for i in 0..<results.count {
            let image = imageIndex.position(results.imageIDs[i])
            guard image >= 0 else {
                throw EvaluationError(
                    source: results.source,
                    problem: "detection \(i) is of image \(results.imageIDs[i]), "
                        + "which \(groundTruth.source) does not have",
                    fix: "Score against the annotations of the split that was detected on")
            }
            let category = categoryIndex.position(results.categoryIDs[i])
            guard category >= 0 || unknownCategories == .ignore else {
                throw EvaluationError(
                    source: results.source,
                    problem: "detection \(i) is of category \(results.categoryIDs[i]), "
                        + "which \(groundTruth.source) does not have",
                    fix: "Write the annotation file's category ids, not labels; "
                        + "`score coco --ignore-unknown-categories` leaves them out, as pycocotools does")
            }
            guard results.isFinite(i) else {
                throw EvaluationError(
                    source: results.source, problem: "detection \(i) has a score or a box that is not a number",
                    fix: "Leave it out, and look for where the model's output stopped being finite")
            }
            images[i] = Int32(image)
            classes[i] = Int32(category)
        }
    }
}

extension DetectionResults {
    /// Whether the score is a number and the box has finite edges.
    fileprivate func isFinite(_ i: Int) -> Bool {
        !scores[i].isNaN && x[i].isFinite && y[i].isFinite && width[i].isFinite && height[i].isFinite
    }
}

/// Images in ascending order of id, in which pycocotools goes through them.
struct ImageOrder {
    /// The place of each image.
    let places: [Int32]

    init(_ groundTruth: DetectionAnnotations) {
        let ids = groundTruth.imageIDs
        let byID = ids.indices.sorted { ids[$0] < ids[$1] }
        var places = [Int32](repeating: 0, count: ids.count)
        for (place, image) in byID.enumerated() { places[image] = Int32(place) }
        self.places = places
    }

    /// The place of each object's image.
    func objectImages(_ groundTruth: DetectionAnnotations) -> [Int32] {
        var images = [Int32](repeating: 0, count: groundTruth.objectCount)
        for i in 0..<groundTruth.imageCount {
            for j in groundTruth.objects(i) { images[j] = places[i] }
        }
        return images
    }
}
