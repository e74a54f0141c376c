import Annotations
import Foundation
import Listings
import Reports
import Support

/// What a detection set holds, in numbers: its counts, and the inputs and anchors that suit it.
package struct SetStatistics: Sendable, Encodable {
    /// A part of the set and its counts.
    struct Part: Sendable, Encodable {
        let name: String
        let images: Int
        let objects: Int
    }

    /// The sides that are suggested for an input.
    struct Suggestion: Sendable, Encodable {
        let shorterSide: Int
        let longerSide: Int
        /// Sizes and ratios for the anchors of a feature pyramid at that input.
        let anchorSizes: [Int]
        let anchorRatios: [Double]
    }

    /// An input of a network, as a user writes it: `300x300` for a fixed size, `800-1333` for a shorter and a longest side,
    /// `640` for a longer side.
    package struct Input: Sendable, Hashable {
        package let text: String
        package let rule: ResizeRule

        /// Reads an input; nil for text that is none. Sides are 16 to 8192 pixels.
        package init?(_ text: String) {
            func side(_ text: Substring) -> Int? { Int(text).flatMap { (16...8192).contains($0) ? $0 : nil } }
            let fixed = text.split(separator: "x", omittingEmptySubsequences: false)
            let range = text.split(separator: "-", omittingEmptySubsequences: false)
            if fixed.count == 2, let width = side(fixed[0]), let height = side(fixed[1]) {
                rule = .fixed(ImageSize(width: width, height: height))
            } else if range.count == 2, let shorter = side(range[0]), let longest = side(range[1]), shorter <= longest {
                rule = .shortestEdge(shorter, longest: longest)
            } else if let longer = side(text[...]) {
                rule = .shortestEdge(longer, longest: longer)
            } else {
                return nil
            }
            self.text = text
        }

        fileprivate init(shorter: Int, longest: Int) {
            (text, rule) = ("\(shorter)-\(longest)", .shortestEdge(shorter, longest: longest))
        }
    }

    let source: String
    let format: DetectionFormat
    let parts: [Part]
    let counts: DetectionStatistics
    let inputs: [InputSizes.Fit]
    let suggestion: Suggestion?
    let anchorInput: String
    let anchors: AnchorClusters?

    private let set: DetectionSet

    private enum CodingKeys: String, CodingKey {
        case source, format, parts, counts, inputs, suggestion, anchorInput, anchors
    }

    /// Inputs that are always judged: those of SSD and of Faster R-CNN, and a usual one of YOLO.
    private static let usualInputs = ["300x300", "512x512", "640", "800-1333"]

    /// Counts a set.
    ///
    /// - Parameters:
    ///   - set: The set; sizes of images that its annotations leave out are read from their files.
    ///   - input: The input of which anchors are suggested; nil takes the one that is suggested.
    ///   - anchors: Number of anchors.
    /// - Throws: What reading sizes throws.
    package init(_ set: DetectionSet, input: Input? = nil, anchors count: Int = 9) throws {
        let set = try set.knowingSizes(required: false)
        self.set = set
        let annotations = set.parts.map(\.annotations)
        source = set.source
        format = set.format
        parts = set.parts.map {
            Part(name: $0.name, images: $0.annotations.imageCount, objects: $0.annotations.objectCount)
        }
        counts = DetectionStatistics(annotations)
        let sizes = InputSizes(annotations)
        let suggested = sizes.suggestion.map { Input(shorter: $0.shorter, longest: $0.longer) }
        let judged = Self.usualInputs.compactMap(Input.init) + [suggested, input].compactMap(\.self)
        var seen = Set<String>()
        inputs =
            sizes.isEmpty
            ? [] : judged.filter { seen.insert($0.text).inserted }.map { sizes.fit($0.rule, name: $0.text) }
        suggestion = sizes.suggestion.map { sides in
            let pyramid = sizes.pyramidAnchors(at: .shortestEdge(sides.shorter, longest: sides.longer))
            return Suggestion(
                shorterSide: sides.shorter, longerSide: sides.longer, anchorSizes: pyramid.sizes,
                anchorRatios: pyramid.ratios)
        }
        let chosen = input ?? suggested
        anchorInput = chosen?.text ?? ""
        anchors = chosen.flatMap { input in
            let boxes = sizes.boxes(at: input.rule)
            return boxes.isEmpty ? nil : AnchorClusters(boxes: boxes, count: count)
        }
    }

    /// The input and the anchors that are suggested, as a recipe's keys; nil without objects.
    private var advice: String? {
        suggestion.map { suggestion in
            let sizes = suggestion.anchorSizes.map { "[\($0)]" }.joined(separator: ", ")
            let ratios = suggestion.anchorRatios.map { String(format: "%g", $0) }.joined(separator: ", ")
            return "suggested for Faster R-CNN: input.shorter_side: \(suggestion.shorterSide), input.longer_side: "
                + "\(suggestion.longerSide), model.faster_rcnn.anchor_sizes: [\(sizes)], "
                + "model.faster_rcnn.anchor_aspect_ratios: [\(ratios)]"
        }
    }

    /// Text for a person.
    package var text: String {
        func bins(_ title: String, _ bins: [DetectionStatistics.Bin]) -> String {
            let shown = bins.filter { $0.count > 0 }.map { "\($0.name): \($0.count)" }
            return "\(title): \(shown.isEmpty ? "none" : shown.joined(separator: ", "))"
        }
        var lines = [
            "\(source) (\(format.title)): \(counts.images) images, \(counts.objects) objects, \(counts.classes.count) classes"
        ]
        if parts.count > 1 { lines += parts.map { "  \($0.name): \($0.images) images, \($0.objects) objects" } }
        lines.append("")
        lines.append(
            TextTable(
                header: ["class", "objects", "images"],
                rows: counts.classes.map { [$0.name, "\($0.objects)", "\($0.images)"] }, rightAligned: [1, 2]
            ).text)
        lines.append("")
        lines.append(bins("objects by area (COCO's bounds 32² and 96²)", counts.areas))
        lines.append(bins("objects by width to height", counts.aspectRatios))
        lines.append(bins("images by number of objects", counts.objectsPerImage))
        let mean = String(format: "%.2f", counts.meanObjects)
        lines.append("objects an image: \(mean) on average, \(counts.mostObjects) at most")
        if counts.crowds > 0 { lines.append("crowds: \(counts.crowds)") }
        if counts.difficult > 0 { lines.append("difficult objects: \(counts.difficult)") }
        let sizes = counts.imageSizes.prefix(5).map { "\($0.size.width)×\($0.size.height): \($0.images)" }
        if !sizes.isEmpty {
            let rest = counts.imageSizes.count - sizes.count
            lines.append("image sizes: \(sizes.joined(separator: ", "))" + (rest > 0 ? ", and \(rest) more" : ""))
        }
        if !inputs.isEmpty {
            lines.append("")
            lines.append(
                TextTable(
                    header: ["input", "median side of objects", "below \(Int(InputSizes.leastSide)) pixels"],
                    rows: inputs.map {
                        [
                            $0.input, String(format: "%.1f", $0.medianSide),
                            String(format: "%.1f %%", 100 * $0.smallShare),
                        ]
                    }, rightAligned: [1, 2]
                ).text)
        }
        if let advice { lines.append(advice) }
        if let anchors {
            let list = anchors.anchors.map { String(format: "%.0f×%.0f", $0.width, $0.height) }.joined(separator: ", ")
            lines.append("anchors at \(anchorInput): \(list)")
            lines.append(
                String(
                    format: "mean IoU of a box with its anchor %.3f; %.1f %% of boxes have 0.5 or more",
                    anchors.meanIoU,
                    100 * anchors.share50))
        }
        return lines.joined(separator: "\n")
    }

    /// A page with charts and some pictures, spread evenly over the set.
    package func page(pictures count: Int) -> DatasetReport {
        var report = DatasetReport(title: FilePath.name(of: source), statistics: counts)
        typealias Fact = DetectionReport.Fact
        report.facts = [Fact("data set", source), Fact("format", format.title)]
        report.facts += parts.map { Fact($0.name, "\($0.images) images, \($0.objects) objects") }
        if counts.crowds > 0 { report.facts.append(Fact("crowds", "\(counts.crowds)")) }
        if counts.difficult > 0 { report.facts.append(Fact("difficult objects", "\(counts.difficult)")) }
        report.facts += set.notes.map { Fact("note", $0) }
        report.inputs = inputs
        report.suggestion = advice.map { $0.prefix(1).uppercased() + $0.dropFirst() + "." }
        report.anchors = anchors
        report.anchorInput = anchorInput
        let whole = set.joined(as: "all")
        let shown = min(max(0, count), whole.pictures.count)
        report.pictures = (0..<shown).map { $0 * whole.pictures.count / shown }.map {
            DatasetReport.Picture(path: whole.pictures[$0], image: whole.annotations.image($0))
        }
        return report
    }
}
