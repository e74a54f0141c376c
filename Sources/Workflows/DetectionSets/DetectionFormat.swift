import Annotations
import Foundation
import Support

/// A format in which people keep annotated images.
package enum DetectionFormat: String, CaseIterable, Sendable, Codable {
    /// COCO's instances JSON, one for each part, as COCO, Roboflow, CVAT and Label Studio lay them out.
    case coco
    /// YOLO's text files, with Ultralytics' data.yaml or a list of classes.
    case yolo
    /// Pascal VOC's XML files, as the devkit, LabelImg, Label Studio and Roboflow lay them out.
    case voc
    /// A table of boxes.
    case csv

    /// The format's name in messages.
    package var title: String {
        switch self {
        case .coco: "COCO"
        case .yolo: "YOLO"
        case .voc: "VOC"
        case .csv: "CSV"
        }
    }

    /// The format of a file, by its ending, or of a folder, by what lies in it.
    ///
    /// - Throws: `JobError` where there is nothing, where it is of no format, and where it may be of several.
    package static func recognized(at path: String) throws -> DetectionFormat {
        guard let isFolder = SetFiles.isFolder(path) else { throw JobError(path, "there is no such file or folder") }
        guard isFolder else {
            switch FilePath.ending(of: path).lowercased() {
            case ".json": return .coco
            case ".yaml", ".yml": return .yolo
            case ".csv", ".tsv": return .csv
            default:
                throw JobError(
                    path, "is not an instances JSON, a data.yaml or a CSV; name one of these, or the set's folder")
            }
        }
        let found = allCases.filter { $0.looksLike(path) }
        guard let format = found.first else {
            let inside = SetFiles.folders(in: path).filter { inner in
                allCases.contains { $0.looksLike(path + "/" + inner) }
            }
            guard inside.isEmpty else {
                throw JobError(path, "holds data sets in folders; name one: \(inside.joined(separator: ", "))")
            }
            throw JobError(
                path,
                "holds no data set that is known here: COCO's annotations/instances_*.json or _annotations.coco.json, YOLO's "
                    + "data.yaml or classes.txt with labels, VOC's XML files, or a CSV; say which with --from, or name the "
                    + "file itself")
        }
        guard found.count == 1 else {
            throw JobError(
                path,
                "may be \(found.map(\.title).joined(separator: " or ")); say which with --from "
                    + found.map(\.rawValue).joined(separator: "|"))
        }
        return format
    }

    private func looksLike(_ folder: String) -> Bool {
        switch self {
        case .coco: !COCOLayout.files(in: folder).isEmpty
        case .yolo: YOLOLayout.configuration(in: folder) != nil
        case .voc: VOCLayout.looksLike(folder)
        case .csv: !CSVLayout.files(in: folder).isEmpty
        }
    }
}

extension DetectionSet {
    /// How to read a set, beside where it lies.
    package struct Reading: Sendable {
        /// The format; nil recognizes it.
        package var format: DetectionFormat?
        /// The folder of the pictures of COCO or CSV; nil looks for it.
        package var imageFolder: String?
        /// How file names of COCO and CSV become paths.
        package var fileNames = FileNameMap()

        package init(format: DetectionFormat? = nil, imageFolder: String? = nil, fileNames: FileNameMap = FileNameMap())
        {
            (self.format, self.imageFolder, self.fileNames) = (format, imageFolder, fileNames)
        }
    }

    /// Reads a set.
    ///
    /// - Throws: `JobError` where the format is not clear; `AnnotationError` and `RecipeFileError` for what is wrong in a file.
    package static func read(_ path: String, _ reading: Reading = Reading()) throws -> DetectionSet {
        guard SetFiles.isFolder(path) != nil else { throw JobError(path, "there is no such file or folder") }
        if let folder = reading.imageFolder, SetFiles.isFolder(folder) != true {
            throw JobError(folder, "there is no such folder of pictures")
        }
        let format = try reading.format ?? DetectionFormat.recognized(at: path)
        guard format == .coco || format == .csv || (reading.imageFolder == nil && reading.fileNames.isIdentity) else {
            throw JobError(
                path,
                "is \(format.title); --image-folder, --path-prefix, --path-percent and --path-backslashes belong to COCO and CSV"
            )
        }
        let path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        switch format {
        case .coco: return try COCOLayout.read(path, reading)
        case .yolo: return try YOLOLayout.read(path)
        case .voc: return try VOCLayout.read(path)
        case .csv: return try CSVLayout.read(path, reading)
        }
    }
}
