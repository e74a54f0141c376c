import Annotations
import Foundation
import Media
import Support

/// CIFAR-10 or CIFAR-100 in its binary form (Krizhevsky, 2009): records of one or two labels and 32×32 pixels, plane by
/// plane. All of it is kept in memory, 3 KB an image.
public struct CIFARDataset: ClassificationDataset {
    /// Which of the set's two parts.
    public enum Part: String, Hashable, Sendable, Codable, CaseIterable {
        /// `data_batch_*.bin`, in the order of their names; or `train.bin`.
        case train
        /// `test_batch.bin`; or `test.bin`.
        case test
    }

    /// Which of the two sets.
    public enum Kind: Hashable, Sendable, CaseIterable {
        /// `data_batch_1.bin` … and `test_batch.bin`, with the names in `batches.meta.txt`.
        case ten
        /// `train.bin` and `test.bin`, with the names in `fine_label_names.txt`. The fine labels are taken.
        case hundred
    }

    /// Pixels of both sides of an image.
    public static let side = 32

    /// The names of labels 0, 1, …: from the folder's listing, or "class 0" and so on.
    public let classNames: [String]
    /// The files that were read, and where each one's records begin.
    private let files: [(name: String, first: Int)]
    /// The paths of the files that were read.
    package let paths: [String]
    private let images: [UInt8]
    private let labels: [UInt8]
    private let chain: ClassificationChain

    /// Reads a part of the set in a folder.
    ///
    /// - Parameters:
    ///   - folder: The folder of the unpacked binary version.
    ///   - part: The training part or the test part.
    ///   - kind: The set to read; nil takes the one whose files the folder holds.
    ///   - transforms: What is done to each image.
    /// - Throws: ``DatasetError`` for a folder without such files, or with those of both sets where `kind` is nil, for a file
    ///   that is no whole number of records, and for a label without a name.
    public init(
        folder: String, part: Part, kind: Kind? = nil, transforms: [any ClassificationTransform] = []
    ) throws {
        let (kind, names) = try Self.files(of: part, kind, in: folder)
        let listing = folder + "/" + kind.listing
        if FileManager.default.fileExists(atPath: listing) {
            do {
                classNames = try numberedLines(of: listing).map { String($0.text.withoutSpaceAround) }
            } catch {
                throw DatasetError(listing, error.reason)
            }
        } else {
            classNames = (0..<kind.classCount).map { "class \($0)" }
        }

        let labelBytes = kind.labelBytes
        let pixels = Self.side * Self.side * 3
        var files: [(name: String, first: Int)] = []
        var images: [UInt8] = []
        var labels: [UInt8] = []
        for name in names {
            let path = folder + "/" + name
            let bytes: Data
            do {
                bytes = try Data(contentsOf: URL(fileURLWithPath: path))
            } catch {
                throw DatasetError(path, "it can't be read (\(reason(of: error)))")
            }
            let record = labelBytes + pixels
            guard !bytes.isEmpty, bytes.count.isMultiple(of: record) else {
                throw DatasetError(
                    path, "its \(bytes.count) bytes are no whole number of records of \(record): download it again")
            }
            files.append((name, labels.count))
            images.reserveCapacity(images.count + bytes.count)
            for start in stride(from: 0, to: bytes.count, by: record) {
                let label = bytes[bytes.startIndex + start + labelBytes - 1]
                guard Int(label) < classNames.count else {
                    throw DatasetError(
                        path, "record \(start / record) has label \(label), but there are \(classNames.count) classes")
                }
                labels.append(label)
                images += bytes[(bytes.startIndex + start + labelBytes)..<(bytes.startIndex + start + record)]
            }
        }
        self.files = files
        paths = files.map { folder + "/" + $0.name }
        self.images = images
        self.labels = labels
        chain = ClassificationChain(transforms: transforms)
    }

    /// The set that a folder holds and the files of a part of it, in the order of their names.
    private static func files(of part: Part, _ kind: Kind?, in folder: String) throws -> (Kind, [String]) {
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
        let kinds = (kind.map { [$0] } ?? Kind.allCases).map { kind in
            (kind: kind, names: names.filter { kind.holds($0, of: part) })
        }
        let found = kinds.filter { !$0.names.isEmpty }
        guard let first = found.first else {
            throw DatasetError(
                folder,
                "it holds no \(kinds.map { $0.kind.fileName(of: part) }.joined(separator: " or ")): unpack the binary "
                    + "version of \(kinds.map(\.kind.title).joined(separator: " or ")) there")
        }
        guard found.count == 1 else {
            throw DatasetError(
                folder, "it holds both CIFAR-10 and CIFAR-100: choose one by data.format: cifar10 or cifar100")
        }
        return first
    }

    /// How many images the part has.
    public var count: Int { labels.count }

    /// The class of image `index`, from 0.
    public func label(_ index: Int) -> Int { Int(labels[index]) }

    /// The picture `index` as it is stored, RGB.
    public func image(_ index: Int) -> ByteImage {
        let plane = Self.side * Self.side
        let start = index * 3 * plane
        var pixels = [UInt8](repeating: 0, count: 3 * plane)
        images.withUnsafeBufferPointer { stored in
            for i in 0..<plane {
                for c in 0..<3 { pixels[3 * i + c] = stored[start + c * plane + i] }
            }
        }
        return ByteImage(width: Self.side, height: Self.side, channels: 3, pixels: pixels)
    }

    /// Image `index`, transformed.
    public func sample(at index: Int, random: inout SeededRandom) -> ClassificationSample {
        ClassificationSample(
            image: chain.apply(image(index), random: random), label: label(index), name: describe(index))
    }

    /// The file of image `index`, and the record in it.
    public func describe(_ index: Int) -> String {
        let file = files.last { $0.first <= index } ?? ("", 0)
        return "\(file.name), record \(index - file.first)"
    }
}

extension CIFARDataset.Kind {
    fileprivate var title: String { self == .ten ? "CIFAR-10" : "CIFAR-100" }
    fileprivate var classCount: Int { self == .ten ? 10 : 100 }
    /// CIFAR-100 has the coarse label in front of the fine one.
    fileprivate var labelBytes: Int { self == .ten ? 1 : 2 }
    /// The file with the names of the labels, one on each line.
    fileprivate var listing: String { self == .ten ? "batches.meta.txt" : "fine_label_names.txt" }

    /// Whether a file of this name belongs to a part.
    fileprivate func holds(_ name: String, of part: CIFARDataset.Part) -> Bool {
        switch self {
        case .ten: name.hasPrefix(part == .train ? "data_batch" : "test_batch") && name.hasSuffix(".bin")
        case .hundred: name == "\(part.rawValue).bin"
        }
    }

    /// A part's file, for error messages.
    fileprivate func fileName(of part: CIFARDataset.Part) -> String {
        switch self {
        case .ten: part == .train ? "data_batch_1.bin …" : "test_batch.bin"
        case .hundred: "\(part.rawValue).bin"
        }
    }
}
