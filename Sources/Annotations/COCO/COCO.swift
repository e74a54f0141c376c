import CSimdJSON
import Foundation
import Support

/// COCO's JSON files, read and written: instances (boxes, crowds, categories) and detection results, in the formats of
/// <https://cocodataset.org/#format-data> and <https://cocodataset.org/#format-results>.
public enum COCO {
    /// What to do with an annotation whose image or category the file does not have.
    public enum UnknownReferences: Sendable {
        /// Throw an ``AnnotationError``.
        case fail
        /// Leave the annotation out, as pycocotools does.
        case drop
    }

    /// What becomes of the file names in an instances file.
    public enum FileNames: Hashable, Sendable {
        /// Each must lie in the image folder, once a map has changed it.
        case inFolder(FileNameMap)
        /// They stay as they are, also absolute ones and ones that leave the folder, and a size that no image has counts as
        /// missing: for work that opens no image.
        case unopened
    }

    /// Reads an instances file. Category ids become labels 1…n in ascending order of id; images stay in file order.
    /// `area` defaults to width times height, `iscrowd` and `ignore` to 0; null counts as missing, and a category without a
    /// name is called by its id. Outlines (`segmentation`) are skipped.
    ///
    /// - Parameters:
    ///   - path: The file, such as `instances_val2017.json`.
    ///   - unknownReferences: What becomes of an annotation whose image or category the file lacks.
    ///   - fileNames: What becomes of file names.
    ///   - threads: Threads that read the file; nil takes up to four.
    /// - Throws: ``AnnotationError`` at the first thing that is wrong: broken or truncated JSON, a missing key, a wrong
    ///   type, an id that stands twice, an annotation of an unknown image or category, a file name that leaves the image
    ///   folder. The dataset doctor lists them all.
    public static func readInstances(
        _ path: String, unknownReferences: UnknownReferences = .fail, fileNames: FileNames = .inFolder(FileNameMap()),
        threads: Int? = nil
    ) throws -> DetectionAnnotations {
        try COCOInstances(path, unknownReferences: unknownReferences, fileNames: fileNames, threads: threads)
            .annotations
    }

    /// Reads a results file: an array of `{"image_id", "category_id", "bbox": [x, y, width, height], "score"}`; other
    /// keys are skipped. Ids are not compared with any annotations here.
    ///
    /// - Parameters:
    ///   - path: The file, such as `detections.json`.
    ///   - threads: Threads that read the file; nil takes up to four.
    /// - Throws: ``AnnotationError`` for broken or truncated JSON, a missing key or a wrong type.
    public static func readResults(_ path: String, threads: Int? = nil) throws -> DetectionResults {
        try results(of: COCOFile(path: path, kind: CS_RESULTS, threads: threads))
    }

    /// Reads a results file with what its records call their images and categories.
    ///
    /// - Throws: ``AnnotationError`` as ``readResults(_:threads:)`` does, and for names that contradict each other.
    package static func readNamedResults(_ path: String) throws -> (results: DetectionResults, names: ResultNames) {
        let file = try COCOFile(path: path, kind: CS_RESULTS)
        let results = try results(of: file)
        return (results, try ResultNames(file, of: results))
    }

    /// Annotations to score against, of which nothing is opened and annotations of unknown images or categories are left out,
    /// and results, read at the same time.
    ///
    /// - Parameters:
    ///   - threads: Threads that read each of them; nil takes up to four. 1 reads one after the other.
    ///   - results: Reads the results.
    /// - Throws: What reading the annotations throws, or else what `results` throws.
    package static func readToScore<Results: Sendable>(
        annotations path: String, threads: Int? = nil, results: @escaping @Sendable () throws -> Results
    ) throws -> (DetectionAnnotations, Results) {
        let read = try parallelMap(count: 2, threads: threads ?? ProcessInfo.processInfo.activeProcessorCount) {
            number -> (DetectionAnnotations?, Results?) in
            guard number == 0 else { return (nil, try results()) }
            return (try readInstances(path, unknownReferences: .drop, fileNames: .unopened, threads: threads), nil)
        }
        guard let annotations = read[0].0, let results = read[1].1 else { preconditionFailure("a file was left out") }
        return (annotations, results)
    }

    static func results(of file: COCOFile) throws -> DetectionResults {
        try file.check()
        var results = DetectionResults(source: file.path)
        results.imageIDs = file.integers(CS_ANNOTATION_IMAGE)
        results.categoryIDs = file.integers(CS_ANNOTATION_CATEGORY)
        results.x = file.take(CS_ANNOTATION_X)
        results.y = file.take(CS_ANNOTATION_Y)
        results.width = file.take(CS_ANNOTATION_WIDTH)
        results.height = file.take(CS_ANNOTATION_HEIGHT)
        results.scores = file.take(CS_ANNOTATION_SCORE)
        return results
    }
}

