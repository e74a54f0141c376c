import Annotations
import Foundation

/// Detections that were matched to objects once by COCO's rule, to be scored on any choice of the images.
///
/// The match of a detection depends on its own image alone, so it stays the same whichever other images there are. To score
/// again takes as long as to go through the detections once.
package struct COCOMatches: Sendable {
    /// One class's detections and objects.
    struct ClassMatches: Sendable {
        struct Object: Sendable {
            /// The place of the object's image among all.
            let image: Int32
            /// Where the object counts neither way; all bits for a crowd.
            let outside: RangeBits
        }

        let detections: [MatchedDetection]
        /// The detections' positions, best first.
        let order: [RankedScore]
        let objects: [Object]
    }

    let groundTruth: DetectionAnnotations
    let classes: [ClassMatches]
    /// The place of each image among the ids in ascending order.
    private let places: [Int32]

    /// - Parameter threads: Threads that match; nil takes one for each processor.
    /// - Throws: ``EvaluationError`` as ``COCOEvaluation`` does.
    package init(groundTruth: DetectionAnnotations, results: DetectionResults, threads: Int? = nil) throws {
        let problem = try COCOProblem(groundTruth: groundTruth, results: results, unknownCategories: .fail)
        self.groundTruth = groundTruth
        classes = problem.match(
            groundTruth, results, threads: max(1, threads ?? ProcessInfo.processInfo.activeProcessorCount))
        places = ImageOrder(groundTruth).places
    }

    /// The scores where image `i` of the annotations is there `copies[i]` times, or once for nil.
    ///
    /// With each image once they are those of ``COCOEvaluation`` to the last bit. An image that is there several times counts as
    /// so many images with the same objects and detections; where equal scores are sorted, the copies of a detection stand side
    /// by side.
    package func scores(copies: [Int32]? = nil) -> COCOScores {
        var byPlace = [Int32](repeating: 1, count: places.count)
        if let copies { for (i, place) in places.enumerated() { byPlace[Int(place)] = copies[i] } }
        let accumulator = CurveAccumulator()
        var objects: [Int] = []
        let curves = byPlace.withUnsafeBufferPointer { byPlace in
            classes.map { matches -> [ClassCurves?] in
                objects.append(matches.objects.reduce(0) { $1.outside == ~0 ? $0 : $0 + Int(byPlace[Int($1.image)]) })
                let counts = COCOProtocol.areaRanges.indices.map { range in
                    matches.objects.reduce(0) { sum, object in
                        let counted = object.outside >> RangeBits(16 * range) & 1 == 0
                        return counted ? sum + Int(byPlace[Int(object.image)]) : sum
                    }
                }
                guard counts.contains(where: { $0 > 0 }) else { return counts.map { _ in nil } }
                return matches.detections.withUnsafeBufferPointer { detections in
                    matches.order.withUnsafeBufferPointer { order in
                        accumulator.curves(
                            of: detections, order: order, objectCounts: counts, copies: copies == nil ? nil : byPlace)
                    }
                }
            }
        }
        return COCOScores(groundTruth: groundTruth, curves: curves, objects: objects)
    }
}
