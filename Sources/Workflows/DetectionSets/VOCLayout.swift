import Annotations
import Foundation
import Media
import Support

/// The places of VOC's files in the devkit's layout, LabelImg's (XML files beside the pictures), Label Studio's
/// (`Annotations` and `images`) and Roboflow's (a folder for each part).
enum VOCLayout {
    /// Images that one list or folder names.
    private struct Part {
        let name: String
        /// Paths of the XML files.
        let files: [String]
        /// Folders in which the pictures may lie.
        let folders: [String]
    }

    /// Whether a folder holds VOC's files.
    static func looksLike(_ folder: String) -> Bool { !parts(in: root(folder)).isEmpty }

    /// The folder itself, or the only one like VOC2007 in it.
    private static func root(_ folder: String) -> String {
        let years = SetFiles.folders(in: folder).filter {
            $0.hasPrefix("VOC") && SetFiles.isFolder("\(folder)/\($0)/ImageSets/Main") == true
        }
        return years.count == 1 ? folder + "/" + years[0] : folder
    }

    private static func xml(in folder: String) -> [String] {
        SetFiles.files(in: folder, endings: ["xml"]).map { folder + "/" + $0 }
    }

    private static func parts(in folder: String) -> [Part] {
        let pictures = ["JPEGImages", "images", "Images", "."].map { folder + "/" + $0 }
        for name in ["Annotations", "annotations"] {
            let files = xml(in: folder + "/" + name)
            if !files.isEmpty { return [Part(name: "", files: files, folders: pictures + [folder + "/" + name])] }
        }
        let own = xml(in: folder)
        if !own.isEmpty { return [Part(name: FilePath.name(of: folder), files: own, folders: [folder] + pictures)] }
        return SetFiles.folders(in: folder).compactMap { name in
            let inner = folder + "/" + name
            guard SetFiles.partName(name) != name || ["train", "val", "test"].contains(name) else { return nil }
            let files = xml(in: inner)
            return files.isEmpty ? nil : Part(name: name, files: files, folders: [inner, inner + "/images"])
        }
    }

    static func read(_ path: String) throws -> DetectionSet {
        guard SetFiles.isFolder(path) == true else {
            throw JobError(path, "is a file; name the folder that holds VOC's XML files")
        }
        let root = root(path), voc = VOCFolder(path: root), splits = voc.splits()
        var notes: [String] = [], parts: [Part] = []
        if splits.isEmpty {
            parts = self.parts(in: root)
        } else {
            // A list that others are parts of would give every image twice.
            let isUnion = splits.contains("trainval") && splits.contains("train") && splits.contains("val")
            if isUnion { notes.append("\(voc.splitPath("trainval")) is left out: it joins train and val") }
            for split in splits where !(isUnion && split == "trainval") {
                let files = try voc.imageNames(split: split).map(voc.annotationPath)
                parts.append(Part(name: split, files: files, folders: [voc.imageFolder, root + "/images"]))
            }
        }
        guard !parts.isEmpty else {
            throw JobError(path, "holds no XML files: VOC's lie in Annotations, or beside the pictures")
        }
        let list = root + "/" + SetFiles.classList
        let known = FileManager.default.fileExists(atPath: list) ? try SetFiles.classNames(in: list) : nil
        let pictures = try parts.map { part in try part.files.map { try VOCPicture(path: $0) } }
        let all = pictures.flatMap(\.self)
        let names =
            known
            ?? (splits.isEmpty ? Set(all.flatMap { $0.objects.map(\.name) }).sorted() : VOCFolder.classNames(of: all))
        let unread = Set(all.flatMap(\.unread)).sorted()
        if !unread.isEmpty {
            notes.append("\(path): what objects say in \(unread.joined(separator: ", ")) is not kept")
        }
        let partNames = SetFiles.partNames(parts.map(\.name))
        let sets = try parts.indices.map { p in
            let images = try images(
                of: parts[p], pictures: pictures[p], classNames: names, list: known == nil ? nil : list)
            return DetectionSet.Part(
                name: partNames[p],
                annotations: DetectionAnnotations(
                    source: parts[p].files.first.map(SetFiles.folder) ?? root, classNames: names,
                    images: images.map(\.record)), pictures: images.map(\.path))
        }
        return try DetectionSet(source: path, format: .voc, parts: sets, notes: notes + unannotated(parts, sets))
    }

