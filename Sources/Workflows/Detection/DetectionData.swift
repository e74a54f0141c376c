import Annotations
import DataPipeline
import Foundation
import Support

/// Opens the data of a detection recipe: finds its folders, reads its annotations, matches classes by name.
package struct DetectionData: Sendable {
    /// One part of a data set, with its annotations read.
    package struct Part: Sendable {
        package let annotations: DetectionAnnotations
        /// The folder that the annotations' file names are relative to.
        package let imageFolder: String
        /// What reading the annotations changed, in a line each.
        package var notes: [String] = []

        /// The file of the annotated image at `index`.
        func path(ofImage index: Int) -> String { imageFolder + "/" + annotations.fileName(index) }

        /// The files of all annotated images.
        var imagePaths: [String] { (0..<annotations.imageCount).map(path(ofImage:)) }
    }

    /// The part to open.
    package enum Role: String, Sendable {
        case train, val
    }

    package let recipe: DetectionDataSection
    private let file: RecipeFile

    /// The `data` section of a recipe; `file` gives error messages their line.
    package init(_ recipe: DetectionDataSection, file: RecipeFile) {
        self.recipe = recipe
        self.file = file
    }

    /// The location of a part.
    ///
    /// - Parameter classNames: The classes; nil takes the recipe's.
    /// - Throws: `RecipeFileError` for a file or folder that is missing, with the recipe's line.
    package func location(_ role: Role, classNames: [String]? = nil) throws -> DatasetLocation {
        guard let part = role == .train ? recipe.train : recipe.val else {
            throw file.error(at: "data", "the recipe has no data.\(role.rawValue); add it to evaluate")
        }
        let key = "data.\(role.rawValue)"
        try require(isFolder: true, recipe.root, at: "data.root")
        switch recipe.format {
        case .coco:
            let annotations = recipe.path(part.annotations ?? "")
            let images = recipe.path(part.images ?? "")
            try require(isFolder: false, annotations, at: "\(key).annotations")
            try require(isFolder: true, images, at: "\(key).images")
            let fileNames = recipe.fileNames
            return .coco(
                annotations: annotations, images: images, classNames: classNames ?? recipe.classes,
                fileNames: fileNames.isIdentity ? nil : fileNames)
        case .voc:
            let split = part.split ?? role.rawValue
            try require(isFolder: false, VOCFolder(path: recipe.root).splitPath(split), at: "\(key).split")
            return .voc(folder: recipe.root, split: split, classNames: classNames ?? recipe.classes)
        }
    }

    /// Reads a part's annotations; its images are opened later.
    ///
    /// - Throws: `RecipeFileError` for a file or folder that is missing, with the recipe's line; `AnnotationError`.
    package func open(_ role: Role, classNames: [String]? = nil) throws -> Part {
        try location(role, classNames: classNames).open()
    }

    /// The classes that a model learns from the training part, in the order of its labels.
    ///
    /// - Throws: `AnnotationError` if there is no class or two have one name; `ClassMismatch` if `data.classes` lists other
    ///   names.
    package func classNames(training: Part) throws -> [String] {
        guard training.annotations.classCount > 0 else {
            throw AnnotationError(
                file: training.annotations.source, place: "categories", problem: "there is no class",
                fix: "List what the objects are called")
        }
        try training.annotations.requireDistinctClassNames()
        if let names = recipe.classes, recipe.format == .coco {
            _ = try ClassMapping(model: names, named: "the recipe's data.classes", data: training.annotations)
        }
        return training.annotations.classNames
    }

    private func require(isFolder: Bool, _ path: String, at key: String) throws {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
            let hint = key == "data.root" ? "" : "; data.root is \(recipe.root), and --set data.root=… changes it"
            throw file.error(at: key, "there is no \(isFolder ? "folder" : "file") \(path)\(hint)")
        }
        guard isDirectory.boolValue == isFolder else {
            throw file.error(at: key, "\(path) is \(isFolder ? "a file, not a folder" : "a folder, not a file")")
        }
    }
}

extension DetectionInputSection {
    /// The transforms of training images.
    package var trainingTransforms: [any DetectionTransform] {
        var transforms: [any DetectionTransform] = []
        // Zoom-out makes a canvas of up to sixteen times the pixels, and a crop may keep only a third of a side: limit both to
        // the pixels that the detector will look at.
        if let side, zoomOut > 0 || iouCrop { transforms.append(LimitLongestSide(4 * side)) }
        if colorJitter { transforms.append(RandomPhotometricDistort()) }
        if zoomOut > 0 { transforms.append(RandomZoomOut(probability: zoomOut)) }
        if iouCrop { transforms.append(RandomIoUCrop()) }
        if flip > 0 { transforms.append(RandomHorizontalFlip(probability: flip)) }
        return transforms + resize(to: shorterSide)
    }

    /// The transforms of images outside training.
    var evaluationTransforms: [any DetectionTransform] { resize(to: [evaluationShorterSide]) }

    private func resize(to sides: [Int]) -> [any DetectionTransform] {
        if let side { return [Resize(width: side, height: side)] }
        return scaledBy == .network ? [] : [ResizeShortestEdge(sides, longestSide: longerSide)]
    }

    /// The rule by which images are scaled before the network, outside training; nil where the network scales them itself.
    var evaluationRule: ResizeRule? {
        if let side { return .fixed(ImageSize(width: side, height: side)) }
        return scaledBy == .network ? nil : .shortestEdge(evaluationShorterSide, longest: longerSide)
    }

    /// The size that an image is scaled to before the network, outside training.
    func evaluationSize(of size: ImageSize) -> ImageSize { evaluationRule?.size(of: size) ?? size }

    /// Pixels of the shorter side outside training.
    package var evaluationShorterSide: Int { shorterSide[shorterSide.count - 1] }
}
