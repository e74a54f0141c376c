import Annotations
import Foundation
import Media
import Support

/// Annotated pictures of a data set, as a person wants to look at them.
public struct DatasetPreview: Sendable {
    /// The data set whose samples are shown.
    public let dataset: DetectionDataset
    /// The longer side of a picture, at most; smaller ones are enlarged up to twice, so that the labels can be read.
    public let longestSide: Int

    /// A preview of a data set. Without transforms in it, pictures show the files; with them, what training sees.
    public init(_ dataset: DetectionDataset, longestSide: Int = 960) {
        self.dataset = dataset
        self.longestSide = longestSide
    }

    /// Sample `index` as transformed in `epoch`, its boxes drawn with class names.
    ///
    /// - Throws: what the data set throws.
    public func picture(_ index: Int, seed: UInt64 = 0, epoch: Int = 0) throws -> ByteImage {
        var random = SeededRandom(seed: seed, epoch: epoch, index: index)
        return try Self.annotated(
            try dataset.sample(at: index, random: &random), classNames: dataset.classNames, longestSide: longestSide)
    }

    /// Samples in rows of `columns`, each in a cell of so many pixels, with their files' names.
    ///
    /// - Throws: what the data set throws.
    public func montage(
        _ indices: [Int], columns: Int = 4, cellWidth: Int = 400, cellHeight: Int = 300, seed: UInt64 = 0,
        epoch: Int = 0
    ) throws -> ByteImage {
        let pictures = try indices.map { index in
            var random = SeededRandom(seed: seed, epoch: epoch, index: index)
            return try Self.annotated(
                try dataset.sample(at: index, random: &random), classNames: dataset.classNames,
                fittingWidth: cellWidth, height: cellHeight)
        }
        return Montage.grid(
            pictures, captions: indices.map { dataset.describe($0) }, columns: columns, cellWidth: cellWidth,
            cellHeight: cellHeight)
    }

    /// Indices spread evenly over the data set.
    public func spread(_ count: Int) -> [Int] {
        let count = min(count, dataset.count)
        return (0..<count).map { $0 * dataset.count / count }
    }

    /// The sample's image with its boxes and class names. Crowds are dashed, difficult objects are marked.
    ///
    /// - Throws: the canvas's error where it can't be made.
    public static func annotated(
        _ sample: DetectionSample, classNames: [String], longestSide: Int = 960
    ) throws -> ByteImage {
        try annotated(sample, classNames: classNames, fittingWidth: longestSide, height: longestSide)
    }

    private static func annotated(
        _ sample: DetectionSample, classNames: [String], fittingWidth width: Int, height: Int
    ) throws -> ByteImage {
        let scale = min(
            2, Double(width) / Double(sample.image.width), Double(height) / Double(sample.image.height))
        let size = ImageSize(
            width: max(1, Int((Double(sample.image.width) * scale).rounded())),
            height: max(1, Int((Double(sample.image.height) * scale).rounded())))
        let image = scale == 1 ? sample.image : sample.image.resized(to: size)
        let canvas = try Canvas(image.convertedToRGB())
        let target = sample.target.scaled(from: sample.size, to: size)
        // Small boxes last: they stay on top.
        for i in target.boxes.indices.sorted(by: { target.boxes[$0].area > target.boxes[$1].area }) {
            let box = target.boxes[i]
            let name = classNames.indices.contains(target.labels[i] - 1) ? classNames[target.labels[i] - 1] : "?"
            let note = target.isCrowd[i] ? " (crowd)" : target.isDifficult[i] ? " (difficult)" : ""
            canvas.box(
                x0: Double(box.x0), y0: Double(box.y0), x1: Double(box.x1), y1: Double(box.y1), label: name + note,
                color: Palette.color(target.labels[i] - 1), dashes: target.isCrowd[i] ? [6, 4] : [])
        }
        return canvas.image()
    }
}
