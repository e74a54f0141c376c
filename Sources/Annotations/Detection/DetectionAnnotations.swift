import Support

/// What is known of an object beyond its class and box.
public struct ObjectFlags: OptionSet, Hashable, Sendable {
    /// The flags as bits.
    public let rawValue: UInt8

    /// Flags from their bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// COCO's `iscrowd`: the box covers a group whose members were not counted.
    public static let crowd = ObjectFlags(rawValue: 1)
    /// COCO's `ignore`. pycocotools reads it and then overwrites it with `iscrowd`, so it changes no score.
    public static let ignore = ObjectFlags(rawValue: 2)
    /// VOC's `difficult`: it counts neither way in VOC's evaluation.
    public static let difficult = ObjectFlags(rawValue: 4)
    /// VOC's `truncated`: the object goes on outside the image.
    public static let truncated = ObjectFlags(rawValue: 8)
}

/// One annotated object as a value, to build ``DetectionAnnotations`` from and to look at. Its box is COCO's XYWH.
public struct ObjectRecord: Hashable, Sendable {
    /// The id of the annotation, unique in its file.
    public var id: Int
    /// The object's class, 1…classCount.
    public var label: Int
    /// The box's left edge in pixels, 0-based.
    public var x: Double
    /// The box's upper edge in pixels, 0-based.
    public var y: Double
    /// The box's width in pixels.
    public var width: Double
    /// The box's height in pixels.
    public var height: Double
    /// The object's area in square pixels: COCO's `area`, of the outline where there is one, else the box's.
    public var area: Double
    /// Whether the object is a crowd, difficult and so on.
    public var flags: ObjectFlags
    /// What the object covers, where that was read; its box may be another all the same.
    public var outline: ObjectOutline?

    /// An object from its values; without `area` it is width times height.
    public init(
        id: Int, label: Int, x: Double, y: Double, width: Double, height: Double, area: Double? = nil,
        flags: ObjectFlags = [], outline: ObjectOutline? = nil
    ) {
        self.id = id
        self.label = label
        self.x = x
        self.y = y
        self.width = width
        self.height = height
        self.area = area ?? width * height
        self.flags = flags
        self.outline = outline
    }

    /// The object's box as XYXY.
    public var box: Box { Box(x0: Float(x), y0: Float(y), x1: Float(x + width), y1: Float(y + height)) }
}

/// One image and its objects as a value, to build ``DetectionAnnotations`` from and to look at.
public struct ImageRecord: Hashable, Sendable {
    /// The image's id, unique in its file.
    public var id: Int
    /// The picture's file, relative to the image folder.
    public var fileName: String
    /// The picture's width in pixels; 0 where the file does not say.
    public var width: Int
    /// The picture's height in pixels; 0 where the file does not say.
    public var height: Int
    /// The objects annotated on the image.
    public var objects: [ObjectRecord]

    /// An image from its values.
    public init(id: Int, fileName: String, width: Int, height: Int, objects: [ObjectRecord] = []) {
        self.id = id
        self.fileName = fileName
        self.width = width
        self.height = height
        self.objects = objects
    }
}

/// A detection data set's images, classes and objects, as the readers of COCO and VOC give them.
///
/// It is compact: columns, not a dictionary per record. Images are in file order; objects are grouped by image, in file
/// order within one. Images and objects are asked for by their positions from 0, which are not their ids. Boxes in the
/// columns are COCO's XYWH: upper left corner and extent in pixels, 0-based.
public struct DetectionAnnotations: Sendable {
    /// The file it was read from, or what error messages call it.
    public let source: String
    /// The name of label `i + 1`.
    public let classNames: [String]
    /// The COCO category id of label `i + 1`, ascending.
    public let categoryIDs: [Int]

    /// The id of every image.
    public let imageIDs: [Int]
    /// 0 where the file does not say.
    let imageWidths: [Int32]
    /// 0 where the file does not say.
    let imageHeights: [Int32]
    let fileNames: StringColumn

    /// The objects of image `i` are `objectOffsets[i] ..< objectOffsets[i + 1]` in the columns below.
    let objectOffsets: [Int]
    /// The annotation id of every object.
    public let annotationIDs: [Int]
    /// The class of every object, 1…classCount.
    public let labels: [Int32]
    /// The left edge of every object's box.
    public let x: [Double]
    /// The upper edge of every object's box.
    public let y: [Double]
    /// The width of every object's box.
    public let width: [Double]
    /// The height of every object's box.
    public let height: [Double]
    /// The area of every object in square pixels: COCO's `area`, of the outline where there is one, else the box's.
    public let area: [Double]
    /// Whether every object is a crowd, difficult and so on.
    public let flags: [ObjectFlags]
    /// The outlines of objects, by the objects' positions; readers for training and scoring leave them out.
    let outlines: [Int: ObjectOutline]

