import Annotations

/// Annotated images and detections on them, drawn at random: few sizes and scores, so that equal scores and overlaps on a
/// threshold are common.
struct RandomScenes {
    struct Detection {
        var image: Int
        var label: Int
        var x: Double
        var y: Double
        var width: Double
        var height: Double
        var score: Double
    }

    var classNames: [String]
    var images: [ImageRecord] = []
    var detections: [Detection] = []

    var truth: DetectionAnnotations {
        DetectionAnnotations(source: "random", classNames: classNames, images: images)
    }

    var results: DetectionResults {
        var results = DetectionResults()
        for detection in detections {
            results.append(
                imageID: detection.image, categoryID: detection.label, x: detection.x, y: detection.y,
                width: detection.width, height: detection.height, score: detection.score)
        }
        return results
    }

    /// - Parameter flags: what an object may be marked as.
    init(seed: UInt64, flags: ObjectFlags) {
        var random = Congruence(state: seed &* 6007 &+ 77)
        classNames = ["a", "b", "c", "never there"]
        var id = 0
        for place in 0..<(1 + random.below(7)) {
            // Descending ids: the order of the file is not that of the ids.
            let image = 50 - place
            var objects: [ObjectRecord] = []
            for _ in 0..<random.below(8) {
                id += 1
                let side = [10, 20, 40][random.below(3)]
                objects.append(
                    ObjectRecord(
                        id: id, label: 1 + random.below(seed % 4 == 0 ? 1 : 3), x: Double(10 * random.below(12)),
                        y: Double(10 * random.below(6)), width: Double(side),
                        height: Double(side / (1 + random.below(2))),
                        flags: random.below(6) == 0 ? flags : []))
            }
            images.append(ImageRecord(id: image, fileName: "\(image).jpg", width: 200, height: 120, objects: objects))
            for object in objects {
                for _ in 0..<random.below(4) {
                    let shift = [0, 0, 0.1, 0.25, 1.0 / 3, 0.5, 0.8][random.below(7)]
                    detections.append(
                        Detection(
                            image: image, label: random.below(5) == 0 ? 1 + random.below(3) : object.label,
                            x: object.x + shift * object.width, y: object.y, width: object.width,
                            height: object.height * [1, 1, 0.75, 0.5][random.below(4)],
                            score: Double(1 + random.below(20)) / 20))
                }
            }
            for _ in 0..<random.below(5) {
                detections.append(
                    Detection(
                        image: image, label: 1 + random.below(4), x: Double(random.below(160)),
                        y: Double(random.below(80)), width: Double(5 + random.below(40)),
                        height: Double(5 + random.below(40)), score: Double(1 + random.below(20)) / 20))
            }
        }
    }
}

/// A generator small enough to see through.
private struct Congruence {
    var state: UInt64

    mutating func below(_ limit: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int((state >> 33) % UInt64(limit))
    }
}
