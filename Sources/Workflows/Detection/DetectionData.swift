import Annotations
import DataPipeline
import Foundation
import Support

/// The data of a detection recipe, opened: annotations read, folders found, classes brought together by name.
package struct DetectionData: Sendable {
    /// One part of the data set, its annotations read.
    package struct Part: Sendable {
        package let annotations: DetectionAnnotations
        /// What the annotations' file names are relative to.
        package let imageFolder: String

        /// The file of one of the annotated images, by its place among them.
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

    /// `file` names the places of what is wrong.
    package init(_ recipe: DetectionDataSection, file: RecipeFile) {
        self.recipe = recipe
        self.file = file
    }

    /// Where a part is.
    ///
    /// - Parameter classNames: What a VOC folder's objects may be called; without it, what the recipe says.
    /// - Throws: `RecipeFileError` for a file or folder that is missing, with the recipe's line.
    package func location(_ role: Role, classNames: [String]? = nil) throws -> DatasetLocation {
        guard let part = role == .train ? recipe.train : recipe.val else {
            throw file.error(at: "data", "the recipe has no data.\(role.rawValue); add it to evaluate")
        }
        let key = "data.\(role.rawValue)"
        try require(isFolder: true, recipe.root, at: "data.root")
        switch recipe.format {
        case .coco:
            let annotations = path(part.annotations)
            let images = path(part.images)
            try require(isFolder: false, annotations, at: "\(key).annotations")
            try require(isFolder: true, images, at: "\(key).images")
            return .coco(annotations: annotations, images: images)
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
    /// - Throws: `AnnotationError` where there is no class, or a name stands twice; `ClassMismatch` where `data.classes`
    ///   names others.
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

    /// A path below the data's root, as files are opened.
    private func path(_ relative: String?) -> String {
        let relative = relative ?? ""
        return relative.hasPrefix("/") ? relative : recipe.root + "/" + relative
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
    /// What training images go through.
    package var trainingTransforms: [any DetectionTransform] {
        var transforms: [any DetectionTransform] = []
        // A canvas of sixteen times the pixels, or a crop of a third of a side, of no more than will be looked at.
        if let side, zoomOut > 0 || iouCrop { transforms.append(LimitLongestSide(4 * side)) }
        if colorJitter { transforms.append(RandomPhotometricDistort()) }
        if zoomOut > 0 { transforms.append(RandomZoomOut(probability: zoomOut)) }
        if iouCrop { transforms.append(RandomIoUCrop()) }
        if flip > 0 { transforms.append(RandomHorizontalFlip(probability: flip)) }
        transforms.append(resize(to: shorterSide))
        return transforms
    }

    /// What images go through that detections are wanted of.
    var evaluationTransforms: [any DetectionTransform] {
        [resize(to: [evaluationShorterSide])]
    }

    private func resize(to sides: [Int]) -> any ResizingTransform {
        if let side { return Resize(width: side, height: side) }
        return ResizeShortestEdge(sides, longestSide: longerSide)
    }

    /// How images are scaled outside training.
    var evaluationRule: ResizeRule {
        if let side { return .fixed(ImageSize(width: side, height: side)) }
        return .shortestEdge(evaluationShorterSide, longest: longerSide)
    }

    /// Pixels of the shorter side outside training.
    package var evaluationShorterSide: Int { shorterSide[shorterSide.count - 1] }
}