    init(
        source: String, classNames: [String], categoryIDs: [Int], imageIDs: [Int], imageWidths: [Int32],
        imageHeights: [Int32], fileNames: StringColumn, objectOffsets: [Int], annotationIDs: [Int], labels: [Int32],
        x: [Double], y: [Double], width: [Double], height: [Double], area: [Double], flags: [ObjectFlags],
        outlines: [Int: ObjectOutline] = [:]
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
        self.outlines = outlines
    }

    /// Annotations from values. Category ids must ascend; without them label n has category id n.
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
            flags: objects.map(\.flags),
            outlines: Dictionary(
                uniqueKeysWithValues: objects.enumerated().compactMap { j, object in object.outline.map { (j, $0) } }))
    }

    /// How many images there are.
    public var imageCount: Int { imageIDs.count }
    /// How many objects there are on all images.
    public var objectCount: Int { labels.count }
    /// How many classes there are.
    public var classCount: Int { classNames.count }

    /// Checks that a name says which category is meant.
    ///
    /// - Throws: ``AnnotationError`` where two categories have one name.
    package func requireDistinctClassNames() throws {
        var ids: [String: Int] = [:]
        for (name, id) in zip(classNames, categoryIDs) {
            guard let other = ids.updateValue(id, forKey: name) else { continue }
            throw AnnotationError(
                file: source, place: "categories", problem: "categories \(other) and \(id) are both called \"\(name)\"",
                fix: "Give each a name of its own, or make one category of the two")
        }
    }

    /// The id of image `i`.
    public func imageID(_ i: Int) -> Int { imageIDs[i] }

    /// The file of image `i`, relative to the image folder; empty where the annotations do not say. Names that were read from
    /// a file never leave that folder, unless it was read for work that opens no image.
    public func fileName(_ i: Int) -> String { fileNames[i] }

    /// The size of image `i` as recorded; zeros where the annotations do not say.
    public func imageSize(_ i: Int) -> ImageSize {
        ImageSize(width: Int(imageWidths[i]), height: Int(imageHeights[i]))
    }

    /// The positions of image `i`'s objects in the columns.
    public func objects(_ i: Int) -> Range<Int> { objectOffsets[i]..<objectOffsets[i + 1] }

    /// Object `j` of the columns as a value.
    public func object(_ j: Int) -> ObjectRecord {
        ObjectRecord(
            id: annotationIDs[j], label: Int(labels[j]), x: x[j], y: y[j], width: width[j], height: height[j],
            area: area[j], flags: flags[j], outline: outlines[j])
    }

    /// Image `i` and its objects as a value.
    public func image(_ i: Int) -> ImageRecord {
        let size = imageSize(i)
        return ImageRecord(
            id: imageID(i), fileName: fileName(i), width: size.width, height: size.height,
            objects: objects(i).map(object))
    }

    /// Everything annotated on image `i` as a target, crowds and degenerate boxes too: what training leaves out is the data
    /// set's decision.
    public func target(_ i: Int) -> DetectionTarget {
        let range = objects(i)
        return DetectionTarget(
            boxes: range.map {
                Box(x0: Float(x[$0]), y0: Float(y[$0]), x1: Float(x[$0] + width[$0]), y1: Float(y[$0] + height[$0]))
            },
            labels: range.map { Int(labels[$0]) }, isCrowd: range.map { flags[$0].contains(.crowd) },
            isDifficult: range.map { flags[$0].contains(.difficult) }, areas: range.map { Float(area[$0]) })
    }

    /// A copy with all classes and only the images at these positions, in the order given.
    public func selecting(images: [Int]) -> DetectionAnnotations {
        DetectionAnnotations(
            source: source, classNames: classNames, categoryIDs: categoryIDs, images: images.map(image))
    }

    /// A copy with all classes and every image but those at the positions for which `isLeftOut` holds, in their order.
    public func leavingOut(imagesWhere isLeftOut: (Int) -> Bool) -> DetectionAnnotations {
        let kept = (0..<imageCount).filter { !isLeftOut($0) }
        return kept.count == imageCount ? self : selecting(images: kept)
    }
}
