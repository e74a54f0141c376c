import Annotations
import Tracking

/// The objects of a video that are followed, frame by frame.
package struct FollowedObjects {
    /// Those that have an id, in the order of these.
    package private(set) var tracks: [VideoDetections.Track] = []
    private var tracker: ObjectTracker
    /// Seconds from one frame that is looked at to the next, on average; nil where the file doesn't say.
    private let interval: Double?
    private let every: Int
    private var last: (frame: Int, time: Double?)?

    /// - Parameters:
    ///   - options: How they are followed; frames count as those that are looked at.
    ///   - every: The step between frames that are looked at.
    ///   - frameRate: The video's frames a second; nil where the file doesn't say.
    package init(_ options: TrackerOptions, every: Int, frameRate: Double?) {
        tracker = ObjectTracker(options)
        self.every = every
        interval = frameRate.map { Double(every) / $0 }
    }

    /// Gives the objects of the next frame the ids of their tracks.
    package mutating func follow(_ objects: inout [ImageDetections.Object], frame: Int, time: Double?) {
        let ids = tracker.update(
            objects.map { .init(box: $0.bounds, label: $0.label, score: $0.score) }, steps: steps(to: frame, time))
        last = (frame, time)
        for (index, id) in ids.enumerated() {
            guard let id else { continue }
            objects[index].track = id
            guard id <= tracks.count else {
                tracks.append(
                    .init(
                        id: id, name: objects[index].name, firstFrame: frame, lastFrame: frame, firstTime: time,
                        lastTime: time, frames: 1, score: objects[index].score))
                continue
            }
            tracks[id - 1].lastFrame = frame
            tracks[id - 1].lastTime = time
            tracks[id - 1].frames += 1
            tracks[id - 1].score = max(tracks[id - 1].score, objects[index].score)
        }
    }

    /// How much time has passed since the last frame, in frames that are looked at: by the clock if the file has one.
    private func steps(to frame: Int, _ time: Double?) -> Double {
        guard let last else { return 1 }
        if let time, let before = last.time, let interval, time > before { return (time - before) / interval }
        return Double(frame - last.frame) / Double(every)
    }
}
