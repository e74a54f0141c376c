import Annotations

/// Follows objects over the frames of a video, by what a detector finds in each.
///
/// In each frame every track's box is predicted by a Kalman filter, and tracks and detections of one class are paired so that
/// the sum of their IoU is largest: SORT (Bewley et al., "Simple online and realtime tracking", 2016). Pairs below the least IoU
/// count for nothing. Then tracks that were seen in the frame before and found no partner may go on with a detection of a low
/// score (Zhang et al., "ByteTrack: multi-object tracking by associating every detection box", 2022, algorithm 1), and last come
/// tracks that are not sure yet. The same detections always give the same ids: 1, 2, 3…, in the order in which objects are
/// sure.
public struct ObjectTracker: Sendable {
    /// What a detector found.
    public struct Detection: Hashable, Sendable {
        /// The box in XYXY pixels. One without an inside belongs to no track.
        public var box: Box
        /// The class's label; tracks keep theirs.
        public var label: Int
        /// How sure the detector is, 0…1.
        public var score: Float

        /// A detection of the class `label` in `box`.
        public init(box: Box, label: Int, score: Float) {
            self.box = box
            self.label = label
            self.score = score
        }
    }

    /// An object that is followed.
    public struct Track: Hashable, Sendable {
        /// The object's number, from 1; nil until it has been seen often enough.
        public fileprivate(set) var id: Int?
        /// The class's label.
        public let label: Int
        /// Where the object is thought to be, as of the last frame.
        public fileprivate(set) var filter: BoxFilter
        /// In how many frames it was seen.
        public fileprivate(set) var hits = 1
        /// For how many frames it has not been seen; 0 if it was in the last one.
        public fileprivate(set) var unseen = 0.0
    }

    /// How tracks are made.
    public let options: TrackerOptions
    /// The objects that are followed, those that are lost at the moment among them.
    public private(set) var tracks: [Track] = []
    private var nextID = 1
    private var isFirstFrame = true

    /// A tracker before the first frame.
    public init(_ options: TrackerOptions = TrackerOptions()) { self.options = options }

    /// Goes on to the next frame.
    ///
    /// - Parameters:
    ///   - detections: What was found in it. Those below the options' `lowScore` are left alone.
    ///   - steps: How much time has passed since the last one, in frames: 1 in a video with an even rate.
    /// - Returns: The id of each detection's track; nil for one that belongs to no track, or to one that is not sure yet.
    public mutating func update(_ detections: [Detection], steps: Double = 1) -> [Int?] {
        precondition(steps > 0, "ObjectTracker.update: \(steps) frames after the last one")
        var ids = [Int?](repeating: nil, count: detections.count)
        let wasSeen = tracks.map { $0.unseen == 0 }
        for index in tracks.indices {
            tracks[index].filter.predict(steps: steps, grows: wasSeen[index])
            tracks[index].unseen += steps
        }
        let usable = detections.indices.filter { !detections[$0].box.isDegenerate }
        var high = usable.filter { detections[$0].score >= options.highScore }
        var low = usable.filter {
            detections[$0].score >= options.lowScore && detections[$0].score < options.highScore
        }
        func open(_ isWanted: (Int) -> Bool) -> [Int] {
            tracks.indices.filter { tracks[$0].unseen > 0 && isWanted($0) }
        }

        associate(open { tracks[$0].id != nil }, &high, detections, from: options.leastOverlap, &ids)
        associate(
            open { tracks[$0].id != nil && wasSeen[$0] }, &low, detections, from: options.leastOverlapOfLowScores, &ids)
        associate(open { tracks[$0].id == nil }, &high, detections, from: options.leastOverlap, &ids)

        tracks.removeAll { $0.unseen > ($0.id == nil ? 0 : options.longestLoss) }
        for index in high {
            let detection = detections[index]
            var track = Track(label: detection.label, filter: BoxFilter(detection.box))
            if isFirstFrame || options.leastHits == 1 {
                track.id = takeID()
                ids[index] = track.id
            }
            tracks.append(track)
        }
        isFirstFrame = false
        return ids
    }

    /// Pairs `candidates` among the tracks with those of the detections whose numbers are in `free`, and takes the pairs'
    /// detections out of it.
    private mutating func associate(
        _ candidates: [Int], _ free: inout [Int], _ detections: [Detection], from leastOverlap: Float,
        _ ids: inout [Int?]
    ) {
        guard !candidates.isEmpty, !free.isEmpty else { return }
        var overlaps: [Float] = []
        overlaps.reserveCapacity(candidates.count * free.count)
        for candidate in candidates {
            let box = tracks[candidate].filter.box
            for index in free {
                let overlap =
                    detections[index].label == tracks[candidate].label
                    ? box.intersectionOverUnion(detections[index].box) : 0
                overlaps.append(overlap >= leastOverlap ? overlap : 0)
            }
        }
        let pairs = leastCostAssignment(overlaps.map { -Double($0) }, rows: candidates.count, columns: free.count)
        var taken: Set<Int> = []
        for (row, column) in pairs.enumerated() {
            guard let column, overlaps[row * free.count + column] > 0 else { continue }
            let (candidate, index) = (candidates[row], free[column])
            taken.insert(index)
            tracks[candidate].filter.correct(detections[index].box)
            tracks[candidate].hits += 1
            tracks[candidate].unseen = 0
            if tracks[candidate].id == nil, tracks[candidate].hits >= options.leastHits {
                tracks[candidate].id = takeID()
            }
            ids[index] = tracks[candidate].id
        }
        free.removeAll { taken.contains($0) }
    }

    private mutating func takeID() -> Int {
        defer { nextID += 1 }
        return nextID
    }
}
