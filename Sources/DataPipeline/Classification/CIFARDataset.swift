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

    /// Pixels of both sides of an image.
    public static let side = 32

    /// The names of labels 0, 1, …: from the folder's listing, or "class 0" and so on.
    public let classNames: [String]
    /// The files that were read, and where each one's records begin.
    private let files: [(name: String, first: Int)]
    private let images: [UInt8]
    private let labels: [UInt8]
    private let chain: ClassificationChain

    /// Reads a folder: which of the two sets it is follows from the files that it holds.
    ///
    /// - Throws: ``DatasetError`` for a folder without such files, a file that is no whole number of records, and a label
    ///   without a name.
    public init(folder: String, part: Part, transforms: [any ClassificationTransform] = []) throws {
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
        func matching(_ prefix: String) -> [String] { names.filter { $0.hasPrefix(prefix) && $0.hasSuffix(".bin") } }
        let ten = matching(part == .train ? "data_batch" : "test_batch")
        let hundred = names.filter { $0 == "\(part.rawValue).bin" }
        guard !ten.isEmpty || !hundred.isEmpty else {
            let names = part == .train ? "data_batch_1.bin … or train.bin" : "test_batch.bin or test.bin"
            throw DatasetError(
                folder, "it holds no \(names): unpack the binary version of CIFAR-10 or CIFAR-100 there")
        }
        let isTen = !ten.isEmpty
        let listing = folder + (isTen ? "/batches.meta.txt" : "/fine_label_names.txt")
        let listed = (try? String(contentsOfFile: listing, encoding: .utf8))?.split(whereSeparator: \.isNewline)
            .map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
        classNames = listed ?? (0..<(isTen ? 10 : 100)).map { "class \($0)" }

        // CIFAR-100 has the coarse label in front of the fine one.
        let labelBytes = isTen ? 1 : 2
        let pixels = Self.side * Self.side * 3
        var files: [(name: String, first: Int)] = []
        var images: [UInt8] = []
        var labels: [UInt8] = []
        for name in isTen ? ten : hundred {
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
        self.images = images
        self.labels = labels
        chain = ClassificationChain(transforms: transforms)
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
