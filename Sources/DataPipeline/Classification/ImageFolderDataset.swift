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
    /// The folder of each class.
    private let folders: [Folder]
    private let decodeOptions: DecodeOptions
    private let chain: ClassificationChain

    /// The images of a class.
    private struct Folder {
        /// Their numbers in the data set.
        let images: Range<Int>
        /// Their files' names.
        let names: PackedNames
        /// The folder's state before it was listed.
        let state: ImageFolderIndex.State?
    }

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
        guard let (entries, unreadable) = FolderNames.list(folder) else {
            throw DatasetError(folder, "it is not there or can't be read; it should hold a folder for each class")
        }
        if let name = unreadable {
            throw DatasetError(folder, "the name \(name) in it is not UTF-8; rename it")
        }
        let found = entries.filter { !$0.hasPrefix(".") && isFolder(folder + "/" + $0) }.sorted()
        guard !found.isEmpty else {
            throw DatasetError(folder, "it holds no folders; it should hold one for each class, with its images")
        }
        let names = classNames ?? found
        let known = Set(names), present = Set(found)
        if let stranger = found.first(where: { !known.contains($0) }) {
            throw DatasetError(
                "\(folder)/\(stranger)", "the training images have no such class; remove it or train with it")
        }
        // A folder of a thousand classes has a million names.
        let listed = try parallelMap(
            count: names.count, threads: ProcessInfo.processInfo.activeProcessorCount
        ) { label -> (names: PackedNames, state: ImageFolderIndex.State?) in
            let path = folder + "/" + names[label]
            let state = ImageFolderIndex.State(path)
            guard let (files, unreadable) = FolderNames.list(path) else { return (PackedNames([]), state) }
            if let image = unreadable {
                throw DatasetError(path, "the name \(image) in it is not UTF-8; rename it")
            }
            let images = files.filter(Self.isImage).sorted()
            if images.isEmpty, present.contains(names[label]) {
                throw DatasetError(
                    path, "it holds no .jpg, .jpeg or .png; put its images there or remove the folder")
            }
            return (PackedNames(images), state)
        }
        var count = 0
        folders = listed.map { names, state in
            defer { count += names.count }
            return Folder(images: count..<count + names.count, names: names, state: state)
        }
        self.folder = folder
        self.classNames = names
        self.decodeOptions = decodeOptions
        chain = ClassificationChain(transforms: transforms)
    }

    /// Whether the ending of a name is that of an image.
    private static func isImage(_ name: String) -> Bool {
        guard let dot = name.utf8.lastIndex(of: UInt8(ascii: ".")), dot > name.startIndex else { return false }
        return ImageFile.endings.contains(name[name.utf8.index(after: dot)...].lowercased())
    }

    /// How many images all classes have together.
    public var count: Int { folders.last?.images.upperBound ?? 0 }

    /// The class of image `index`, from 0.
    public func label(_ index: Int) -> Int {
        // The first class whose images end behind it.
        var (low, high) = (0, folders.count)
        while low < high {
            let middle = (low + high) / 2
            if folders[middle].images.upperBound > index { high = middle } else { low = middle + 1 }
        }
        return low
    }

    /// Image `index`, decoded and transformed.
    ///
    /// - Throws: the decoder's error, which names the file.
    public func sample(at index: Int, random: inout SeededRandom) throws -> ClassificationSample {
        let name = describe(index), path = folder + "/" + name
        let size = try ImageFile.header(path).size
        var options = decodeOptions
        options.minimumSize = chain.minimumSize(of: size, random: random)
        let image = try ImageFile.read(path, options: options)
        return ClassificationSample(
            image: chain.apply(image, originalSize: size, random: random), label: label(index), name: name)
    }

    /// The images whose file is missing or is no picture, and why: each file's header is read, not its pixels.
    ///
    /// - Parameter progress: Called now and then with the number of files done.
    public func unusableFiles(progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }) -> [UnusableFile] {
        var index: ImageFolderIndex?
        return unusableFiles(knownBy: &index, progress: progress)
    }

    /// The images whose file is missing or is no picture, as ``unusableFiles(progress:)`` finds them, but without looking at folders
    /// that an index knows. It gets to know the others, unless they hold such images.
    package func unusableFiles(
        knownBy index: inout ImageFolderIndex?, progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) -> [UnusableFile] {
        let unknown = classNames.indices.filter {
            !(index?.holds(folder + "/" + classNames[$0], folders[$0].state) ?? false)
        }
        let candidates = unknown.flatMap { folders[$0].images }
        let found = UnusableFile.all(of: candidates.count, progress: progress) {
            _ = try ImageFile.header(folder + "/" + describe(candidates[$0]))
        }.map { UnusableFile(index: candidates[$0.index], reason: $0.reason) }
        let damaged = Set(found.map { label($0.index) })
        for label in unknown where !damaged.contains(label) {
            index?.keep(folder + "/" + classNames[label], folders[label].state)
        }
        return found
    }

    /// The file of image `index`, relative to the folder.
    public func describe(_ index: Int) -> String {
        let label = label(index), folder = folders[label]
        return classNames[label] + "/" + folder.names[index - folder.images.lowerBound]
    }
}
