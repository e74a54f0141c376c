import Annotations
import Evaluation
import Foundation
import Media

/// One image with its found objects, wrong detections and missed objects at a score threshold.
struct ErrorPicture {
    static let foundColor = Color(hex: 0x2E86FF)
    static let falseColor = Color(hex: 0xE5383B)
    static let missedColor = Color(hex: 0xFFB000)
    static let annotatedColor = Color(hex: 0x12B76A)

    /// What is drawn.
    let errors: ImageErrors

    /// The worst images, the worst first; images without an error are left out.
    static func worst(_ matching: DetectionMatching, scoreThreshold: Double, count: Int) -> [ErrorPicture] {
        ImageErrors.all(matching, scoreThreshold: scoreThreshold).filter { $0.badness > 0 }
            .sorted { $0.badness != $1.badness ? $0.badness > $1.badness : $0.image < $1.image }.prefix(max(0, count))
            .map(ErrorPicture.init)
    }

    /// The image with missed objects in dashed lines, and found objects and wrong detections in full lines.
    ///
    /// - Parameter longerSide: Pixels of the drawn picture's longer side.
    /// - Throws: `MediaError` naming the file.
    func drawn(
        _ matching: DetectionMatching, imageFolder: String, damagedImages: DamagedImages,
        longerSide: Double = Self.usualSide
    ) throws -> ByteImage {
        let truth = matching.groundTruth
        let (found, wrong, missed) = (errors.found, errors.wrong, errors.missed)
        let paper = try BoxPaper(
            imageFolder + "/" + truth.fileName(errors.image), damagedImages: damagedImages, longerSide: longerSide,
            isCrowded: found.count + missed.count > Self.mostNames)
        func name(_ i: Int) -> String {
            "\(truth.classNames[matching.labels[i] - 1]) \(String(format: "%.0f", matching.results.scores[i] * 100))%"
        }
        for i in found { paper.draw(matching.results.box(i), name(i), Self.foundColor) }
        for j in missed {
            paper.draw(
                truth.object(j).box, truth.classNames[Int(truth.labels[j]) - 1], Self.missedColor, isDashed: true)
        }
        for i in matching.sorted(wrong).reversed() {
            paper.draw(matching.results.box(i), name(i), Self.falseColor, isAlwaysNamed: true)
        }
        return paper.canvas.image()
    }

    /// An image with its annotated objects, crowds dashed.
    ///
    /// - Throws: `MediaError` naming the file.
    static func annotated(
        _ truth: DetectionAnnotations, image: Int, imageFolder: String, damagedImages: DamagedImages,
        longerSide: Double
    ) throws -> ByteImage {
        let objects = truth.objects(image)
        let paper = try BoxPaper(
            imageFolder + "/" + truth.fileName(image), damagedImages: damagedImages, longerSide: longerSide,
            isCrowded: objects.count > mostNames)
        for j in objects {
            paper.draw(
                truth.object(j).box, truth.classNames[Int(truth.labels[j]) - 1], annotatedColor,
                isDashed: truth.flags[j].contains(.crowd))
        }
        return paper.canvas.image()
    }

    /// Pixels of the drawn picture's longer side: few enough for a small page, enough to read the names.
    private static let usualSide = 640.0
    /// Largest number of objects that are all named, even if a name is wider than its box.
    private static let mostNames = 8

    /// The image's errors as text.
    func caption(_ matching: DetectionMatching, kinds: [Int: ErrorAnalysis.Kind]) -> String {
        let (found, wrong, missed) = (errors.found, errors.wrong, errors.missed)
        var parts = ["\(found.count) found"]
        if !wrong.isEmpty {
            let counts = Dictionary(wrong.compactMap { kinds[$0] }.map { ($0, 1) }, uniquingKeysWith: +)
            let list = ErrorAnalysis.Kind.allCases.compactMap { kind in counts[kind].map { "\($0) \(kind.rawValue)" } }
            parts.append("\(wrong.count) wrong (\(list.joined(separator: ", ")))")
        }
        if !missed.isEmpty { parts.append("\(missed.count) missed") }
        return parts.joined(separator: ", ")
    }
}

/// A picture, scaled, on which boxes are drawn in the pixels of its file.
private struct BoxPaper {
    let canvas: Canvas
    private let scale: Double
    private let textSize: Double
    /// In a crowd, names wider than their boxes would hide the picture. The colours still tell found, wrong and missed.
    private let isCrowded: Bool

    /// - Throws: `MediaError` naming the file.
    init(_ path: String, damagedImages: DamagedImages, longerSide: Double, isCrowded: Bool) throws {
        let pixels = try ImageFile.read(path, options: DecodeOptions(damagedImages: damagedImages))
        scale = longerSide / Double(max(pixels.width, pixels.height))
        textSize = longerSide < 500 ? 14 : 17
        self.isCrowded = isCrowded
        canvas = try Canvas(
            pixels.resized(
                width: max(1, Int((Double(pixels.width) * scale).rounded())),
                height: max(1, Int((Double(pixels.height) * scale).rounded()))))
    }

    func draw(_ box: Box, _ label: String, _ color: Color, isDashed: Bool = false, isAlwaysNamed: Bool = false) {
        let width = Double(box.x1 - box.x0) * scale
        let isNamed =
            isAlwaysNamed || !isCrowded || canvas.measure(label, size: textSize, isBold: true).width <= width
        canvas.box(
            x0: Double(box.x0) * scale, y0: Double(box.y0) * scale, x1: Double(box.x1) * scale,
            y1: Double(box.y1) * scale, label: isNamed ? label : nil, color: color, lineWidth: 3, textSize: textSize,
            dashes: isDashed ? [7, 5] : [])
    }
}
