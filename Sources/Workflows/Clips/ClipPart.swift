import Annotations
import DataPipeline
import Foundation

/// A part of a data set of videos: what its files say, and the folder with its videos.
struct ClipPart {
    let annotations: ClipAnnotations
    let folder: String

    /// - Parameters:
    ///   - training: Whether to open the training part rather than the validation part.
    ///   - classNames: The training part's, so that labels mean the same; nil takes those in the files.
    /// - Throws: `AnnotationError`; `RecipeFileError` for a list without `data.classes`, and if no video is there.
    init(
        _ data: ClassificationDataSection, file: RecipeFile, training: Bool, classNames: [String]? = nil
    ) throws {
        let key = training ? "data.train" : "data.val"
        let path = data.path(training ? data.train : data.val)
        var folder = data.path(training ? data.videos : data.valVideos ?? data.videos)
        if data.format == .somethingSomething {
            annotations = try SomethingSomething.read(
                path, labels: data.path(data.classes ?? "labels.json"), videos: folder)
            if let classNames, classNames != annotations.classNames {
                throw file.error(at: "data.classes", "its classes are not those that the model was trained with")
            }
        } else {
            let names = try classNames ?? data.classes.map { try Self.lines(of: data.path($0), file: file) }
            var isFolder: ObjCBool = false
            if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
                folder = path
                annotations = try Kinetics.readFolders(path, classNames: names)
            } else if try Kinetics.isCSV(path) {
                annotations = try Kinetics.readCSV(path, videos: folder, classNames: names)
            } else {
                guard let names else {
                    throw file.error(
                        at: key,
                        "a list of paths and labels needs data.classes, a file with one class name on each line"
                    )
                }
                annotations = try Kinetics.readList(path, videos: folder, classNames: names)
            }
        }
        self.folder = folder
        guard !annotations.clips.isEmpty else {
            throw file.error(
                at: key, "none of the \(annotations.listedCount) videos of \(annotations.source) is in \(folder)")
        }
    }

    init(_ dataset: ClipDataset) {
        annotations = dataset.annotations
        folder = dataset.folder
    }

    /// Path of a clip's video.
    func path(of index: Int) -> String { folder + "/" + annotations.clips[index].path }

    /// Paths of all videos, relative to a folder that they are in.
    func paths(from root: String) -> [String] {
        annotations.clips.indices.map { index in
            let path = path(of: index)
            return path.hasPrefix(root + "/") ? String(path.dropFirst(root.count + 1)) : path
        }
    }

    private static func lines(of path: String, file: RecipeFile) throws -> [String] {
        do {
            return try numberedLines(of: path).map { String($0.text.withoutSpaceAround) }
        } catch {
            throw file.error(at: "data.classes", "\(error)")
        }
    }
}
