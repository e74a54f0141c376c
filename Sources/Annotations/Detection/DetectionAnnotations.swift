/// What is known of an object beyond its class and box.
public struct ObjectFlags: OptionSet, Hashable, Sendable {
    public let rawValue: UInt8

    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// COCO's `iscrowd`.
    public static let crowd = ObjectFlags(rawValue: 1)
    /// COCO's `ignore`. pycocotools reads it and then overwrites it with `iscrowd`, so it changes no score.
    public static let ignore = ObjectFlags(rawValue: 2)
    /// VOC's `difficult`.
    public static let difficult = ObjectFlags(rawValue: 4)
    /// VOC's `truncated`: the object goes on outside the image.
    public static let truncated = ObjectFlags(rawValue: 8)
}

/// One object, as a value: for building annotations and for looking at single ones.
public struct ObjectRecord: Hashable, Sendable {
    /// The annotation's id, unique in its file.
    public var id: Int
    /// 1…classCount.
    public var label: Int
    /// Near corner and extent in pixels, 0-based.
    public var x: Double
    public var y: Double
    public var width: Double
    public var height: Double
    /// Square pixels.
    public var area: Double
    public var flags: ObjectFlags

    /// Without `area` it is width times height.
    public init(
        id: Int, label: Int, x: Double, y: Double, width: Double, height: Double, area: Double? = nil,
        flags: ObjectFlags = []
    ) {
        self.id = id
        self.label = label
        self.x = x
        self.y = y
        self.width = width
        self.height = height
        self.area = area ?? width * height
        self.flags = flags
    }

    public var box: Box { Box(x0: Float(x), y0: Float(y), x1: Float(x + width), y1: Float(y + height)) }
}

/// One image and its objects, as a value.
public struct ImageRecord: Hashable, Sendable {
    public var id: Int
    /// Relative to the image folder.
    public var fileName: String
    public var width: Int
    public var height: Int
    public var objects: [ObjectRecord]

    public init(id: Int, fileName: String, width: Int, height: Int, objects: [ObjectRecord] = []) {
        self.id = id
        self.fileName = fileName
        self.width = width
        self.height = height
        self.objects = objects
    }
}

/// The compact store that the COCO and the VOC readers fill: columns, not a dictionary per record. Images are in file
/// order; objects are grouped by image, in file order within one.
public struct DetectionAnnotations: Sendable {
    /// The file or folder it was read from.
    public let source: String
    /// The name of label `i + 1`.
    public let classNames: [String]
    /// The COCO category id of label `i + 1`, ascending.
    public let categoryIDs: [Int]

    public let imageIDs: [Int]
    /// 0 where the file does not say.
    public let imageWidths: [Int32]
    /// 0 where the file does not say.
    public let imageHeights: [Int32]
    let fileNames: StringColumn

    /// The objects of image `i` are `objectOffsets[i] ..< objectOffsets[i + 1]` in the columns below.
    public let objectOffsets: [Int]
    public let annotationIDs: [Int]
    /// 1…classCount.
    public let labels: [Int32]
    /// Near corner and extent in pixels, 0-based, as they stand in the file.
    public let x: [Double]
    public let y: [Double]
    public let width: [Double]
    public let height: [Double]
    /// Square pixels.
    public let area: [Double]
    public let flags: [ObjectFlags]

    init(
        source: String, classNames: [String], categoryIDs: [Int], imageIDs: [Int], imageWidths: [Int32],
        imageHeights: [Int32], fileNames: StringColumn, objectOffsets: [Int], annotationIDs: [Int], labels: [Int32],
        x: [Double], y: [Double], width: [Double], height: [Double], area: [Double], flags: [ObjectFlags]
    ) {
        self.source = source
        self.classNames = classNames
        self.categoryIDs = categoryIDs
        self.imageIDs = imageIDs
        self.imageWidths = imageWidths
        self.imageHeights = imageHeights
        self.fileNames = fileNames
        self.objectOffsets = objectOffsets
        self.annotationIDs = annotationIDs
        self.labels = labels
        self.x = x
        self.y = y
        self.width = width
        self.height = height
        self.area = area
        self.flags = flags
    }

