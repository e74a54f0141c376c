import Annotations
import DataPipeline
import Foundation
import Media

/// Annotated images on disk, as a user names them.
public enum DatasetLocation: Hashable, Sendable, Codable {
    /// An instances JSON and the folder of its images; classes that are known already, and how its file names become paths in
    /// that folder, if they don't as they are.
    case coco(annotations: String, images: String, classNames: [String]? = nil, fileNames: FileNameMap? = nil)
    /// A VOC folder and a list in its `ImageSets/Main`.
    case voc(folder: String, split: String, classNames: [String]? = nil)

    /// The parts of a recipe: training, then validation if it has one.
    ///
    /// - Throws: `RecipeFileError`, also for a file or folder that is missing.
    package static func parts(of file: RecipeFile) throws -> [DatasetLocation] {
        let recipe = try file.decode(DetectionRecipe.self).data
        let data = DetectionData(recipe, file: file)
        return try [DetectionData.Role.train, .val].compactMap { role in
            role == .val && recipe.val == nil ? nil : try data.location(role)
        }
    }

    /// The location in one line for a person.
    public var title: String {
        switch self {
        case .coco(let annotations, _, _, _): annotations
        case .voc(let folder, let split, _): VOCFolder(path: folder).splitPath(split)
        }
    }

    /// Reads the annotations; the images are opened later.
    ///
    /// - Throws: `AnnotationError`.
    package func open() throws -> DetectionData.Part {
        switch self {
        case .coco(let annotations, let images, let classNames, let fileNames):
            let read = try COCOInstances(
                annotations, classNames: classNames, fileNames: .inFolder(fileNames ?? FileNameMap()))
            return .init(annotations: read.annotations, imageFolder: images, notes: read.notes)
        case .voc(let path, let split, let classNames):
            let folder = VOCFolder(path: path)
            return .init(
                annotations: try folder.read(split: split, classNames: classNames), imageFolder: folder.imageFolder)
        }
    }
}

extension DatasetLocation {
    /// Draws images with their boxes and class names: a file for each, and an overview of all.
    ///
    /// - Parameters:
    ///   - count: Number of images to draw, spread evenly over the data set.
    ///   - training: A recipe's input section, to draw images as training transforms them; nil draws them as they are.
    ///   - damagedImages: What becomes of damaged images that can be decoded all the same.
    ///   - damaged: is told of those that are accepted.
    /// - Returns: The pictures' paths, the overview first.
    /// - Throws: `AnnotationError`, `MediaError`, `JobError`.
    package func draw(
        count: Int, into folder: RunFolder, training: DetectionInputSection? = nil,
        damagedImages: DamagedImages = .refuse, damaged: DamagedImageLog = DamagedImageLog()
    ) throws -> [String] {
        let part = try open()
        let dataset = try DetectionDataset(
            annotations: part.annotations, imageFolder: part.imageFolder,
            transforms: training?.trainingTransforms ?? [],
            filter: .everything, decodeOptions: DecodeOptions(damagedImages, telling: damaged))
        try folder.prepare()
        let preview = DatasetPreview(dataset)
        let indices = preview.spread(count)
        var names = PictureNames(
            folder: folder.path, images: part.imagePaths)
        let overview = names.path(for: "overview")
        try ImageFile.writeJPEG(preview.montage(indices), to: overview)
        return [overview]
            + (try indices.map { index in
                let path = names.path(for: dataset.describe(index))
                try ImageFile.writeJPEG(preview.picture(index), to: path)
                return path
            })
    }
}
