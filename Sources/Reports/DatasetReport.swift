import Annotations
import Foundation
import Media
import Support

/// A page on what a detection data set holds: counts, charts, inputs and anchors that suit it, and some of its pictures. It is
/// one HTML file without scripts.
public struct DatasetReport: Sendable {
    /// A picture to show with its boxes.
    public struct Picture: Sendable {
        /// The picture's file.
        public var path: String
        /// The image as annotated.
        public var image: ImageRecord

        /// A picture by its file and its annotations.
        public init(path: String, image: ImageRecord) {
            self.path = path
            self.image = image
        }
    }

    /// The page's heading.
    public var title: String
    /// Facts about the set, in the order shown.
    public var facts: [DetectionReport.Fact] = []
    /// Counts over the set.
    public var statistics: DetectionStatistics
    /// How large the objects are at inputs of networks.
    public var inputs: [InputSizes.Fit] = []
    /// The input that is suggested, in words; nil if there is none.
    public var suggestion: String?
    /// The anchors that are suggested; nil if there are none.
    public var anchors: AnchorClusters?
    /// The input of which the anchors are, in words.
    public var anchorInput = ""
    /// The pictures to show.
    public var pictures: [Picture] = []

    /// A page on counts.
    public init(title: String, statistics: DetectionStatistics) {
        self.title = title
        self.statistics = statistics
    }

    /// The whole page as HTML. For an image that can't be read, it shows the reason.
    public func html() -> String {
        ReportPage(
            title: title,
            sections: [
                .init("summary", "Summary", summary), .init("charts", "Sizes and shapes", charts),
                .init("inputs", "Inputs", inputTable), .init("anchors", "Anchors", anchorTable),
                .init("classes", "Classes", classTable), .init("pictures", "Pictures", figures),
            ]
        ).html().text
    }

    private var summary: HTML {
        let tiles = [
            ("images", "\(statistics.images)"), ("objects", "\(statistics.objects)"),
            ("classes", "\(statistics.classes.count)"),
            ("objects an image", String(format: "%.1f", statistics.meanObjects)),
            ("images without objects", "\(statistics.emptyImages)"),
        ]
        return """
            <div class="tiles">\(tiles.map { "<div class=\"tile\"><b>\($0.1)</b>\($0.0)</div>" as HTML })</div>
            <table class="facts">
            \(facts.map { "<tr><th>\($0.name)</th><td>\($0.value)</td></tr>\n" as HTML })</table>

            """
    }

    private var classTable: HTML {
        let most = Double(max(1, statistics.classes.map(\.objects).max() ?? 1))
        let rows = statistics.classes.map { entry -> HTML in
            """
            <tr><td>\(entry.name)</td><td>\(entry.objects)\
            <span class="meter"><i style="width:\((100 * Double(entry.objects) / most).short)%"></i></span></td>\
            <td>\(entry.images)</td></tr>

            """
        }
        return """
            <div class="scroll"><table class="wide"><thead><tr><th scope="col">class</th><th scope="col">objects</th>\
            <th scope="col">images</th></tr></thead>
            <tbody>\(rows)</tbody></table></div>

            """
    }

    private var charts: HTML {
        func chart(_ title: String, _ bins: [DetectionStatistics.Bin]) -> HTML {
            BarChart(title: title, bars: bins.map { ($0.name, $0.count) }).figure()
        }
        let sizes = statistics.imageSizes.prefix(8).map {
            (name: "\($0.size.width)×\($0.size.height)", count: $0.images)
        }
        return """
            <div class="pair">\(chart("Objects by area (32² and 96² pixels)", statistics.areas))\
            \(chart("Objects by width to height", statistics.aspectRatios))\
            \(chart("Images by number of objects", statistics.objectsPerImage))\
            \(sizes.isEmpty ? "" : BarChart(title: "Most frequent image sizes", bars: sizes).figure())</div>

            """
    }

    private var inputTable: HTML {
        guard !inputs.isEmpty else { return "" }
        let rows = inputs.map { fit -> HTML in
            """
            <tr><td>\(fit.input)</td><td>\(fit.medianSide.short)</td><td>\(fit.smallShare.percent) %</td></tr>

            """
        }
        return """
            <div class="scroll"><table class="wide"><thead><tr><th scope="col">input</th>\
            <th scope="col">median side of objects, pixels</th>\
            <th scope="col">objects below \(Int(InputSizes.leastSide)) pixels</th></tr></thead>
            <tbody>\(rows)</tbody></table></div>
            <p class="soft">An object's side is the root of its box's area once the image is resized.\
            \(suggestion.map { " " + $0 } ?? "")</p>

            """
    }

    private var anchorTable: HTML {
        guard let anchors, !anchors.anchors.isEmpty else { return "" }
        let rows = anchors.anchors.map { anchor -> HTML in
            """
            <tr><td>\(anchor.width.short) × \(anchor.height.short)</td><td>\(anchor.share.percent) %</td></tr>

            """
        }
        return """
            <div class="scroll"><table class="wide"><thead><tr><th scope="col">anchor, pixels</th>\
            <th scope="col">boxes that it fits best</th></tr></thead>
            <tbody>\(rows)</tbody></table></div>
            <p class="soft">k-means with the distance 1 − IoU over the boxes at the input \(anchorInput). The mean IoU of a box \
            with its anchor is \(String(format: "%.3f", anchors.meanIoU)), and \(anchors.share50.percent) % have 0.5 or \
            more.</p>

            """
    }

    private var figures: HTML {
        guard !pictures.isEmpty else { return "" }
        let figures = pictures.map { picture in
            ReportPage.figure(name: picture.image.fileName, caption: "\(picture.image.objects.count) objects") {
                try drawn(picture)
            }
        }
        return "<div class=\"pictures\">\(figures)</div>\n"
    }

    /// Pixels of the drawn picture's longer side.
    private static let longerSide = 640.0
    /// Largest number of objects whose names are drawn.
    private static let mostNames = 12

    private func drawn(_ picture: Picture) throws -> ByteImage {
        let pixels = try ImageFile.read(picture.path, options: DecodeOptions(damagedImages: .accept))
        let scale = Self.longerSide / Double(max(pixels.width, pixels.height))
        let canvas = try Canvas(
            pixels.resized(
                width: max(1, Int((Double(pixels.width) * scale).rounded())),
                height: max(1, Int((Double(pixels.height) * scale).rounded()))))
        let isNamed = picture.image.objects.count <= Self.mostNames
        // Small boxes last: they stay on top.
        for object in picture.image.objects.sorted(by: { $0.width * $0.height > $1.width * $1.height }) {
            let name =
                statistics.classes.indices.contains(object.label - 1) ? statistics.classes[object.label - 1].name : ""
            canvas.box(
                x0: object.x * scale, y0: object.y * scale, x1: (object.x + object.width) * scale,
                y1: (object.y + object.height) * scale, label: isNamed ? name : nil,
                color: Palette.color(object.label - 1), lineWidth: 3, textSize: 17,
                dashes: object.flags.contains(.crowd) ? [7, 5] : [])
        }
        return canvas.image()
    }
}
