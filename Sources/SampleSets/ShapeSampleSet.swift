import Annotations
import Foundation
import Media
import Support

/// The built-in detection sample set: pictures of six kinds of shapes, drawn by lot from a seed.
///
/// Shapes of many sizes lie turned, squeezed and overlapping on textured grounds, among strokes and flecks that are no
/// objects, under uneven light, with a sensor's noise. Colours say nothing about the class; textures little; outlines all.
/// The same settings give the same bytes, whatever the number of threads.
public struct ShapeSampleSet: Sendable {
    public struct Settings: Hashable, Sendable, Codable {
        public var seed: UInt64 = 1
        public var trainImages = 240
        public var validationImages = 60
        /// Of the longer side, in pixels; the shorter one is 0.68 to 0.8 of it.
        public var longSides = 288...384
        /// Objects tried per picture; fewer where they find no room.
        public var objects = 2...9
        /// Radius of the circumscribed circle in pixels, and at most 0.3 of the picture's shorter side.
        public var radii = 11.0...64.0
        /// Share of objects that may lie half over another.
        public var overlapShare = 0.4
        /// Share of pictures without any object.
        public var emptyShare = 0.04
        /// Strokes and flecks per picture.
        public var clutter = 6...22
        /// An object with a smaller share of its pixels to be seen is not annotated.
        public var minimumVisibleShare = 0.4
        /// The share of its pixels below which VOC's form marks an object difficult.
        public var difficultVisibleShare = 0.55
        /// Share of pictures written as PNG; the others are JPEG.
        public var pngShare = 0.2

        public init() {}
    }

    /// What was written.
    public struct Summary: Hashable, Sendable, Codable {
        public var trainImages = 0
        public var validationImages = 0
        public var jpegImages = 0
        public var pngImages = 0
        public var emptyImages = 0
        /// Annotated objects by class name, over both splits.
        public var objectsByClass: [String: Int] = [:]
        /// Drawn, but too much hidden to be annotated.
        public var hiddenObjects = 0
        /// `Folder/coco/annotations/instances_train.json`, and so on.
        public var paths = Paths(folder: "")
    }

    /// Where things lie in the folder.
    public struct Paths: Hashable, Sendable, Codable {
        public let folder: String

        public init(folder: String) { self.folder = folder }

        public var trainAnnotations: String { folder + "/coco/annotations/instances_train.json" }
        public var validationAnnotations: String { folder + "/coco/annotations/instances_val.json" }
        public var images: String { folder + "/coco/images" }
        public var voc: String { folder + "/voc" }
        public var settings: String { folder + "/settings.json" }
    }

    /// The names of labels 1, 2, ….
    public static let classNames = SceneShape.allCases.map(\.rawValue)

    public let settings: Settings

    public init(settings: Settings = Settings()) { self.settings = settings }

    public var imageCount: Int { settings.trainImages + settings.validationImages }

    /// Writes the pictures and their annotations as COCO and as VOC. The folder appears whole or not at all: everything
    /// is made beside it and renamed.
    ///
    /// Throws `SampleSetError.exists` if the folder is there and `replacing` is false, `.notASampleSet` if what it would
    /// replace is something else, and what writing throws.
    @discardableResult
    public func write(to folder: String, threads: Int? = nil, replacing: Bool = false) throws -> Summary {
        let folder = URL(fileURLWithPath: folder).standardizedFileURL.path
        let marks = Paths(folder: ".")
        let making = SampleSetFolder(path: folder, marks: [marks.settings, marks.images, marks.voc])
        var summary = try making.make(replacing: replacing) {
            try make(in: Paths(folder: $0), threads: threads ?? ProcessInfo.processInfo.activeProcessorCount)
        }
        summary.paths = Paths(folder: folder)
        return summary
    }

    /// Picture `index` (those of the training split come first) and what is on it.
    public func picture(_ index: Int) -> SamplePicture {
        var random = SeededRandom(seed: settings.seed, epoch: 0, index: index)
        let scene = Scene(settings: settings, random: &random)
        let rendered = SceneRenderer.render(scene)
        var choice = random.stream(2)
        let isPNG = choice.chance(settings.pngShare)
        let objects = annotatedObjects(of: scene, rendered)
        return SamplePicture(
            image: rendered.image,
            fileName: "shapes_" + sixDigits(index + 1) + (isPNG ? ".png" : ".jpg"),
            jpegQuality: choice.integer(in: 82...95), objects: objects,
            hiddenObjects: scene.objects.count - objects.count)
    }

    /// The objects that are enough to be seen.
    package func annotatedObjects(of scene: Scene, _ rendered: RenderedScene) -> [SamplePicture.Object] {
        zip(scene.objects, rendered.visibilities).compactMap { object, visibility -> SamplePicture.Object? in
            let share = Double(visibility.visible) / Double(max(1, visibility.total))
            guard visibility.visible > 0, share >= settings.minimumVisibleShare else { return nil }
            return SamplePicture.Object(
                label: object.placed.shape.label,
                box: Box(
                    x0: Float(visibility.x0), y0: Float(visibility.y0), x1: Float(visibility.x1),
                    y1: Float(visibility.y1)),
                visiblePixels: visibility.visible, visibleShare: share,
                isTruncated: object.placed.leaves(width: scene.width, height: scene.height))
        }
    }

