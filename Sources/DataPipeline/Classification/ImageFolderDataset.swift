import Foundation
import Media
import Support

/// Images in a folder for each class, as ImageNet's are: `FOLDER/CLASS/….jpg`. Classes and files are in the order of their
/// names.
///
/// A JPEG is decoded no larger than its first transform needs: a random resized crop of a large window reads a smaller scale.
public struct ImageFolderDataset: ClassificationDataset {
    /// The folder of the classes' folders.
    public let folder: String
    /// The names of labels 0, 1, ….
    public let classNames: [String]
    private let files: [(name: String, label: Int)]
    private let decodeOptions: DecodeOptions
    private let chain: ClassificationChain

    /// Lists the folder's files.
    ///
    /// - Parameters:
    ///   - folder: the folder of the classes' folders.
    ///   - classNames: the classes of another part, so that labels mean the same; nil takes the folders found.
    ///   - transforms: what every image goes through, in this order.
    ///   - decodeOptions: how files are decoded, and within what limits.
    /// - Throws: ``DatasetError`` where there are no classes, a class without images, or a folder that is no known
    ///   class.
    public init(
        folder: String, classNames: [String]? = nil, transforms: [any ClassificationTransform] = [],
        decodeOptions: DecodeOptions = DecodeOptions()
    ) throws {
        let manager = FileManager.default
        func isFolder(_ path: String) -> Bool {
            var result: ObjCBool = false
            return manager.fileExists(atPath: path, isDirectory: &result) && result.boolValue
        }
        guard let entries = try? manager.contentsOfDirectory(atPath: folder) else {
            throw DatasetError(folder, "it is not there or can't be read; it should hold a folder for each class")
        }
        let found = entries.filter { !$0.hasPrefix(".") && isFolder(folder + "/" + $0) }.sorted()
        guard !found.isEmpty else {
            throw DatasetError(folder, "it holds no folders; it should hold one for each class, with its images")
        }
        let names = classNames ?? found
        if let stranger = found.first(where: { !names.contains($0) }) {
            throw DatasetError(
                "\(folder)/\(stranger)", "the training images have no such class; remove it or train with it")
        }
        var files: [(name: String, label: Int)] = []
        for (label, name) in names.enumerated() {
            let images = ((try? manager.contentsOfDirectory(atPath: folder + "/" + name)) ?? [])
                .filter { ImageFile.endings.contains(($0 as NSString).pathExtension.lowercased()) }.sorted()
            if images.isEmpty, found.contains(name) {
                throw DatasetError(
                    "\(folder)/\(name)",
                    "it holds no .jpg, .jpeg or .png; put its images there or remove the folder")
            }
            files += images.map { (name + "/" + $0, label) }
        }
        self.folder = folder
        self.classNames = names
        self.files = files
        self.decodeOptions = decodeOptions
        chain = ClassificationChain(transforms: transforms)
    }

    /// How many images all classes have together.
    public var count: Int { files.count }

    /// The class of image `index`, from 0.
    public func label(_ index: Int) -> Int { files[index].label }

    /// Image `index`, decoded and transformed.
    ///
    /// - Throws: the decoder's error, which names the file.
    public func sample(at index: Int, random: inout SeededRandom) throws -> ClassificationSample {
        let file = files[index]
        let path = folder + "/" + file.name
        let size = try ImageFile.header(path).size
        var options = decodeOptions
        options.minimumSize = chain.minimumSize(of: size, random: random)
        let image = try ImageFile.read(path, options: options)
        return ClassificationSample(
            image: chain.apply(image, originalSize: size, random: random), label: file.label, name: file.name)
    }

    /// The images whose file is missing or is no picture, and why: each file's header is read, not its pixels.
    ///
    /// - Parameter progress: Called now and then with the number of files done.
    public func unusableFiles(progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }) -> [UnusableFile] {
        UnusableFile.all(of: count, progress: progress) { _ = try ImageFile.header(folder + "/" + files[$0].name) }
    }

    /// The file of image `index`, relative to the folder.
    public func describe(_ index: Int) -> String { files[index].name }
}
