import Annotations

/// Detections that were matched to objects once by VOC's rule, to be scored on any choice of the images.
///
/// The match of a detection depends on its own image alone, so it stays the same whichever other images there are.
package struct VOCMatches: Sendable {
    /// One class's detections and objects.
    struct ClassMatches: Sendable {
        /// The images of the objects to find, one for each object.
        let toFind: [Int32]
        /// The detections that count, best first.
        let ranked: [(image: Int32, isRight: Bool)]
        /// Number of detections, also of those that don't count.
        let detections: Int
    }

    let classNames: [String]
    let iouThreshold: Double
    let classes: [ClassMatches]

    /// - Throws: ``EvaluationError`` for an image or category that the ground truth does not have, and for a score or box
    ///   that is not a number.
    package init(groundTruth: DetectionAnnotations, results: DetectionResults, iouThreshold: Double = 0.5) throws {
        let known = try KnownDetections(groundTruth: groundTruth, results: results, unknownCategories: .fail)
        var objectImages = [Int32](repeating: 0, count: groundTruth.objectCount)
        for i in 0..<groundTruth.imageCount {
            for j in groundTruth.objects(i) { objectImages[j] = Int32(i) }
        }
        let objects = Grouping(
            classes: groundTruth.labels.map { $0 - 1 }, images: objectImages,
            classCount: groundTruth.classCount, imageCount: groundTruth.imageCount)

        var byClass = [[Int]](repeating: [], count: groundTruth.classCount)
        for (i, k) in known.classes.enumerated() where k >= 0 { byClass[Int(k)].append(i) }

        classNames = groundTruth.classNames
        self.iouThreshold = iouThreshold
        classes = (0..<groundTruth.classCount).map { k in
            Self.match(
                objects.order[objects.classStarts[k]..<objects.classStarts[k + 1]].map { Int($0) }, of: groundTruth,
                detections: byClass[k], results: results, objectImages: objectImages, detectionImages: known.images,
                iouThreshold: iouThreshold)
        }
    }

    private static func match(
        _ own: [Int], of groundTruth: DetectionAnnotations, detections: [Int], results: DetectionResults,
        objectImages: [Int32], detectionImages: [Int32], iouThreshold: Double
    ) -> ClassMatches {
        var starts: [Int32: Int] = [:]
        for (place, j) in own.enumerated() where starts[objectImages[j]] == nil { starts[objectImages[j]] = place }
        let order = detections.sorted {
            results.scores[$0] != results.scores[$1] ? results.scores[$0] > results.scores[$1] : $0 < $1
        }
        var taken = [Bool](repeating: false, count: own.count)
        var ranked: [(image: Int32, isRight: Bool)] = []
        for i in order {
            var best = -1
            var overlap = -Double.infinity
            if var place = starts[detectionImages[i]] {
                while place < own.count, objectImages[own[place]] == detectionImages[i] {
                    if let here = self.overlap(results, i, groundTruth, own[place]), here > overlap {
                        overlap = here
                        best = place
                    }
                    place += 1
                }
            }
            if best < 0 || overlap < iouThreshold {
                ranked.append((detectionImages[i], false))
            } else if counts(groundTruth.flags[own[best]]) {
                ranked.append((detectionImages[i], !taken[best]))
                taken[best] = true
            }
        }
        return ClassMatches(
            toFind: own.filter { counts(groundTruth.flags[$0]) }.map { objectImages[$0] }, ranked: ranked,
            detections: detections.count)
    }

    /// The scores on all images.
    func scores(method: VOCEvaluation.Method) -> VOCScores {
        VOCScores(
            method: method, iouThreshold: iouThreshold,
            classes: zip(classNames, classes).map { name, matches in
                .init(
                    name: name, objects: matches.toFind.count, detections: matches.detections,
                    ap: matches.averagePrecision(method))
            })
    }

    /// Every class's average precision where image `i` is there `copies[i]` times; −1 where a class has no object to find.
    package func averagePrecisions(_ method: VOCEvaluation.Method, copies: [Int32]) -> [Double] {
        classes.map { $0.averagePrecision(method, copies: copies) }
    }

    /// Whether an object must be found, and only once. COCO's crowds need not, as VOC's difficult objects.
    private static func counts(_ flags: ObjectFlags) -> Bool { flags.isDisjoint(with: [.difficult, .crowd]) }

    /// Intersection over union, or nil where the two do not meet.
    private static func overlap(
        _ results: DetectionResults, _ i: Int, _ groundTruth: DetectionAnnotations, _ j: Int
    ) -> Double? {
        let right = min(results.x[i] + results.width[i], groundTruth.x[j] + groundTruth.width[j])
        let bottom = min(results.y[i] + results.height[i], groundTruth.y[j] + groundTruth.height[j])
        let width = right - max(results.x[i], groundTruth.x[j])
        let height = bottom - max(results.y[i], groundTruth.y[j])
        guard width > 0, height > 0 else { return nil }
        let shared = width * height
        let areas = results.width[i] * results.height[i] + groundTruth.width[j] * groundTruth.height[j]
        return shared / (areas - shared)
    }
}

extension VOCMatches.ClassMatches {
    fileprivate func averagePrecision(_ method: VOCEvaluation.Method, copies: [Int32]? = nil) -> Double {
        func times(_ image: Int32) -> Int { copies.map { Int($0[Int(image)]) } ?? 1 }
        var curve = PrecisionRecall(toFind: toFind.reduce(0) { $0 + times($1) })
        for detection in ranked { curve.add(isRight: detection.isRight, times: times(detection.image)) }
        return curve.averagePrecision(method)
    }
}
