import Annotations
import Foundation

/// The ids of images and classes in COCO's results format: those of an instances file, or else numbers from 1 in the
/// order of images and classes.
package struct ImageResultsIDs {
    private let imageIDs: [String: Int]
    private let categoryIDs: [Int?]
    /// The names of images and classes, written out if ids are numbers from 1.
    private let names: ResultNames

    /// - Parameters:
    ///   - given: The image files.
    ///   - classNames: The names of the model's labels.
    ///   - path: An instances JSON that has the ids; nil numbers images and classes from 1.
    /// - Throws: `ClassMismatch`; `AnnotationError`, also for an image that the instances file lacks.
    package init(images given: [String], classNames: [String], annotations path: String?) throws {
        guard let path else {
            imageIDs = Dictionary(given.enumerated().map { ($1, $0 + 1) }, uniquingKeysWith: { first, _ in first })
            let numbers = Array(1..<(classNames.count + 1))
            categoryIDs = numbers
            names = ResultNames(
                images: Dictionary(imageIDs.map { ($1, $0) }, uniquingKeysWith: { first, _ in first }),
                categories: Dictionary(uniqueKeysWithValues: zip(numbers, classNames)))
            return
        }
        let annotations = try COCOInstances(path, classNames: classNames, fileNames: .unopened).annotations
        categoryIDs = try ClassMapping(model: classNames, named: "the model", data: annotations).categoryIDs
        let index = ImagePathIndex(annotations)
        var ids: [String: Int] = [:]
        var images: [Int: String] = [:]
        for image in given {
            let id = try index.imageID(of: image)
            if let other = images.updateValue(image, forKey: id), other != image {
                throw AnnotationError(
                    file: path, problem: "\(other) and \(image) are the same image in it",
                    fix: "Detect on the images of these annotations, or leave --annotations out")
            }
            ids[image] = id
        }
        imageIDs = ids
        names = ResultNames()
    }

    /// Writes the detections of the images, with names as well if ids are numbers from 1.
    ///
    /// - Throws: `AnnotationError`.
    package func write(_ found: [ImageDetections], to path: String) throws {
        var results = DetectionResults()
        for image in found {
            guard let id = imageIDs[image.image] else { continue }
            for object in image.detections {
                guard let category = categoryIDs[object.label - 1] else { continue }
                results.append(
                    imageID: id, categoryID: category,
                    box: Box(x0: object.box[0], y0: object.box[1], x1: object.box[2], y1: object.box[3]),
                    score: Double(object.score))
            }
        }
        try COCO.writeResults(results, to: path, names: names)
    }
}
