import Annotations
import Foundation
import Media
import Support

/// The files of a data set: what lies in its folders, and what its parts and classes are called.
enum SetFiles {
    /// The folder of a path; "." where the path is a name alone.
    static func folder(of path: String) -> String {
        let folder = FilePath.folder(of: path)
        return folder.isEmpty ? "." : folder
    }

    /// Whether a path is a folder; nil where there is nothing.
    static func isFolder(_ path: String) -> Bool? {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) ? isFolder.boolValue : nil
    }

    /// The names of files in a folder that have one of these endings in small letters or capitals, in order; hidden ones are
    /// passed over.
    static func files(in folder: String, endings: Set<String>) -> [String] {
        let names = FolderNames.list(folder)?.names ?? []
        return names.filter { name in
            !name.hasPrefix(".") && endings.contains(FilePath.ending(of: name).dropFirst().lowercased())
                && isFolder(folder + "/" + name) == false
        }.sorted()
    }

    /// The names of folders in a folder, in order; hidden ones are passed over.
    static func folders(in folder: String) -> [String] {
        (FolderNames.list(folder)?.names ?? []).filter { !$0.hasPrefix(".") && isFolder(folder + "/" + $0) == true }
            .sorted()
    }

    /// Endings of pictures, those among them that can't be decoded here: they must not be left out in silence.
    static let pictureEndings = ImageFile.endings.union(["bmp", "webp", "tif", "tiff", "gif", "heic", "avif"])

    /// The pictures in a folder and the folders in it, relative to it, in order.
    ///
    /// - Parameter deepest: How many folders may lie in each other; a link can lead back to where it stands.
    static func pictures(below folder: String, deepest: Int = 8) -> [String] {
        let inner = deepest > 0 ? folders(in: folder) : []
        return files(in: folder, endings: pictureEndings)
            + inner.flatMap { name in pictures(below: folder + "/" + name, deepest: deepest - 1).map { name + "/" + $0 }
            }
    }

    /// What a part is called here: `val` for `valid` and `validation`, `train` for `train2017`, and otherwise as it is.
    static func partName(_ name: String) -> String {
        let lower = name.lowercased()
        if ["valid", "validation", "dev"].contains(lower) { return "val" }
        if lower == "training" { return "train" }
        if lower == "testing" { return "test" }
        let stem = String(lower.prefix { !$0.isNumber })
        let isNumbered = lower.dropFirst(stem.count).allSatisfy(\.isNumber)
        return isNumbered && ["train", "val", "test"].contains(stem) ? stem : name
    }

    /// What several parts are called: as ``partName(_:)`` has it, unless two would have one name. A part alone that is neither
    /// `train`, `val` nor `test` is `train`.
    static func partNames(_ names: [String]) -> [String] {
        let plain = names.map(partName)
        if plain.count == 1 { return ["train", "val", "test"].contains(plain[0]) ? plain : ["train"] }
        return Set(plain).count == plain.count ? plain : names
    }

    /// The file that lists the classes of formats that have no other place for their order.
    static let classList = "classes.txt"

    /// The names of classes in a list, one on a line.
    ///
    /// - Throws: `AnnotationError` for a name that stands twice.
    static func classNames(in file: String) throws -> [String] {
        let lines = try numberedLines(of: file)
        var seen: [String: Int] = [:]
        return try lines.map { number, text in
            let name = String(text.withoutSpaceAround)
            if let first = seen.updateValue(number, forKey: name) {
                throw AnnotationError(
                    file: file, place: "line \(number)", problem: "\"\(name)\" stands on line \(first) as well",
                    fix: "Take one of the two out")
            }
            return name
        }
    }
}
