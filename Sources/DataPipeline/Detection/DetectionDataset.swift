import Annotations
import Media
import Support

/// Images and boxes from a store of annotations and a folder of pictures, filtered once, transformed at every visit.
public struct DetectionDataset: Dataset {
    /// The store that samples are taken from, as it was read.
    public let annotations: DetectionAnnotations
    /// The folder that the annotations' file names are relative to.
    public let imageFolder: String
    /// What becomes of records that training cannot use.
    public let filter: DetectionFilter
    /// What the filter left out.
    public let report: DetectionFilterReport
    /// Lets images decode straight to the size of the first resize, JPEGs from a reduced scale where that is enough:
    /// several times as fast as decoding every pixel, with slightly different pixels.
    public let reducedDecoding: Bool
    /// How files are decoded, and within what limits.
    public let decodeOptions: DecodeOptions

    /// Sample index to index in `annotations`.
    private let images: [Int32]
    /// Per object of `annotations`, whether it is in the targets.
    private let keptObjects: [Bool]
    private let chain: DetectionChain

    /// A data set of annotated images. The filter is applied to every record at once, so that what cannot be used shows
    /// before the first step.
    ///
    /// - Throws: ``DatasetError`` for degenerate boxes that the filter refuses, for a record without a file
    ///   name, and if no image is left.
    public init(
        annotations: DetectionAnnotations, imageFolder: String, transforms: [any DetectionTransform] = [],
        filter: DetectionFilter = .training, decodeOptions: DecodeOptions = DecodeOptions(),
        reducedDecoding: Bool = true
    ) throws {
        self.annotations = annotations
        self.imageFolder = imageFolder
        self.filter = filter
        self.decodeOptions = decodeOptions
        self.reducedDecoding = reducedDecoding
        chain = DetectionChain(transforms: transforms)

        var selection = Selection(annotations: annotations, filter: filter)
        try selection.run()
        images = selection.images
        keptObjects = selection.kept
        report = selection.report
    }

    /// What every sample goes through, in this order.
    public var transforms: [any DetectionTransform] { chain.transforms }
    /// How many images the filter left in.
    public var count: Int { images.count }

    /// The names of labels 1, 2, ….
    public var classNames: [String] { annotations.classNames }

    /// Where sample `index` stands in `annotations`.
    public func annotationIndex(_ index: Int) -> Int { Int(images[index]) }

    /// The file of sample `index`.
    public func path(_ index: Int) -> String { imageFolder + "/" + annotations.fileName(annotationIndex(index)) }

    /// The file's name of sample `index`, relative to the image folder.
    public func describe(_ index: Int) -> String { annotations.fileName(annotationIndex(index)) }

    /// Width over height of every sample as recorded, for grouping by aspect; 1 where the size is not recorded.
    public var aspectRatios: [Float] {
        images.map {
            let size = annotations.imageSize(Int($0))
            return size.width > 0 && size.height > 0 ? Float(size.width) / Float(size.height) : 1
        }
    }

    /// What sample `index` holds before any transform: XYXY pixels of the recorded size, clipped to the image.
    public func target(_ index: Int) -> DetectionTarget {
        let image = annotationIndex(index)
        return target(ofImage: image, size: annotations.imageSize(image))
    }

    /// The size of sample `index`'s file, which its header says.
    ///
    /// - Throws: the decoder's error; ``DatasetError`` where the file is not of the recorded size.
    package func imageSize(_ index: Int) throws -> ImageSize { try size(of: index) }

    /// Sample `index`, decoded and transformed.
    ///
    /// - Throws: the decoder's error; ``DatasetError`` where the file is not of the recorded size.
    public func sample(at index: Int, random: inout SeededRandom) throws -> DetectionSample {
        let image = annotationIndex(index)
        let original = try size(of: index)
        var options = decodeOptions
        if reducedDecoding, let resize = chain.firstResize(of: original, random: random) {
            options.minimumSize = resize.size
            if resize.filter == .bilinearAntialiased { options.targetSize = resize.size }
        }
        var sample = DetectionSample(
            image: try ImageFile.read(path(index), options: options), target: target(ofImage: image, size: original),
            index: index,
            imageID: annotations.imageID(image), name: annotations.fileName(image), originalSize: original)
        chain.apply(&sample, random: random)
        return sample
    }

