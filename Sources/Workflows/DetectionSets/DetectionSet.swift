import Annotations
import Foundation
import Media
import Support

/// A detection data set with its parts, whatever format it was read from. All parts have the same classes.
package struct DetectionSet: Sendable {
    /// A part, such as the images to train on.
    package struct Part: Sendable {
        /// What the part is called: `train`, `val`, `test`, or as its files call it.
        package var name: String
        /// The images and their objects.
        package var annotations: DetectionAnnotations
        /// The file of every image, in their order.
        package var pictures: [String]

        package init(name: String, annotations: DetectionAnnotations, pictures: [String]) {
            (self.name, self.annotations, self.pictures) = (name, annotations, pictures)
        }

        /// A part whose file names are relative to a folder.
        package init(name: String, annotations: DetectionAnnotations, folder: String) {
            self.init(
                name: name, annotations: annotations,
                pictures: (0..<annotations.imageCount).map { folder + "/" + annotations.fileName($0) })
        }
    }

    /// The file or folder that it was read from.
    package let source: String
    /// All files and folders that it was read from, where it is made of several sets.
    let sources: [String]
    /// The format that it was read from.
    package let format: DetectionFormat
    /// The parts in the order train, val, test, then the others.
    package private(set) var parts: [Part]
    /// What reading left out or changed, in a line each.
    package let notes: [String]

    /// A set of parts. Parts with other classes than the first one's are given all parts' classes, joined by name.
    ///
    /// - Throws: `AnnotationError` for classes of one name, and for a set without any image.
    package init(
        source: String, sources: [String]? = nil, format: DetectionFormat, parts: [Part], notes: [String] = []
    ) throws {
        for part in parts { try part.annotations.requireDistinctClassNames() }
        let order = ["train", "val", "test"]
        func rank(_ part: Part) -> Int { order.firstIndex(of: part.name) ?? order.count }
        let sorted = parts.enumerated().sorted { (rank($0.1), $0.0) < (rank($1.1), $1.0) }.map(\.1)
        guard sorted.contains(where: { $0.annotations.imageCount > 0 }) else {
            throw AnnotationError(
                file: source, problem: "there is no image in it",
                fix: "Name the folder that holds the pictures and their annotations")
        }
        self.source = source
        self.sources = sources ?? [source]
        self.format = format
        self.parts = Self.withCommonClasses(sorted)
        self.notes = notes
    }

    /// The classes of all parts, in label order.
    package var classNames: [String] { parts.first?.annotations.classNames ?? [] }
    /// Number of images of all parts.
    package var imageCount: Int { parts.reduce(0) { $0 + $1.annotations.imageCount } }
    /// Number of objects of all parts.
    package var objectCount: Int { parts.reduce(0) { $0 + $1.annotations.objectCount } }

    private static func withCommonClasses(_ parts: [Part]) -> [Part] {
        guard let first = parts.first?.annotations,
            parts.contains(where: {
                $0.annotations.classNames != first.classNames || $0.annotations.categoryIDs != first.categoryIDs
            })
        else { return parts }
        var names: [String] = [], labels: [String: Int] = [:]
        for name in parts.flatMap(\.annotations.classNames) where labels[name] == nil {
            names.append(name)
            labels[name] = names.count
        }
        return parts.map { part in
            let own = part.annotations
            var part = part
            part.annotations = own.changingImages(classNames: names) { image in
                for j in image.objects.indices {
                    let name = own.classNames[image.objects[j].label - 1]
                    guard let label = labels[name] else { preconditionFailure("no label for \(name)") }
                    image.objects[j].label = label
                }
            }
            return part
        }
    }

    /// All images as one part, with ids from 1.
    package func joined(as name: String) -> Part {
        Self.joined(parts, as: name, source: source)
    }

    /// The images of several parts, which have the same classes, as one, with ids from 1.
    static func joined(_ parts: [Part], as name: String, source: String) -> Part {
        var nextImage = 1, nextObject = 1
        let images = parts.flatMap { part in
            (0..<part.annotations.imageCount).map { i in
                var image = part.annotations.image(i)
                image.id = nextImage
                nextImage += 1
                for j in image.objects.indices {
                    image.objects[j].id = nextObject
                    nextObject += 1
                }
                return image
            }
        }
        return Part(
            name: name,
            annotations: DetectionAnnotations(
                source: source, classNames: parts.first?.annotations.classNames ?? [],
                categoryIDs: parts.first?.annotations.categoryIDs ?? [], images: images),
            pictures: parts.flatMap(\.pictures))
    }

    /// The set with the sizes of images that the annotations leave out, as their files say.
    ///
    /// - Parameter required: Whether a size must be known; else one whose file can't be read stays unknown.
    /// - Throws: `AnnotationError` for a file without which a size is not known.
    package func knowingSizes(required: Bool) throws -> DetectionSet {
        var copy = self
        for p in copy.parts.indices {
            let part = parts[p]
            let unknown = (0..<part.annotations.imageCount).filter {
                let size = part.annotations.imageSize($0)
                return size.width <= 0 || size.height <= 0
            }
            guard !unknown.isEmpty else { continue }
            let found = try parallelMap(
                count: unknown.count, threads: ProcessInfo.processInfo.activeProcessorCount
            ) { n throws -> ImageSize? in
                do {
                    return try Self.size(of: part.pictures[unknown[n]])
                } catch {
                    guard required else { return nil }
                    throw error
                }
            }
            let sizes = Dictionary(zip(unknown, found), uniquingKeysWith: { first, _ in first })
            var index = 0
            copy.parts[p].annotations = part.annotations.changingImages { image in
                if let found = sizes[index], let size = found {
                    (image.width, image.height) = (size.width, size.height)
                }
                index += 1
            }
        }
        return copy
    }

    /// The size of a picture, as its file says.
    ///
    /// - Throws: `AnnotationError` for a file that is missing or no picture.
    static func size(of picture: String) throws -> ImageSize {
        guard FileManager.default.fileExists(atPath: picture) else {
            throw AnnotationError(
                file: picture, problem: "there is no such picture",
                fix: "Put it there, or take it out of the annotations")
        }
        do {
            return try ImageFile.header(picture).size
        } catch let error as MediaError {
            throw AnnotationError(
                file: picture, problem: "its size can't be read: \(error.problem)",
                fix: error.fix.hasSuffix(".") ? String(error.fix.dropLast()) : error.fix)
        }
    }
}

extension DetectionAnnotations {
    /// A copy in which `change` was applied to every image, in their order.
    ///
    /// - Parameters:
    ///   - names: Other classes, with category ids from 1; nil keeps classes and ids.
    ///   - change: What becomes of an image; labels must be those of the new classes.
    func changingImages(classNames names: [String]? = nil, _ change: (inout ImageRecord) -> Void) -> Self {
        let images = (0..<imageCount).map { i in
            var image = image(i)
            change(&image)
            return image
        }
        return DetectionAnnotations(
            source: source, classNames: names ?? classNames, categoryIDs: names == nil ? categoryIDs : nil,
            images: images)
    }
}
