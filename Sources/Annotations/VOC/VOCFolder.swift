import Foundation
import Support

/// A folder in the layout of Pascal VOC: `Annotations/*.xml`, `ImageSets/Main/*.txt`, `JPEGImages/*`.
///
/// VOC's corners are 1-based and inclusive. Here they become 0-based with exclusive far edges:
/// (xmin − 1, ymin − 1, xmax, ymax), so that (1, 1, W, H) is the whole image; and a box's width is the devkit's
/// xmax − xmin + 1.
public struct VOCFolder: Sendable {
    /// The 20 classes of VOC 2007 and 2012, in alphabetical order.
    public static let standardClassNames = [
        "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow", "diningtable", "dog",
        "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor",
    ]

    /// The folder, such as `VOCdevkit/VOC2007`.
    public let path: String

    /// A folder by its path; nothing is read yet.
    public init(path: String) { self.path = path }

    /// The folder of the pictures.
    public var imageFolder: String { path + "/JPEGImages" }
    /// The folder of the XML files, one for each picture.
    public var annotationFolder: String { path + "/Annotations" }

    /// The file that lists a split's images.
    public func splitPath(_ split: String) -> String { path + "/ImageSets/Main/\(split).txt" }

    /// The names of the splits that the folder has, without the per-class lists `<class>_<split>`.
    public func splits() -> [String] {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: path + "/ImageSets/Main")) ?? []
        let names = files.filter { $0.hasSuffix(".txt") }.map { String($0.dropLast(4)) }
        return names.filter { name in
            !names.contains { name != $0 && name.hasSuffix("_" + $0) }
        }.sorted()
    }

    /// The image names of a split, without ending, in its order. They may hold spaces. A second column, of the per-class
    /// lists, is passed over.
    ///
    /// - Throws: ``AnnotationError`` where there is no such split, where it is no UTF-8 text, and for a name that leaves the
    ///   folder or stands twice.
    public func imageNames(split: String) throws -> [String] {
        let list = splitPath(split)
        var names: [String] = []
        var seen = Set<String>()
        for (number, name) in try listedNames(split: split) {
            guard RelativePath.staysInside(name) else {
                throw AnnotationError(
                    file: list, place: "line \(number)", problem: "\"\(name)\" leaves the folder",
                    fix: "Write the image's name alone")
            }
            guard seen.insert(name).inserted else {
                throw AnnotationError(
                    file: list, place: "line \(number)", problem: "\"\(name)\" stands twice",
                    fix: "Take one of the two lines out")
            }
            names.append(name)
        }
        return names
    }

    /// The names in a split's list with their lines, from 1, as they stand there.
    ///
    /// - Throws: ``AnnotationError`` where there is no such split, and where it is no UTF-8 text.
    package func listedNames(split: String) throws(AnnotationError) -> [(line: Int, name: String)] {
        let list = splitPath(split)
        guard RelativePath.staysInside(split) else {
            throw AnnotationError(
                file: path, problem: "\"\(split)\" is not the name of a split", fix: "Name one of ImageSets/Main")
        }
        guard FileManager.default.fileExists(atPath: list) else {
            let others = splits()
            throw AnnotationError(
                file: list, problem: "there is no such split",
                fix: others.isEmpty
                    ? "A VOC folder holds Annotations, ImageSets/Main and JPEGImages; name one"
                    : "The folder has \(others.joined(separator: ", "))")
        }
        return try numberedLines(of: list).map { ($0.number, name(on: $0.text)) }
    }

    /// The image's name on a line of a list. What looks like a second column is part of the name where the folder has an
    /// annotation of that name.
    private func name(on line: Substring) -> String {
        let whole = line.withoutSpaceAround
        guard let (before, word) = whole.lastWord, Int(word) != nil,
            !RelativePath.staysInside(String(whole))
                || !FileManager.default.fileExists(atPath: annotationPath(String(whole)))
        else { return String(whole) }
        return String(before.withoutSpaceAround)
    }

    /// The XML file of an image, by its name without ending.
    public func annotationPath(_ name: String) -> String { "\(annotationFolder)/\(name).xml" }

    /// Endings of the pictures' names in small letters; of several pictures of a name, the first kind is taken.
    private static let pictureEndings = ["jpg", "jpeg", "png"]

    /// The file in `JPEGImages` of every name, whatever case its ending is in: `.jpg` unless only another form is there.
    package func fileNames(of names: [String]) -> [String] {
        var present: [String: [String]] = [:]
        for folder in Set(names.map(FilePath.folder)) {
            let path = folder.isEmpty ? imageFolder : imageFolder + "/" + folder
            for file in ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted() {
                let whole = folder.isEmpty ? file : folder + "/" + file
                guard let dot = whole.lastIndex(of: "."),
                    Self.pictureEndings.contains(whole[whole.index(after: dot)...].lowercased())
                else { continue }
                present[String(whole[..<dot]), default: []].append(whole)
            }
        }
        return names.map { name in
            let found = present[name] ?? []
            for ending in Self.pictureEndings {
                let spellings = found.filter { $0.lowercased().hasSuffix("." + ending) }
                if let file = spellings.first(where: { $0.hasSuffix("." + ending) }) ?? spellings.first { return file }
            }
            return name + ".jpg"
        }
    }

    /// Reads a split; no picture is opened. Image i has id i + 1 and the file name `<name>.jpg` (or `.png`) in `JPEGImages`; objects are
    /// numbered from 1 in file order.
    ///
    /// - Parameters:
    ///   - split: The name of a list in `ImageSets/Main`, such as `trainval`.
    ///   - classNames: The classes in the order of labels 1, 2, …; nil takes ``standardClassNames`` if every object is one
    ///     of them, else the names found, in alphabetical order.
    /// - Throws: ``AnnotationError`` for a file that is missing or not XML, an element that is missing or no number, and a
    ///   class that is not in `classNames`.
    public func read(split: String, classNames: [String]? = nil) throws -> DetectionAnnotations {
        let names = try imageNames(split: split)
        let pictures = try names.map { try VOCPicture(path: annotationPath($0)) }
        let classNames = classNames ?? VOCFolder.classNames(of: pictures)
        let labels = Dictionary(classNames.enumerated().map { ($1, $0 + 1) }, uniquingKeysWith: { first, _ in first })
        var nextID = 1
        var images: [ImageRecord] = []
        images.reserveCapacity(names.count)
        for (i, (picture, fileName)) in zip(pictures, fileNames(of: names)).enumerated() {
            var image = ImageRecord(id: i + 1, fileName: fileName, width: picture.width, height: picture.height)
            for object in picture.objects {
                guard let label = labels[object.name] else {
                    throw AnnotationError(
                        file: annotationPath(names[i]), place: "line \(object.line)",
                        problem: "class \"\(object.name)\" is not one of \(classNames.joined(separator: ", "))",
                        fix: "Mend the name, or list the class")
                }
                image.objects.append(object.record(id: nextID, label: label))
                nextID += 1
            }
            images.append(image)
        }
        return DetectionAnnotations(source: splitPath(split), classNames: classNames, images: images)
    }

    /// The classes of pictures: the standard ones if every object is one of them, else the names found, in alphabetical order.
    package static func classNames(of pictures: [VOCPicture]) -> [String] {
        let found = Set(pictures.flatMap { $0.objects.map(\.name) })
        return found.isSubset(of: standardClassNames) ? standardClassNames : found.sorted()
    }
}

extension VOCPicture.Object {
    /// With 0-based edges.
    package func record(id: Int, label: Int) -> ObjectRecord {
        var flags: ObjectFlags = []
        if isDifficult { flags.insert(.difficult) }
        if isTruncated { flags.insert(.truncated) }
        return ObjectRecord(
            id: id, label: label, x: xmin - 1, y: ymin - 1, width: xmax - xmin + 1, height: ymax - ymin + 1,
            flags: flags)
    }
}
