import Foundation
import Support

extension VOCFolder {
    /// Writes annotations as `Annotations/<name>.xml` and the list `ImageSets/Main/<split>.txt`; an image's name is its
    /// file name without extension. Pictures are not copied; the folder for them is made.
    ///
    /// - Throws: ``AnnotationError`` for a file that can't be written, and for a name that leaves the folder.
    public func write(_ annotations: DetectionAnnotations, split: String) throws {
        let files = FileManager.default
        for folder in [annotationFolder, path + "/ImageSets/Main", imageFolder] {
            try writing(folder) { try files.createDirectory(atPath: folder, withIntermediateDirectories: true) }
        }
        var list = ""
        for i in 0..<annotations.imageCount {
            let fileName = annotations.fileName(i)
            let name = (fileName as NSString).deletingPathExtension
            guard !name.isEmpty, RelativePath.staysInside(name), !name.contains("/") else {
                throw AnnotationError(
                    file: annotations.source, place: "image \(annotations.imageID(i))",
                    problem: "\"\(fileName)\" can't name a VOC picture", fix: "VOC's pictures lie in one folder")
            }
            list += name + "\n"
            let text = VOCFolder.xml(annotations, image: i)
            try writing(annotationPath(name)) {
                try WholeFile.write(text, to: annotationPath(name), syncs: false)
            }
        }
        // The list comes last: what it names is on the disk.
        WholeFile.syncAll(in: annotationFolder)
        try writing(splitPath(split)) {
            try WholeFile.write(list, to: splitPath(split))
        }
    }

    private func writing(_ file: String, _ body: () throws -> Void) throws {
        do {
            try body()
        } catch {
            throw AnnotationError(
                file: file, problem: "it can't be written: \(reason(of: error))",
                fix: "Check the folder's permissions and the space left")
        }
    }

    private static func xml(_ annotations: DetectionAnnotations, image i: Int) -> String {
        let size = annotations.imageSize(i)
        var lines = [
            "<annotation>", "\t<folder>JPEGImages</folder>",
            "\t<filename>\(escaped(annotations.fileName(i)))</filename>", "\t<size>",
            "\t\t<width>\(size.width)</width>", "\t\t<height>\(size.height)</height>", "\t\t<depth>3</depth>",
            "\t</size>", "\t<segmented>0</segmented>",
        ]
        for j in annotations.objects(i) {
            let object = annotations.object(j)
            let corners = [
                ("xmin", object.x + 1), ("ymin", object.y + 1), ("xmax", object.x + object.width),
                ("ymax", object.y + object.height),
            ]
            lines += [
                "\t<object>", "\t\t<name>\(escaped(annotations.classNames[object.label - 1]))</name>",
                "\t\t<pose>Unspecified</pose>",
                "\t\t<truncated>\(object.flags.contains(.truncated) ? 1 : 0)</truncated>",
                "\t\t<difficult>\(object.flags.contains(.difficult) ? 1 : 0)</difficult>", "\t\t<bndbox>",
            ]
            lines += corners.map { "\t\t\t<\($0)>\(JSONText.number($1))</\($0)>" }
            lines += ["\t\t</bndbox>", "\t</object>"]
        }
        return (lines + ["</annotation>", ""]).joined(separator: "\n")
    }

    private static func escaped(_ text: String) -> String {
        text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
            .replacingOccurrences(of: ">", with: "&gt;")
    }
}
