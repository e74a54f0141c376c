import Annotations
import Foundation

/// Data that a user names on the command line, to measure a model on them.
public struct NamedData: Sendable {
    /// An instances JSON, or a folder.
    public let path: String
    /// The folder of the pictures, for an instances JSON.
    public let images: String?

    /// - Parameters:
    ///   - path: An instances JSON; a folder of COCO's or of VOC's; a folder with one folder for each class.
    ///   - images: The folder of an instances JSON's pictures.
    public init(path: String, images: String? = nil) {
        self.path = path
        self.images = images
    }

    /// The changes to a recipe's section `data` that make these the data to measure on.
    ///
    /// - Parameters:
    ///   - task: The model's task.
    ///   - isPublished: Whether the model has no recipe of its own. A folder is then looked at for what it holds; otherwise
    ///     it is the root of the recipe's data.
    /// - Throws: `JobError` for data that are not there, or not of a known layout.
    public func settings(for task: VisionTask, isPublished: Bool) throws -> [String] {
        guard let isFolder = Self.isFolder(path) else {
            // A recipe's own message names what it lacks in its root.
            if !isPublished, images == nil { return ["data.root=\(path)"] }
            throw JobError(path, "there is no such file or folder of data")
        }
        guard isFolder else { return try fileSettings(task) }
        guard images == nil else {
            throw JobError("--images \(images ?? "")", "goes with an instances JSON, and \(path) is a folder")
        }
        guard isPublished else { return ["data.root=\(path)"] }
        return task == .detection ? try detectionFolder() : classificationFolder()
    }

    private func fileSettings(_ task: VisionTask) throws -> [String] {
        guard task == .detection, path.lowercased().hasSuffix(".json") else {
            throw JobError(
                path,
                task == .detection
                    ? "is not an instances JSON; name one with --images DIR, or the folder of a data set"
                    : "is a file; name a folder that holds a folder for each class")
        }
        guard let images = images ?? imagesBeside else {
            throw JobError(path, "needs --images, the folder of its pictures")
        }
        guard Self.isFolder(images) == true else { throw JobError("--images \(images)", "there is no such folder") }
        return coco(annotations: path, images: images)
    }

    private func coco(annotations: String, images: String) -> [String] {
        let part = "{annotations: \(Self.quoted(annotations)), images: \(Self.quoted(images))}"
        return ["data.root=.", "data.format=coco", "data.train=\(part)", "data.val=\(part)"]
    }

    /// The pictures of `…/annotations/instances_NAME.json` in COCO's own layout: the folder `…/NAME`.
    private var imagesBeside: String? {
        let file = (URL(fileURLWithPath: path).lastPathComponent as NSString).deletingPathExtension
        guard file.hasPrefix("instances_") else { return nil }
        let root = URL(fileURLWithPath: path).deletingLastPathComponent().deletingLastPathComponent().path
        let folder = root + "/" + file.dropFirst("instances_".count)
        return Self.isFolder(folder) == true ? folder : nil
    }

    private func detectionFolder() throws -> [String] {
        let voc = VOCFolder(path: path)
        if let split = ["test", "val", "trainval", "train"].first(where: {
            FileManager.default.fileExists(atPath: voc.splitPath($0))
        }) {
            return [
                "data.root=\(Self.quoted(path))", "data.format=voc", "data.train={split: \(split)}",
                "data.val={split: \(split)}",
            ]
        }
        for name in ["val2017", "val2014"] {
            let annotations = "\(path)/annotations/instances_\(name).json"
            if FileManager.default.fileExists(atPath: annotations), Self.isFolder("\(path)/\(name)") == true {
                return coco(annotations: annotations, images: "\(path)/\(name)")
            }
        }
        throw JobError(
            path,
            "holds neither COCO's annotations/instances_val2017.json with val2017, nor VOC's ImageSets/Main; name an instances "
                + "JSON and --images DIR")
    }

    /// A folder with `val` in it, or the folder of the classes itself.
    private func classificationFolder() -> [String] {
        let part = Self.isFolder(path + "/val") == true ? "val" : "."
        return ["data.root=\(path)", "data.val=\(part)"]
    }

    private static func quoted(_ text: String) -> String {
        "\"" + text.replacingOccurrences(of: "\\", with: "\\\\").replacingOccurrences(of: "\"", with: "\\\"") + "\""
    }

    /// Whether a path is a folder; nil where there is nothing.
    private static func isFolder(_ path: String) -> Bool? {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) ? isFolder.boolValue : nil
    }
}
