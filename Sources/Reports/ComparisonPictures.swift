import Evaluation
import Foundation
import Media

extension ComparisonReport {
    /// For each run but the first, the images that gained most and those that lost most.
    var changedImages: HTML {
        guard let pictures, pictureCount > 0 else { return "" }
        let groups = comparison.runs.indices.dropFirst().flatMap { run -> [HTML] in
            let gains = changed(run).filter { gain($0, run) > 0 }
            let losses = changed(run).filter { gain($0, run) < 0 }
            return [
                group("\(comparison.runs[run]) is better than \(comparison.runs[0])", gains, run, pictures),
                group("\(comparison.runs[run]) is worse than \(comparison.runs[0])", losses, run, pictures),
            ]
        }.filter { !$0.text.isEmpty }
        guard !groups.isEmpty else { return "<p>No image came out differently.</p>\n" }
        return """
            \(explanation)
            \(groups)
            """
    }

    /// How much less bad a run is than the first.
    private func gain(_ image: Comparison.ChangedImage, _ run: Int) -> Double { image.errors[0] - image.errors[run] }

    private func changed(_ run: Int) -> [Comparison.ChangedImage] {
        comparison.changedImages.sorted {
            let (a, b) = (abs(gain($0, run)), abs(gain($1, run)))
            return a != b ? a > b : $0.image < $1.image
        }
    }

    private var explanation: HTML {
        guard comparison.kind == .detection else {
            return """
                <p class="soft">By the change of the cross-entropy, the largest first. Under each is what the runs took it for, \
                with the probability.</p>
                """
        }
        func key(_ words: String, _ color: Color, _ style: String) -> HTML {
            "<span class=\"key\"><i class=\"\(style)\" style=\"border-color:\(color.css)\"></i>\(words)</span>"
        }
        return """
            <p class="soft">By the change of the number of missed objects plus the scores of wrong detections at IoU 0.5, the \
            largest first.</p>
            <div class="legend">\(key("annotated", ErrorPicture.annotatedColor, "box"))\
            \(key("found", ErrorPicture.foundColor, "box"))\(key("wrong detection", ErrorPicture.falseColor, "box"))\
            \(key("missed object", ErrorPicture.missedColor, "box dashed"))</div>
            """
    }

    private func group(_ title: String, _ images: [Comparison.ChangedImage], _ run: Int, _ pictures: Pictures) -> HTML {
        guard !images.isEmpty else { return "" }
        let shown = images.prefix(pictureCount).map { image -> HTML in
            switch pictures {
            case .detections(let detections, let folder, let damaged):
                panels(image, run, detections, imageFolder: folder, damagedImages: damaged)
            case .frames(let frames): strip(image, run, frames)
            }
        }
        let count = images.count == 1 ? "1 image" : "\(images.count) images"
        return """
            <h3>\(title): \(comparison.kind == .videos ? count.replacingOccurrences(of: "image", with: "video") : count)\
            \(images.count > pictureCount ? ", the first \(pictureCount)" : "")</h3>
            <div class="changed\(comparison.kind == .images ? " grid" : "")">\(shown)</div>

            """
    }

    /// The annotated image, then what the first run and this one made of it.
    private func panels(
        _ image: Comparison.ChangedImage, _ run: Int, _ detections: DetectionComparison, imageFolder: String,
        damagedImages: DamagedImages
    ) -> HTML {
        let side = Self.panelSide
        let truth = detections.matchings[0].groundTruth
        let annotated = ReportPage.figure(name: "annotated", caption: "\(truth.objects(image.image).count) objects") {
            try ErrorPicture.annotated(
                truth, image: image.image, imageFolder: imageFolder, damagedImages: damagedImages, longerSide: side)
        }
        let drawn = [0, run].map { one in
            ReportPage.figure(name: comparison.runs[one], caption: image.outcomes[one]) {
                try ErrorPicture(errors: detections.errors[one][image.image]).drawn(
                    detections.matchings[one], imageFolder: imageFolder, damagedImages: damagedImages, longerSide: side)
            }
        }
        return "<div><h4>\(image.name)</h4><div class=\"panels\">\(annotated)\(drawn)</div></div>\n"
    }

    /// An image, or some frames of a clip side by side, with what both runs took it for.
    private func strip(
        _ image: Comparison.ChangedImage, _ run: Int, _ frames: (Int) throws -> [ByteImage]
    ) -> HTML {
        let isClip = comparison.kind == .videos
        let outcomes = [0, run].map { "\(comparison.runs[$0]): \(image.outcomes[$0])" }
        let caption = ((image.label.map { ["annotated: \($0)"] } ?? []) + outcomes).joined(separator: " · ")
        let figure = ReportPage.figure(name: image.name, caption: caption) {
            let all = try frames(image.image)
            let count = min(Self.mostFrames, all.count)
            let shown = (0..<count).map { all[count == 1 ? 0 : $0 * (all.count - 1) / (count - 1)] }
            let side = isClip ? Self.frameSide : Self.imageSide
            return Montage.grid(
                shown, columns: max(1, count), cellWidth: side, cellHeight: side, gap: isClip ? 4 : 0,
                background: .white)
        }
        return "<div class=\"\(isClip ? "strip" : "small")\">\(figure)</div>\n"
    }

    /// Pixels of the longer side of a drawn image: three stand side by side.
    private static let panelSide = 420.0
    /// Pixels of both sides of a clip's frame, and of an image without boxes.
    private static let frameSide = 96
    private static let imageSide = 192
    /// Largest number of frames of a clip that are shown.
    private static let mostFrames = 8
}
