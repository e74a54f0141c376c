import Annotations
import Foundation
import Media
import Support

/// The built-in detection sample set: pictures of six kinds of shapes, drawn at random from a seed.
///
/// Shapes of many sizes are turned, squeezed and overlap, on textured backgrounds among strokes and flecks that are not
/// objects, under uneven light and with a sensor's noise. The outline decides the class; colour tells nothing about it,
/// texture little. Equal settings give equal bytes, whatever the number of threads.
public struct ShapeSampleSet: Sendable {
    /// The values that determine every picture.
    public struct Settings: Hashable, Sendable, Codable {
        /// The seed of all random numbers.
        public var seed: UInt64 = 1
        /// Number of pictures of the training split.
        public var trainImages = 240
        /// Number of pictures of the validation split.
        public var validationImages = 60
        /// Range of a picture's longer side in pixels; the shorter side is 0.68 to 0.8 of it.
        public var longSides = 288...384
        /// Range of the number of objects in a picture; there are fewer if they find no room.
        public var objects = 2...9
        /// Range of an object's circumscribed radius in pixels, which is at most 0.3 of the picture's shorter side.
        public var radii = 11.0...64.0
        /// Share of objects that may lie half over another.
        public var overlapShare = 0.4
        /// Share of pictures without any object.
        public var emptyShare = 0.04
        /// Range of the number of strokes and flecks in a picture.
        public var clutter = 6...22
        /// Least visible share of an object's pixels for it to be annotated.
        public var minimumVisibleShare = 0.4
        /// Visible share of an object's pixels below which the VOC layout marks it difficult.
        public var difficultVisibleShare = 0.55
        /// Share of pictures written as PNG; the others are JPEG.
        public var pngShare = 0.2

        /// The settings of the documented set.
        public init() {}
    }

    /// The counts and places of what was written.
    public struct Summary: Hashable, Sendable, Codable {
        /// Number of pictures of the training split.
        public var trainImages = 0
        /// Number of pictures of the validation split.
        public var validationImages = 0
        /// Number of pictures written as JPEG.
        public var jpegImages = 0
        /// Number of pictures written as PNG.
        public var pngImages = 0
        /// Number of pictures without any object.
        public var emptyImages = 0
        /// Number of annotated objects by class name, over both splits.
        public var objectsByClass: [String: Int] = [:]
        /// Number of drawn objects that are too much hidden to be annotated.
        public var hiddenObjects = 0
        /// The paths of all files.
        public var paths = Paths(folder: "")
    }

    /// The paths of files in the set's folder.
    public struct Paths: Hashable, Sendable, Codable {
        /// The set's folder.
        public let folder: String

        /// The paths in a folder.
        public init(folder: String) { self.folder = folder }

        /// COCO's instances file of the training split.
        public var trainAnnotations: String { folder + "/coco/annotations/instances_train.json" }
        /// COCO's instances file of the validation split.
        public var validationAnnotations: String { folder + "/coco/annotations/instances_val.json" }
        /// The pictures of both splits.
        public var images: String { folder + "/coco/images" }
        /// The folder of the VOC layout, with splits `train` and `val`.
        public var voc: String { folder + "/voc" }
        /// The settings as JSON.
        public var settings: String { folder + "/settings.json" }
    }

    /// The names of labels 1, 2, ….
    public static let classNames = SceneShape.allCases.map(\.rawValue)

    /// The values that determine every picture.
    public let settings: Settings

    /// A set with settings; nothing is drawn yet.
    public init(settings: Settings = Settings()) { self.settings = settings }

    /// Number of pictures of both splits.
    public var imageCount: Int { settings.trainImages + settings.validationImages }

    /// Writes the pictures and their annotations as COCO and as VOC. The folder appears complete or not at all: everything
    /// is written to another folder beside it, which is then renamed.
    ///
    /// - Parameters:
    ///   - folder: The folder to make.
    ///   - threads: Threads that draw; nil takes one for each processor. The bytes don't depend on it.
    ///   - replacing: Whether to replace a sample set that exists.
    /// - Returns: A summary of what was written.
    /// - Throws: ``SampleSetError/exists(_:)`` if the folder exists and `replacing` is false,
    ///   ``SampleSetError/notASampleSet(_:)`` if the folder to replace holds something else, and errors of writing.
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

    /// Draws picture `index` with its annotations. Pictures of the training split come first.
    public func picture(_ index: Int) -> ScenePicture {
        var random = SeededRandom(seed: settings.seed, epoch: 0, index: index)
        let scene = Scene(settings: settings, random: &random)
        let rendered = SceneRenderer.render(scene)
        var choice = random.stream(2)
        let isPNG = choice.chance(settings.pngShare)
        let objects = annotatedObjects(of: scene, rendered)
        return ScenePicture(
            image: rendered.image,
            fileName: "shapes_" + sixDigits(index + 1) + (isPNG ? ".png" : ".jpg"),
            jpegQuality: choice.integer(in: 82...95), objects: objects,
            hiddenObjects: scene.objects.count - objects.count)
    }

    /// The objects of which enough is visible to be annotated.
    package func annotatedObjects(of scene: Scene, _ rendered: RenderedScene) -> [ScenePicture.Object] {
        zip(scene.objects, rendered.visibilities).compactMap { object, visibility -> ScenePicture.Object? in
            let share = Double(visibility.visible) / Double(max(1, visibility.total))
            guard visibility.visible > 0, share >= settings.minimumVisibleShare else { return nil }
            return ScenePicture.Object(
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
            // COCO's and VOC's layouts share the files.
            try linkOrCopy(path, to: vocImages + "/" + picture.fileName)
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
}

extension ShapeSampleSet.Summary: CustomStringConvertible {
    /// The summary in a few lines for a person.
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