    /// From values. Without `categoryIDs` label n has category id n.
    public init(source: String, classNames: [String], categoryIDs: [Int]? = nil, images: [ImageRecord]) {
        let ids = categoryIDs ?? Array(1..<(classNames.count + 1))
        precondition(ids.count == classNames.count, "\(ids.count) category ids for \(classNames.count) class names")
        precondition(
            zip(ids, ids.dropFirst()).allSatisfy { $0 < $1 }, "category ids must ascend, so that labels follow them")
        let objects = images.flatMap(\.objects)
        precondition(
            objects.allSatisfy { $0.label >= 1 && $0.label <= classNames.count },
            "a label lies outside 1…\(classNames.count)")
        var offsets = [0]
        for image in images { offsets.append(offsets[offsets.count - 1] + image.objects.count) }
        self.init(
            source: source, classNames: classNames, categoryIDs: ids, imageIDs: images.map(\.id),
            imageWidths: images.map { Int32($0.width) }, imageHeights: images.map { Int32($0.height) },
            fileNames: StringColumn(images.map(\.fileName)), objectOffsets: offsets, annotationIDs: objects.map(\.id),
            labels: objects.map { Int32($0.label) }, x: objects.map(\.x), y: objects.map(\.y),
            width: objects.map(\.width), height: objects.map(\.height), area: objects.map(\.area),
            flags: objects.map(\.flags))
    }

    public var imageCount: Int { imageIDs.count }
    public var objectCount: Int { labels.count }
    public var classCount: Int { classNames.count }

    /// - Throws: `AnnotationError` where two categories have one name, which then doesn't say which is meant.
    public func requireDistinctClassNames() throws {
        var ids: [String: Int] = [:]
        for (name, id) in zip(classNames, categoryIDs) {
            guard let other = ids.updateValue(id, forKey: name) else { continue }
            throw AnnotationError(
                file: source, place: "categories", problem: "categories \(other) and \(id) are both called \"\(name)\"",
                fix: "Give each a name of its own, or make one category of the two")
        }
    }

    public func imageID(_ i: Int) -> Int { imageIDs[i] }

    /// Relative to the image folder; never leaves it. Empty where the file does not say.
    public func fileName(_ i: Int) -> String { fileNames[i] }

    /// In pixels, as recorded; zeros where the file does not say.
    public func imageSize(_ i: Int) -> (width: Int, height: Int) { (Int(imageWidths[i]), Int(imageHeights[i])) }

    /// The range of image `i`'s objects in the columns.
    public func objects(_ i: Int) -> Range<Int> { objectOffsets[i]..<objectOffsets[i + 1] }

    /// Object `j` of the columns as a value.
    public func object(_ j: Int) -> ObjectRecord {
        ObjectRecord(
            id: annotationIDs[j], label: Int(labels[j]), x: x[j], y: y[j], width: width[j], height: height[j],
            area: area[j], flags: flags[j])
    }

    /// Image `i` and its objects as a value.
    public func image(_ i: Int) -> ImageRecord {
        let size = imageSize(i)
        return ImageRecord(
            id: imageID(i), fileName: fileName(i), width: size.width, height: size.height,
            objects: objects(i).map(object))
    }

    /// Everything annotated on image `i`, crowds and degenerate boxes too: what training leaves out is the data set's
    /// decision.
    public func target(_ i: Int) -> DetectionTarget {
        let range = objects(i)
        return DetectionTarget(
            boxes: range.map {
                Box(x0: Float(x[$0]), y0: Float(y[$0]), x1: Float(x[$0] + width[$0]), y1: Float(y[$0] + height[$0]))
            },
            labels: range.map { Int(labels[$0]) }, isCrowd: range.map { flags[$0].contains(.crowd) },
            isDifficult: range.map { flags[$0].contains(.difficult) }, areas: range.map { Float(area[$0]) })
    }

    /// A copy with the classes of these annotations and only these images, in the order given.
    public func selecting(images: [Int]) -> DetectionAnnotations {
        DetectionAnnotations(
            source: source, classNames: classNames, categoryIDs: categoryIDs, images: images.map(image))
    }
}
