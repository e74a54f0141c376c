import Annotations
import Evaluation
import Foundation
import Media

/// One image with its found objects, wrong detections and missed objects at a score threshold.
struct ErrorPicture {
    static let foundColor = Color(hex: 0x2E86FF)
    static let falseColor = Color(hex: 0xE5383B)
    static let missedColor = Color(hex: 0xFFB000)

    /// The image's index in the annotations.
    let image: Int
    /// Indices of detections.
    private(set) var found: [Int] = []
    private(set) var wrong: [Int] = []
    /// Indices of objects.
    private(set) var missed: [Int] = []

    /// How bad it is: a missed object counts 1, a wrong detection its score.
    private func badness(_ results: DetectionResults) -> Double {
        Double(missed.count) + wrong.reduce(0) { $0 + results.scores[$1] }
    }

    /// The worst images, the worst first; images without an error are left out.
    static func worst(_ matching: DetectionMatching, scoreThreshold: Double, count: Int) -> [ErrorPicture] {
        var pictures = (0..<matching.groundTruth.imageCount).map { ErrorPicture(image: $0) }
        for (i, outcome) in matching.outcomes.enumerated() where matching.results.scores[i] >= scoreThreshold {
            switch outcome {
            case .right: pictures[matching.images[i]].found.append(i)
            case .wrong: pictures[matching.images[i]].wrong.append(i)
            case .ignored: break
            }
        }
        for image in pictures.indices {
            pictures[image].missed = matching.groundTruth.objects(image).filter {
                matching.isCounted(object: $0) && !matching.isFound(object: $0, scoreThreshold: scoreThreshold)
            }
        }
        let order = pictures.map { ($0, $0.badness(matching.results)) }.filter { $0.1 > 0 }
        return order.sorted { $0.1 != $1.1 ? $0.1 > $1.1 : $0.0.image < $1.0.image }.prefix(max(0, count)).map(\.0)
    }

    private init(image: Int) { self.image = image }

    /// The image with missed objects in dashed lines, and found objects and wrong detections in full lines.
    ///
    /// - Throws: `MediaError` naming the file.
    func drawn(_ matching: DetectionMatching, imageFolder: String) throws -> ByteImage {
        let truth = matching.groundTruth
        let pixels = try ImageFile.read(imageFolder + "/" + truth.fileName(image))
        let scale = Self.longerSide / Double(max(pixels.width, pixels.height))
        let canvas = try Canvas(
            pixels.resized(
                width: max(1, Int((Double(pixels.width) * scale).rounded())),
                height: max(1, Int((Double(pixels.height) * scale).rounded()))))
        // In a crowd, names wider than their boxes would hide the picture. The colours still tell found, wrong and missed.
        let isCrowded = found.count + missed.count > Self.mostNames
        func draw(_ box: Box, _ label: String, _ color: Color, dashes: [Double] = [], isAlwaysNamed: Bool = false) {
            let width = Double(box.x1 - box.x0) * scale
            let isNamed = isAlwaysNamed || !isCrowded || canvas.measure(label, size: 17, isBold: true).width <= width
            canvas.box(
                x0: Double(box.x0) * scale, y0: Double(box.y0) * scale, x1: Double(box.x1) * scale,
                y1: Double(box.y1) * scale, label: isNamed ? label : nil, color: color, lineWidth: 3, textSize: 17,
                dashes: dashes)
        }
        func name(_ i: Int) -> String {
            "\(truth.classNames[matching.labels[i] - 1]) \(String(format: "%.0f", matching.results.scores[i] * 100))%"
        }
        for i in found { draw(matching.results.box(i), name(i), Self.foundColor) }
        for j in missed {
            draw(truth.object(j).box, truth.classNames[Int(truth.labels[j]) - 1], Self.missedColor, dashes: [7, 5])
        }
        for i in matching.sorted(wrong).reversed() {
            draw(matching.results.box(i), name(i), Self.falseColor, isAlwaysNamed: true)
        }
        return canvas.image()
    }

    /// Pixels of the drawn picture's longer side: few enough for a small page, enough to read the names.
    private static let longerSide = 640.0
    /// Largest number of objects that are all named, even if a name is wider than its box.
    private static let mostNames = 8

    /// The image's errors as text.
    func caption(_ matching: DetectionMatching, kinds: [Int: ErrorAnalysis.Kind]) -> String {
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
