import Evaluation
import Foundation
import Media

extension DetectionReport {
    /// The worst images with a legend.
    var pictures: HTML {
        guard pictureCount > 0 else { return "" }
        let worst = ErrorPicture.worst(matching, scoreThreshold: scoreThreshold, count: pictureCount)
        guard !worst.isEmpty else { return "<p>No image has an error at this score.</p>\n" }
        let kinds = Dictionary(
            errors.findings.map { ($0.detection, $0.kind) }, uniquingKeysWith: { first, _ in first })
        let figures = worst.map { picture -> HTML in
            let name = matching.groundTruth.fileName(picture.errors.image)
            let caption = picture.caption(matching, kinds: kinds)
            return ReportPage.figure(name: name, caption: caption) {
                try picture.drawn(matching, imageFolder: imageFolder, damagedImages: damagedImages)
            }
        }
        func key(_ words: String, _ color: Color, _ style: String) -> HTML {
            "<span class=\"key\"><i class=\"\(style)\" style=\"border-color:\(color.css)\"></i>\(words)</span>"
        }
        return """
            <p class="soft">Detections with a score of \(String(format: "%g", scoreThreshold)) or more; the worst image first, \
            by the number of missed objects plus the scores of wrong detections.</p>
            <div class="legend">\(key("found", ErrorPicture.foundColor, "box"))\
            \(key("wrong detection", ErrorPicture.falseColor, "box"))\
            \(key("missed object", ErrorPicture.missedColor, "box dashed"))</div>
            <div class="pictures">\(figures)</div>

            """
    }

    /// The colour of the class or line at an index.
    static func color(_ index: Int) -> Color { Palette.color(index) }
}