extension DetectionAnnotations {
    /// From a file's records, checked, with objects grouped by image and without the categories at the positions `leftOut`,
    /// which have no object.
    init(
        _ records: COCORecords, unknownReferences: COCO.UnknownReferences, fileNames: COCO.FileNames, leftOut: [Int]
    ) throws {
        let source = records.source
        func refuse(_ place: String, _ problem: String, _ fix: String) -> AnnotationError {
            AnnotationError(file: source, place: place, problem: problem, fix: fix)
        }
        let everyFault = "`vertebra data check` lists everything of this kind"
        if let section = records.missingSections.first {
            throw refuse(
                "", "\"\(section)\" is missing",
                "An annotation file is an object with \"images\", \"annotations\" and \"categories\"")
        }

        let byID = records.categoryIDs.indices.filter { !leftOut.contains($0) }
            .sorted { records.categoryIDs[$0] < records.categoryIDs[$1] }
        let categoryIDs = byID.map { records.categoryIDs[$0] }
        let categories = IDIndex(categoryIDs)
        if let twice = categories.repeated.first {
            throw refuse(
                "categories", "category id \(categoryIDs[twice]) stands twice", "Give every category an id of its own")
        }
        let names = byID.map(records.className)

        let images = IDIndex(records.imageIDs)
        if let twice = images.repeated.first {
            throw refuse(
                "images[\(twice)]", "image id \(records.imageIDs[twice]) stands twice",
                "Give every image an id of its own; \(everyFault)")
        }
        for i in 0..<records.imageCount where fileNames != .unopened {
            guard records.fileNameIsSafe(i) else {
                throw refuse(
                    "images[\(i)]", "file name \"\(records.fileName(i))\" leaves the image folder",
                    "Write it relative to the image folder, without \"..\", or change the names of another machine with a "
                        + "recipe's data.path_prefix; \(everyFault)")
            }
            guard records.imageSize(i) != nil else {
                throw refuse(
                    "images[\(i)]", "\(records.imageWidths[i]) × \(records.imageHeights[i]) pixels are no image's size",
                    "Write the size of the picture; \(everyFault)")
            }
        }
        if let twice = records.annotationIDs.firstRepeated() {
            throw refuse(
                "annotations[\(twice)]", "annotation id \(records.annotationIDs[twice]) stands twice",
                "Give every annotation an id of its own; \(everyFault)")
        }

        var counts = [Int](repeating: 0, count: records.imageCount + 1)
        var owners = [Int32](repeating: -1, count: records.annotationCount)
        var labels = [Int32](repeating: 0, count: records.annotationCount)
        for j in 0..<records.annotationCount {
            let image = images.position(records.annotationImages[j])
            let category = categories.position(records.annotationCategories[j])
            if image >= 0, category >= 0 {
                owners[j] = Int32(image)
                labels[j] = Int32(category + 1)
                counts[image + 1] += 1
            } else if unknownReferences == .fail {
                throw refuse(
                    "annotations[\(j)]",
                    image < 0
                        ? "image \(records.annotationImages[j]) is not among the file's images"
                        : "category \(records.annotationCategories[j]) is not among the file's categories",
                    "Take the annotation out or add what it names; \(everyFault)")
            }
        }
        for i in 0..<records.imageCount { counts[i + 1] += counts[i] }
        var next = counts
        var order = [Int32](repeating: 0, count: counts[records.imageCount])
        for (j, owner) in owners.enumerated() where owner >= 0 {
            order[next[Int(owner)]] = Int32(j)
            next[Int(owner)] += 1
        }
        owners = []

        func gathered<Value>(_ column: [Value]) -> [Value] { order.map { column[Int($0)] } }
        self.init(
            source: source, classNames: names, categoryIDs: categoryIDs, imageIDs: records.imageIDs,
            imageWidths: (0..<records.imageCount).map { records.imageSize($0)?.width ?? 0 },
            imageHeights: (0..<records.imageCount).map { records.imageSize($0)?.height ?? 0 },
            fileNames: records.imageNames, objectOffsets: counts, annotationIDs: gathered(records.annotationIDs),
            labels: gathered(labels), x: gathered(records.x), y: gathered(records.y), width: gathered(records.width),
            height: gathered(records.height),
            area: order.map {
                let j = Int($0)
                return records.annotationFlags[j].contains(.hasArea)
                    ? records.area[j] : records.width[j] * records.height[j]
            },
            flags: order.map {
                let record = records.annotationFlags[Int($0)]
                var flags: ObjectFlags = []
                if record.contains(.crowd) { flags.insert(.crowd) }
                if record.contains(.ignore) { flags.insert(.ignore) }
                return flags
            }, outlines: records.outlines(of: order))
    }
}

extension [Int] {
    /// The position of an element that stands earlier already, or nil. Ascending arrays take one look.
    package func firstRepeated() -> Int? {
        guard zip(self, dropFirst()).contains(where: { $0 >= $1 }) else { return nil }
        let ascending = sorted()
        guard zip(ascending, ascending.dropFirst()).contains(where: { $0 == $1 }) else { return nil }
        var seen = Set<Int>()
        return firstIndex { !seen.insert($0).inserted }
    }
}
