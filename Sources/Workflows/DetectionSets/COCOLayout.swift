import Annotations
import Foundation
import Support

/// The places of COCO's files in COCO's own layout, Roboflow's, CVAT's and Label Studio's.
enum COCOLayout {
    /// An instances file and what its place says of the part.
    struct File: Hashable {
        let path: String
        let part: String
    }

    private static let roboflow = "_annotations.coco.json"

    /// The instances files in a set's folder: those in `annotations`, Roboflow's one in each part's folder, or those in the
    /// folder itself.
    static func files(in folder: String) -> [File] {
        for name in ["annotations", "Annotations"] {
            let inner = folder + "/" + name
            let files = SetFiles.files(in: inner, endings: ["json"])
            let instances = files.filter { $0.hasPrefix("instances") }
            let chosen = instances.isEmpty ? files : instances
            if !chosen.isEmpty { return chosen.map { File(path: inner + "/" + $0, part: part(of: $0)) } }
        }
        let parts = SetFiles.folders(in: folder).filter {
            SetFiles.isFolder(folder + "/" + $0 + "/" + roboflow) == false
        }
        if !parts.isEmpty { return parts.map { File(path: folder + "/" + $0 + "/" + roboflow, part: $0) } }
        let files = SetFiles.files(in: folder, endings: ["json"])
        if files.contains(roboflow) {
            return [File(path: folder + "/" + roboflow, part: FilePath.name(of: folder))]
        }
        let named = files.filter { name in
            ["instances", "annotations", "result", "coco"].contains { name.lowercased().hasPrefix($0) }
        }
        return named.map { File(path: folder + "/" + $0, part: part(of: $0)) }
    }

    private static func part(of name: String) -> String {
        let stem = FilePath.withoutEnding(name)
        return stem.hasPrefix("instances_") ? String(stem.dropFirst("instances_".count)) : stem
    }

    static func read(_ path: String, _ reading: DetectionSet.Reading) throws -> DetectionSet {
        let files: [File]
        if SetFiles.isFolder(path) == true {
            files = self.files(in: path)
        } else {
            let name = FilePath.name(of: path)
            files = [
                File(path: path, part: name == roboflow ? FilePath.name(of: SetFiles.folder(of: path)) : part(of: name))
            ]
        }
        guard !files.isEmpty else {
            throw JobError(
                path, "holds no annotations/instances_*.json and no _annotations.coco.json; name the JSON file itself")
        }
        var notes: [String] = []
        let parts = try zip(files, SetFiles.partNames(files.map(\.part))).map { file, name in
            let read = try COCOInstances(
                file.path, classNames: nil, fileNames: .inFolder(reading.fileNames), keepsOutlines: true)
            let annotations = read.annotations
            for i in 0..<annotations.imageCount where annotations.fileName(i).isEmpty {
                throw AnnotationError(
                    file: file.path, place: "images[\(i)]", problem: "image \(annotations.imageID(i)) names no file",
                    fix: "Write its \"file_name\"")
            }
            notes += read.notes
            let extras = try COCOExtras.found(in: file.path)
            if !extras.isEmpty {
                notes.append("\(file.path): \(extras.joined(separator: ", ")) are not kept")
            }
            let folder = reading.imageFolder ?? imageFolder(of: annotations, file: file)
            return DetectionSet.Part(name: name, annotations: annotations, folder: folder)
        }
        return try DetectionSet(source: path, format: .coco, parts: parts, notes: notes)
    }

    /// The folder in which one of a file's first images lies, among those that people use; the file's own if there is none.
    private static func imageFolder(of annotations: DetectionAnnotations, file: File) -> String {
        let own = SetFiles.folder(of: file.path)
        let above = own == "." ? ".." : SetFiles.folder(of: own)
        let candidates = [
            own, own + "/images", above + "/images/" + file.part, above + "/" + file.part, above + "/images", above,
            own + "/" + file.part,
        ]
        let names = (0..<min(20, annotations.imageCount)).map(annotations.fileName)
        return candidates.first { folder in
            names.contains { FileManager.default.fileExists(atPath: folder + "/" + $0) }
        } ?? candidates.dropFirst(2).first { SetFiles.isFolder($0) == true } ?? own
    }
}
