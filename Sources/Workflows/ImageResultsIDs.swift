import Annotations
import Foundation

/// The ids under which COCO's results form names images and classes: those of an instances file, or numbers from 1 in the
/// order of the images and of the classes.
public struct ImageResultsIDs {
    private let imageIDs: [String: Int]
    private let categoryIDs: [Int]
    private let isNumbered: Bool

    /// - Parameters:
    ///   - images: The image files.
    ///   - classNames: Of the model's labels.
    ///   - annotations: An instances JSON.
    /// - Throws: `ClassMismatch`; `AnnotationError`, also for an image that the instances lack.
    public init(images: [String], classNames: [String], annotations path: String?) throws {
        isNumbered = path == nil
        guard let path else {
            imageIDs = Dictionary(
                images.enumerated().map { ($1, $0 + 1) }, uniquingKeysWith: { first, _ in first })
            categoryIDs = Array(1..<(classNames.count + 1))
            return
        }
        let annotations = try COCO.readInstances(path)
        categoryIDs = try ClassMapping(model: classNames, named: "the model", data: annotations).categoryIDs
        var byName: [String: Int] = [:]
        var repeated = Set<String>()
        for i in 0..<annotations.imageCount {
            let name = (annotations.fileName(i) as NSString).lastPathComponent
            if byName.updateValue(annotations.imageID(i), forKey: name) != nil { repeated.insert(name) }
        }
        imageIDs = Dictionary(
            try images.map { image in
                let name = (image as NSString).lastPathComponent
                guard let id = byName[name], !repeated.contains(name) else {
                    throw AnnotationError(
                        file: path,
                        problem: repeated.contains(name)
                            ? "several images are called \(name)" : "none of its images is called \(name)",
                        fix: "Detect on the images of these annotations, or leave --annotations out")
                }
                return (image, id)
            }, uniquingKeysWith: { first, _ in first })
    }

    /// Writes what was found in the images; with numbers for ids, the files' names as well.
    ///
    /// - Throws: `AnnotationError`.
    public func write(_ found: [ImageDetections], to path: String) throws {
        var results = DetectionResults()
        var names: [Int: String] = [:]
        for image in found {
            guard let id = imageIDs[image.image] else { continue }
            if isNumbered { names[id] = image.image }
            for object in image.detections {
                results.append(
                    imageID: id, categoryID: categoryIDs[object.label - 1],
                    box: Box(x0: object.box[0], y0: object.box[1], x1: object.box[2], y1: object.box[3]),
                    score: Double(object.score))
            }
        }
        try COCO.writeResults(results, to: path, fileNames: names)
    }
}