    private static func images(
        of part: Part, pictures: [VOCPicture], classNames: [String], list: String?
    ) throws -> [(record: ImageRecord, path: String)] {
        let labels = Dictionary(classNames.enumerated().map { ($1, $0 + 1) }, uniquingKeysWith: { first, _ in first })
        let present = part.folders.map { Set(SetFiles.files(in: $0, endings: SetFiles.pictureEndings)) }
        var nextID = 1
        return try zip(part.files, pictures).enumerated().map { i, entry in
            let (file, picture) = entry
            guard picture.width >= 0, picture.height >= 0 else {
                throw AnnotationError(
                    file: file, problem: "<size> is \(picture.width) × \(picture.height)",
                    fix: "Write the picture's size there")
            }
            let (folder, name) = place(of: picture, file: file, folders: part.folders, present: present)
            var image = ImageRecord(id: i + 1, fileName: name, width: picture.width, height: picture.height)
            for object in picture.objects {
                guard let label = labels[object.name] else {
                    throw AnnotationError(
                        file: file, place: "line \(object.line)",
                        problem: "class \"\(object.name)\" is not in \(list ?? "the list of classes")",
                        fix: "Mend the name, or add it to the list")
                }
                var record = object.record(id: nextID, label: label)
                nextID += 1
                func pixels(_ value: Double) -> Double { value.pixelDigits(within: 1e-9) }
                (record.x, record.y) = (pixels(record.x), pixels(record.y))
                (record.width, record.height) = (pixels(record.width), pixels(record.height))
                record.area = record.width * record.height
                image.objects.append(record)
            }
            return (image, folder + "/" + name)
        }
    }

    /// Where a picture lies: by the name that its XML file gives, or else by that file's own name.
    private static func place(
        of picture: VOCPicture, file: String, folders: [String], present: [Set<String>]
    ) -> (folder: String, name: String) {
        let given = FilePath.name(of: picture.fileName.withSlashes)
        let stem = FilePath.withoutEnding(FilePath.name(of: file))
        // The devkit's rule is the file's own name; LabelImg's XML files may have been renamed with their pictures.
        for (folder, files) in zip(folders, present) {
            for ending in endings {
                for name in [stem + "." + ending, stem + "." + ending.uppercased()] where files.contains(name) {
                    return (folder, name)
                }
            }
        }
        for (folder, files) in zip(folders, present) where files.contains(given) { return (folder, given) }
        let isName =
            !given.isEmpty && SetFiles.pictureEndings.contains(FilePath.ending(of: given).dropFirst().lowercased())
        return (folders.first ?? ".", isName ? given : stem + ".jpg")
    }

    /// Endings of pictures in the order in which they are looked for: those that can be decoded first.
    private static let endings =
        ImageFile.endings.sorted() + SetFiles.pictureEndings.subtracting(ImageFile.endings).sorted()

    /// What pictures without an XML file there are beside those that have one.
    private static func unannotated(_ parts: [Part], _ sets: [DetectionSet.Part]) -> [String] {
        let used = Set(sets.flatMap(\.pictures))
        let folders = Set(used.map(SetFiles.folder)).sorted()
        return folders.compactMap { folder in
            let left = SetFiles.files(in: folder, endings: SetFiles.pictureEndings).filter {
                !used.contains(folder + "/" + $0)
            }
            guard let first = left.first else { return nil }
            return "\(folder): \(left.count) pictures are in no XML file or list and are left out, such as \(first)"
        }
    }
}
