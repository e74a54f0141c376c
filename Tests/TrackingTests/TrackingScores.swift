import Annotations
import Tracking

/// How well tracks follow known objects: MOTA (Bernardin and Stiefelhagen, "Evaluating multiple object tracking performance: the
/// CLEAR MOT metrics", 2008) and IDF1 (Ristani et al., "Performance measures and a data set for multi-target, multi-camera
/// tracking", 2016), at an IoU of at least 0.5.
struct TrackingScores {
    /// Boxes by object or track, in one frame.
    typealias Frame = [Int: Box]

    var objects = 0
    var missed = 0
    var falseAlarms = 0
    var switches = 0
    var identified = 0
    var found = 0

    var mota: Double { 1 - Double(missed + falseAlarms + switches) / Double(objects) }
    var idf1: Double { 2 * Double(identified) / Double(objects + found) }

    init(truth: [Frame], tracks: [Frame]) {
        precondition(truth.count == tracks.count)
        var last: [Int: Int] = [:], shared: [Int: [Int: Int]] = [:]
        for (truth, tracks) in zip(truth, tracks) {
            objects += truth.count
            found += tracks.count
            let objectIDs = truth.keys.sorted(), trackIDs = tracks.keys.sorted()
            func overlap(_ object: Int, _ track: Int) -> Double {
                guard let a = truth[object], let b = tracks[track] else { return 0 }
                return Double(a.intersectionOverUnion(b))
            }
            for object in objectIDs {
                for track in trackIDs where overlap(object, track) >= 0.5 {
                    shared[object, default: [:]][track, default: 0] += 1
                }
            }
            // A pair of the frame before stays one as long as it overlaps.
            let costs = objectIDs.flatMap { object in
                trackIDs.map { track -> Double in
                    let iou = overlap(object, track)
                    return iou < 0.5 ? 0 : last[object] == track ? -10 : -iou
                }
            }
            let pairs = leastCostAssignment(costs, rows: objectIDs.count, columns: trackIDs.count)
            var matched = 0
            for (row, column) in pairs.enumerated() {
                guard let column, costs[row * trackIDs.count + column] < 0 else { continue }
                matched += 1
                if let before = last[objectIDs[row]], before != trackIDs[column] { switches += 1 }
                last[objectIDs[row]] = trackIDs[column]
            }
            missed += truth.count - matched
            falseAlarms += tracks.count - matched
        }
        let objectIDs = shared.keys.sorted(), trackIDs = Set(shared.values.flatMap(\.keys)).sorted()
        let costs = objectIDs.flatMap { object in trackIDs.map { -Double(shared[object]?[$0] ?? 0) } }
        for (row, column) in leastCostAssignment(costs, rows: objectIDs.count, columns: trackIDs.count).enumerated() {
            if let column { identified += shared[objectIDs[row]]?[trackIDs[column]] ?? 0 }
        }
    }
}