    /// The size of sample `index`'s file.
    ///
    /// - Throws: the decoder's error; ``DatasetError`` where the file is not of the recorded size.
    private func size(of index: Int) throws -> ImageSize {
        let image = annotationIndex(index)
        let recorded = annotations.imageSize(image)
        let size = try ImageFile.header(path(index)).size
        if recorded.width > 0, recorded.height > 0, recorded != size {
            throw DatasetError(
                annotations.source,
                "\(annotations.fileName(image)) is recorded as \(recorded.width)×\(recorded.height), but the file is "
                    + "\(size.width)×\(size.height), so its boxes belong to another picture. Correct the record or the file."
            )
        }
        return size
    }

    /// The samples whose file is missing, is no picture, or has another size than was recorded, and why: each file's header
    /// is read, not its pixels.
    ///
    /// - Parameter progress: Called now and then with the number of files done.
    public func unusableFiles(progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }) -> [UnusableFile] {
        UnusableFile.all(of: count, progress: progress) { _ = try size(of: $0) }
    }

    private func target(ofImage image: Int, size: ImageSize) -> DetectionTarget {
        let first = annotations.objects(image).lowerBound
        let target = annotations.target(image).filter { keptObjects[first + $0] }
        guard filter.degenerateBoxes != .keep, size.width > 0, size.height > 0 else { return target }
        return target.mapBoxes { $0.clipped(to: size) }
    }
}

/// The filter's walk over all records.
private struct Selection {
    let annotations: DetectionAnnotations
    let filter: DetectionFilter
    var images: [Int32] = []
    var kept: [Bool]
    var report = DetectionFilterReport()

    init(annotations: DetectionAnnotations, filter: DetectionFilter) {
        self.annotations = annotations
        self.filter = filter
        kept = [Bool](repeating: true, count: annotations.objectCount)
    }

    mutating func run() throws {
        var firstDegenerate: (image: Int, object: Int)?
        images.reserveCapacity(annotations.imageCount)
        for image in 0..<annotations.imageCount {
            if annotations.fileName(image).isEmpty {
                throw DatasetError(
                    annotations.source, "image \(annotations.imageID(image)) has no file name. Add its `file_name`.")
            }
            let size = annotations.imageSize(image)
            var objects = 0
            for object in annotations.objects(image) {
                let flags = annotations.flags[object]
                if filter.dropsCrowds, flags.contains(.crowd) {
                    kept[object] = false
                    report.droppedCrowds += 1
                } else if filter.dropsDifficult, flags.contains(.difficult) {
                    kept[object] = false
                    report.droppedDifficult += 1
                } else if filter.degenerateBoxes != .keep, isDegenerate(object, imageSize: size) {
                    kept[object] = false
                    report.skippedDegenerateBoxes += 1
                    if firstDegenerate == nil { firstDegenerate = (image, object) }
                } else {
                    objects += 1
                }
            }
            if objects == 0, filter.emptyImages == .drop {
                report.droppedEmptyImages += 1
            } else {
                images.append(Int32(image))
                report.objects += objects
            }
        }
        report.images = images.count
        if filter.degenerateBoxes == .refuse, let (image, object) = firstDegenerate {
            throw degenerate(object, ofImage: image)
        }
        if images.isEmpty {
            throw DatasetError(
                annotations.source, "no image is left to use (\(report.summary)). Check the split and the filters.")
        }
    }

    private func degenerate(_ object: Int, ofImage image: Int) -> DatasetError {
        let size = annotations.imageSize(image), box = annotations.object(object).box
        let others = report.skippedDegenerateBoxes - 1
        return DatasetError(
            annotations.source,
            "annotation \(annotations.annotationIDs[object]) of \(annotations.fileName(image)) has the box (\(box.x0), "
                + "\(box.y0)) to (\(box.x1), \(box.y1)), which has no inside"
                + (size.width > 0 ? " on its \(size.width)×\(size.height) pixels" : "")
                + (others > 0 ? " (and \(others) more such boxes)" : "")
                + ". Correct or remove the record, or have degenerate boxes skipped; `vertebra data check` lists all of "
                + "them.")
    }

    private func isDegenerate(_ object: Int, imageSize: ImageSize) -> Bool {
        let box = annotations.object(object).box
        guard imageSize.width > 0, imageSize.height > 0 else { return box.isDegenerate }
        return box.isDegenerate || box.clipped(to: imageSize).isDegenerate
    }
}