    private func make(in paths: Paths, threads: Int) throws -> Summary {
        let files = FileManager.default
        let vocImages = paths.voc + "/JPEGImages"
        for folder in [paths.images, paths.folder + "/coco/annotations", vocImages] {
            try files.createDirectory(atPath: folder, withIntermediateDirectories: true)
        }
        let pictures = try parallelMap(count: imageCount, threads: threads) { index in
            let picture = picture(index)
            let path = paths.images + "/" + picture.fileName
            if picture.isPNG {
                try ImageFile.writePNG(picture.image, to: path, syncs: false)
            } else {
                try ImageFile.writeJPEG(
                    picture.image, to: path, encoding: JPEGEncoding(quality: picture.jpegQuality), syncs: false)
            }
            try Self.linkOrCopy(path, to: vocImages + "/" + picture.fileName)
            let record = picture.record(index: index, difficultShare: settings.difficultVisibleShare)
            return (record: record, hidden: picture.hiddenObjects)
        }
        try writeAnnotations(of: pictures.map(\.record), to: paths)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try WholeFile.write(encoder.encode(settings), to: paths.settings, syncs: false)
        return summary(of: pictures.map(\.record), hidden: pictures.reduce(0) { $0 + $1.hidden })
    }

    private func writeAnnotations(of images: [ImageRecord], to paths: Paths) throws {
        let train = images.prefix(settings.trainImages)
        let validation = images.dropFirst(settings.trainImages)
        for (split, part, path) in [
            ("train", train, paths.trainAnnotations), ("val", validation, paths.validationAnnotations),
        ] {
            var next = 1
            let records = part.map { image in
                var image = image
                for i in image.objects.indices {
                    image.objects[i].id = next
                    next += 1
                }
                return image
            }
            let annotations = DetectionAnnotations(source: path, classNames: Self.classNames, images: Array(records))
            try COCO.writeInstances(annotations, to: path)
            try VOCFolder(path: paths.voc).write(annotations, split: split)
        }
    }

    private func summary(of images: [ImageRecord], hidden: Int) -> Summary {
        var summary = Summary()
        summary.trainImages = settings.trainImages
        summary.validationImages = settings.validationImages
        summary.pngImages = images.count { $0.fileName.hasSuffix(".png") }
        summary.jpegImages = images.count - summary.pngImages
        summary.emptyImages = images.count(where: \.objects.isEmpty)
        summary.hiddenObjects = hidden
        for name in Self.classNames { summary.objectsByClass[name] = 0 }
        for object in images.flatMap(\.objects) {
            summary.objectsByClass[Self.classNames[object.label - 1], default: 0] += 1
        }
        return summary
    }

    /// Both forms show the same files: a hard link takes no room.
    private static func linkOrCopy(_ source: String, to destination: String) throws {
        let files = FileManager.default
        do {
            try files.linkItem(atPath: source, toPath: destination)
        } catch {
            try files.copyItem(atPath: source, toPath: destination)
        }
    }
}

extension ShapeSampleSet.Summary: CustomStringConvertible {
    /// A few lines for a person.
    public var description: String {
        let objects = objectsByClass.values.reduce(0, +)
        let classes = ShapeSampleSet.classNames.map { "\($0) \(objectsByClass[$0] ?? 0)" }.joined(separator: ", ")
        return """
            \(trainImages) training and \(validationImages) validation images (\(jpegImages) JPEG, \(pngImages) PNG; \
            \(emptyImages) without objects)
            \(objects) objects: \(classes); \(hiddenObjects) more are too hidden to be annotated
            COCO: \(paths.trainAnnotations), \(paths.validationAnnotations), images in \(paths.images)
            VOC:  \(paths.voc), splits train and val
            """
    }
}

/// One picture of the sample set.
public struct SamplePicture: Sendable {
    public struct Object: Hashable, Sendable {
        /// 1…classCount.
        public var label: Int
        /// XYXY pixels, tight around what is to be seen.
        public var box: Box
        public var visiblePixels: Int
        /// Visible pixels over all of the object's.
        public var visibleShare: Double
        /// Part of it lies outside the picture.
        public var isTruncated: Bool
    }

    public var image: ByteImage
    public var fileName: String
    public var jpegQuality: Int
    /// Annotated objects.
    public var objects: [Object]
    /// Drawn, but too much hidden to be annotated.
    public var hiddenObjects: Int

    public var isPNG: Bool { fileName.hasSuffix(".png") }

    func record(index: Int, difficultShare: Double) -> ImageRecord {
        ImageRecord(
            id: index + 1, fileName: fileName, width: image.width, height: image.height,
            objects: objects.enumerated().map { i, object in
                var flags: ObjectFlags = []
                if object.isTruncated { flags.insert(.truncated) }
                if object.visibleShare < difficultShare { flags.insert(.difficult) }
                return ObjectRecord(
                    id: i + 1, label: object.label, x: Double(object.box.x0), y: Double(object.box.y0),
                    width: Double(object.box.width), height: Double(object.box.height),
                    area: Double(object.visiblePixels), flags: flags)
            })
    }
}

extension SceneShape {
    /// 1…classCount.
    package var label: Int { (Self.allCases.firstIndex(of: self) ?? 0) + 1 }
}

extension PlacedShape {
    /// Whether a pixel of the border is within the shape.
    func leaves(width: Int, height: Int) -> Bool {
        let (right, bottom) = (Float(width), Float(height))
        for x in 0..<width {
            let column = Float(x) + 0.5
            if distance(SIMD2(column, -0.5)) < 0 || distance(SIMD2(column, bottom + 0.5)) < 0 { return true }
        }
        for y in 0..<height {
            let row = Float(y) + 0.5
            if distance(SIMD2(-0.5, row)) < 0 || distance(SIMD2(right + 0.5, row)) < 0 { return true }
        }
        return false
    }
}
