import Annotations
import Foundation
import Support

/// Writes a detection set as a folder in one of the formats. The folder appears complete or not at all.
package struct SetWriter: Sendable {
    /// What becomes of the pictures.
    package enum Images: String, CaseIterable, Sendable {
        /// They are linked where the file system allows it, and else copied; a linked file is one file under two names.
        case link
        /// They are copied.
        case copy
        /// They stay where they are; only annotations are written.
        case none
    }

    /// What was written, and what the format could not hold.
    package struct Summary: Sendable, Encodable {
        /// A part that was written.
        package struct Part: Sendable, Encodable {
            package let name: String
            package let images: Int
            package let objects: Int
        }

        /// The folder.
        package let folder: String
        /// The format.
        package let format: DetectionFormat
        /// The classes, in label order.
        package let classes: [String]
        /// Every part.
        package var parts: [Part] = []
        /// How many pictures were linked and copied.
        package var linked = 0, copied = 0
        /// What reading and writing left out or changed, in a line each.
        package var notes: [String]
    }

    package let format: DetectionFormat
    package let images: Images

    package init(format: DetectionFormat, images: Images = .link) {
        (self.format, self.images) = (format, images)
    }

    /// Writes a set.
    ///
    /// - Parameters:
    ///   - set: The set, of which nothing is changed.
    ///   - folder: The folder to make.
    ///   - replacing: Whether a data set that is there is replaced.
    ///   - progress: Is told how many pictures are done, and of how many.
    /// - Throws: `JobError` for a folder that may not be replaced; `AnnotationError` for what can't be written;
    ///   `Stopped` where the user asked for it. Nothing is left then.
    package func write(
        _ set: DetectionSet, to folder: String, replacing: Bool = false, progress: (Int, Int) -> Void = { _, _ in }
    ) throws -> Summary {
        let whole = WholeFolder(folder)
        try requireFree(whole, of: set, replacing: replacing)
        let named = try NamedSet(set.knowingSizes(required: format == .yolo), format: format)
        var summary = Summary(
            folder: folder, format: format, classes: set.classNames, notes: set.notes + named.notes)
        do {
            try whole.make { making in
                try FileManager.default.createDirectory(atPath: making, withIntermediateDirectories: true)
                try place(named, in: making, &summary, progress)
                try writeAnnotations(named.parts, in: making, &summary)
            }
        } catch let error as WholeFolderError {
            throw JobError(error.path, "the folder can't be made (\(error.reason)); choose another one")
        }
        summary.parts = named.parts.map {
            Summary.Part(
                name: $0.name, images: $0.annotations.imageCount, objects: $0.annotations.objectCount)
        }
        return summary
    }

    /// Checks that the folder is not there, or is a data set that may be replaced and holds nothing of the one to write.
    private func requireFree(_ folder: WholeFolder, of set: DetectionSet, replacing: Bool) throws {
        guard folder.exists else { return }
        guard replacing else {
            throw JobError(folder.path, "exists already; choose another folder, or replace it with --replace")
        }
        guard SetFiles.isFolder(folder.path) == true else {
            throw JobError(folder.path, "is a file; name a folder")
        }
        let own = Self.resolved(folder.path)
        let sources = Set(set.sources + set.parts.flatMap { $0.pictures.map(SetFiles.folder) }).map(Self.resolved)
        guard !sources.contains(where: { $0 == own || $0.hasPrefix(own + "/") }) else {
            throw JobError(
                folder.path, "holds files of the set to read, so it can't be replaced; choose another folder")
        }
        let names = FolderNames.list(folder.path)?.names ?? []
        if let stranger = names.filter({ !Self.ownNames.contains($0) }).min() {
            throw JobError(
                folder.path,
                "holds \(stranger) and is no data set as they are written here, so it is not replaced; choose another folder, "
                    + "or remove it")
        }
    }

    /// What lies in folders that are written here.
    private static let ownNames: Set<String> = [
        "annotations", "images", "labels", "data.yaml", "annotations.csv", SetFiles.classList, "Annotations",
        "ImageSets",
        "JPEGImages",
    ]

    private static func resolved(_ path: String) -> String {
        URL(fileURLWithPath: path).standardizedFileURL.resolvingSymlinksInPath().path
    }

    private func place(
        _ set: NamedSet, in folder: String, _ summary: inout Summary, _ progress: (Int, Int) -> Void
    ) throws {
        let total = set.parts.reduce(0) { $0 + $1.pictures.count }
        var done = 0
        for part in set.parts {
            let pictureFolder = folder + "/" + format.imageFolder(of: part.name)
            try makeFolder(pictureFolder)
            guard images != .none else { continue }
            var made: Set<String> = [pictureFolder]
            for (i, picture) in part.pictures.enumerated() {
                if StopSignal.isRequested { throw Stopped("before \(picture); nothing was written") }
                let path = pictureFolder + "/" + part.annotations.fileName(i)
                if made.insert(SetFiles.folder(of: path)).inserted { try makeFolder(SetFiles.folder(of: path)) }
                if try put(picture, at: path) { summary.linked += 1 } else { summary.copied += 1 }
                done += 1
                progress(done, total)
            }
        }
    }

    /// Whether the picture was linked; else it was copied.
    private func put(_ picture: String, at path: String) throws -> Bool {
        guard SetFiles.isFolder(picture) == false else {
            throw AnnotationError(
                file: picture, problem: "there is no such picture",
                fix:
                    "Put it there, take it out of the annotations, name its folder with --image-folder, or write annotations "
                    + "alone with --images none")
        }
        do {
            if images == .link { return try linkOrCopy(picture, to: path) }
            let target = URL(fileURLWithPath: picture).resolvingSymlinksInPath().path
            try FileManager.default.copyItem(atPath: target, toPath: path)
            return false
        } catch {
            throw AnnotationError(
                file: picture, problem: "it can't be copied to \(path): \(reason(of: error))",
                fix: "Check its permissions and the space left")
        }
    }

    private func makeFolder(_ path: String) throws {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw AnnotationError(
                file: path, problem: "the folder can't be made: \(reason(of: error))", fix: "Check the space left")
        }
    }

    private func writeAnnotations(_ parts: [DetectionSet.Part], in folder: String, _ summary: inout Summary) throws {
        let names = parts.first?.annotations.classNames ?? []
        switch format {
        case .coco:
            try makeFolder(folder + "/annotations")
            for part in parts {
                try COCO.writeInstances(
                    part.annotations, to: "\(folder)/annotations/instances_\(part.name).json")
            }
        case .voc:
            for part in parts { try VOCFolder(path: folder).write(part.annotations, split: part.name) }
            try write(names.map { $0 + "\n" }.joined(), to: folder + "/" + SetFiles.classList)
        case .csv:
            let rows = parts.map { part in
                let paths = (0..<part.annotations.imageCount).map {
                    format.imageFolder(of: part.name) + "/" + part.annotations.fileName($0)
                }
                return (name: part.name, annotations: part.annotations, paths: paths)
            }
            try write(BoxTable.text(of: rows), to: folder + "/annotations.csv")
            try write(names.map { $0 + "\n" }.joined(), to: folder + "/" + SetFiles.classList)
        case .yolo:
            try writeLabels(parts, in: folder, &summary)
            let places = parts.map { ($0.name, format.imageFolder(of: $0.name)) }
            try write(YOLOConfiguration.text(parts: places, classNames: names), to: folder + "/data.yaml")
        }
    }

    private func writeLabels(_ parts: [DetectionSet.Part], in folder: String, _ summary: inout Summary) throws {
        var clipped = 0, leftOut = 0, joined = 0, boxed = 0
        for part in parts {
            var made = Set<String>()
            for i in 0..<part.annotations.imageCount {
                let image = part.annotations.image(i)
                let written = YOLOLabels.text(
                    of: image.objects, size: ImageSize(width: image.width, height: image.height))
                clipped += written.clipped
                leftOut += written.leftOut
                joined += written.joined
                boxed += written.boxed
                // The path is made from the set's folder on, whose own name may be images.
                let path =
                    folder + "/" + YOLOLabels.path(ofImage: format.imageFolder(of: part.name) + "/" + image.fileName)
                if made.insert(SetFiles.folder(of: path)).inserted { try makeFolder(SetFiles.folder(of: path)) }
                try write(written.text, to: path)
            }
        }
        if clipped > 0 { summary.notes.append("\(clipped) boxes reach outside of their pictures and were clipped") }
        if leftOut > 0 { summary.notes.append("\(leftOut) boxes lie outside of their pictures and were left out") }
        if joined > 0 {
            summary.notes.append(
                "\(joined) outlines of several polygons were joined to one each: a line of labels holds one polygon")
        }
        if boxed > 0 {
            summary.notes.append(
                "\(boxed) outlines are masks or reach elsewhere than their boxes, and are not kept: labels say a box by its "
                    + "outline, so the boxes were written")
        }
    }

    private func write(_ text: String, to path: String) throws {
        do {
            try WholeFile.write(text, to: path, syncs: false)
        } catch {
            throw AnnotationError(file: path, problem: error.problem, fix: error.fix)
        }
    }
}

extension DetectionFormat {
    /// The folder of a part's pictures in a set that is written here.
    func imageFolder(of part: String) -> String { self == .voc ? "JPEGImages" : "images/" + part }
}
