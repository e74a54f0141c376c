import Foundation
import Support

/// Ground truth and results as many as those of COCO's validation images, drawn at random, for measuring evaluations. The
/// same seed always draws the same.
package enum DrawnCOCO {
    static func annotations(in folder: String) -> String { folder + "/gt.json" }
    static func results(in folder: String) -> String { folder + "/dt.json" }

    /// Writes both files to a folder.
    ///
    /// - Throws: `WholeFileError`.
    package static func write(to folder: String, images: Int = 5000, seed: UInt64 = 0) throws {
        var truth: [String] = []
        var found: [String] = []
        for image in 1...images { draw(image, seed: seed, truth: &truth, found: &found) }
        let pictures = (1...images).map { #"{"id":\#($0),"width":640,"height":480,"file_name":"\#($0).jpg"}"# }
        let categories = (1...80).map { #"{"id":\#($0),"name":"class \#($0)"}"# }
        func list(_ items: [String]) -> String { "[" + items.joined(separator: ",\n") + "]" }
        try WholeFile.write(
            """
            {"images": \(list(pictures)),
            "annotations": \(list(truth)),
            "categories": \(list(categories))}

            """, to: annotations(in: folder), syncs: false)
        try WholeFile.write(list(found) + "\n", to: results(in: folder), syncs: false)
    }

    /// Draws the objects of an image, up to five detections around each, most of them of its class, and up to 59 elsewhere.
    private static func draw(_ image: Int, seed: UInt64, truth: inout [String], found: inout [String]) {
        var random = SeededRandom(seed: seed, epoch: 0, index: image)
        func box(_ least: Double, _ most: Double) -> [Double] {
            let size = (0..<2).map { _ in exp(random.uniform(log(least), log(most))) }
            return [random.uniform(0, 640 - size[0]), random.uniform(0, 480 - size[1])] + size
        }
        func detection(_ category: Int, _ box: [Double], score: Double) {
            found.append(
                #"{"image_id":\#(image),"category_id":\#(category),"bbox":\#(hundredths(box)),"score":\#(hundredth(score))}"#
            )
        }
        for _ in 0..<random.integer(below: 16) {
            let category = 1 + random.integer(below: 80)
            let object = box(6, 420)
            let area = hundredth(object[2] * object[3] * random.uniform(0.4, 1))
            let crowd = random.uniform() < 0.02 ? 1 : 0
            truth.append(
                #"{"id":\#(truth.count + 1),"image_id":\#(image),"category_id":\#(category),"bbox":\#(hundredths(object)),"#
                    + #""area":\#(area),"iscrowd":\#(crowd),"segmentation":[]}"#)
            for _ in 0..<random.integer(below: 6) {
                let off = [0.05, 0.15, 0.35][random.integer(below: 3)]
                let near = (0..<4).map { object[$0] + random.uniform(-off, off) * object[2 + $0 % 2] }
                detection(
                    random.uniform() < 0.85 ? category : 1 + random.integer(below: 80), near, score: random.uniform())
            }
        }
        for _ in 0..<random.integer(below: 60) {
            detection(1 + random.integer(below: 80), box(4, 300), score: random.uniform(0, 0.6))
        }
    }

    private static func hundredths(_ values: [Double]) -> String {
        "[" + values.map(hundredth).joined(separator: ",") + "]"
    }

    private static func hundredth(_ value: Double) -> String { "\((value * 100).rounded() / 100)" }
}
