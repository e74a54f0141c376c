import DataPipeline
import Foundation
import Media
import Support
import Tensors
import Training

/// How an untrimmed video becomes a timeline. What is nil takes a default from the network's clips.
public struct TimelineOptions: Hashable, Sendable {
    /// How long a window is; nil for the network's clip.
    public var window: VideoSpan?
    /// From the start of one window to the start of the next; nil for half a window.
    public var stride: VideoSpan?
    /// Standard deviation in seconds of the Gaussian that smooths probabilities over time, 0 for none; nil for one stride.
    public var smoothing: Double?
    /// The smoothed probability at which a segment begins, 0…1.
    public var enter: Double
    /// The smoothed probability below which a segment ends, at most `enter`.
    public var leave: Double
    /// Seconds of the longest gap between segments of one class that is bridged; nil for one stride.
    public var bridge: Double?
    /// Seconds below which a segment is dropped; nil for half a window.
    public var shortest: Double?
    /// How many classes of each window are told.
    public var top: Int

    /// Options with the defaults that follow from the network, and segments between 0.5 and 0.3, unless said otherwise.
    public init(
        window: VideoSpan? = nil, stride: VideoSpan? = nil, smoothing: Double? = nil, enter: Double = 0.5,
        leave: Double = 0.3, bridge: Double? = nil, shortest: Double? = nil, top: Int = 5
    ) {
        precondition(
            (0...1).contains(enter) && (0...enter).contains(leave) && top > 0,
            "TimelineOptions: enter \(enter), leave \(leave), top \(top)")
        self.window = window
        self.stride = stride
        self.smoothing = smoothing
        self.enter = enter
        self.leave = leave
        self.bridge = bridge
        self.shortest = shortest
        self.top = top
    }
}

extension ClipRecognition {
    /// Recognises what happens in an untrimmed video, and when. Windows of the network's clip length move over it, in one
    /// pass that holds the frames of few windows at a time. A frame that can't be decoded is replaced by the one before it,
    /// and counted in `damage`.
    ///
    /// - Parameters:
    ///   - path: A video file, or a folder of frames, which count as 25 a second.
    ///   - options: Windows, smoothing and segments.
    ///   - progress: called with the number of windows done.
    ///   - each: called with each window, in order. They are then not in the result, so that memory does not grow with the
    ///     video.
    /// - Throws: `MediaError`, naming the file; `Stopped` once the user asks to stop; what `each` throws.
    public func timeline(
        _ path: String, options: TimelineOptions = TimelineOptions(),
        progress: (_ done: Int, _ total: Int) -> Void = { _, _ in },
        each: ((VideoTimeline.Window) throws -> Void)? = nil
    ) throws -> VideoTimeline {
        let recipe = model.recipe
        let source = try ClipSource(
            path, options: VideoOptions(threads: Threads.count, damage: .keepDecodable, stream: stream),
            framePrefix: recipe.data.framePrefix, frameOptions: frameOptions)
        let times = FrameTimes(
            count: source.frameCount, duration: source.video?.duration, time: { source.video?.time(ofFrame: $0) })
        let layout = recipe.input.views(framePrefix: recipe.data.framePrefix)
        let windows = Self.windows(options, layout.sampling, times)
        let rule = TimelineSegments.Rule(
            enter: options.enter, leave: options.leave, bridge: options.bridge ?? windows.stride,
            shortest: options.shortest ?? windows.length / 2)
        var result = VideoTimeline(
            video: path, frames: source.frameCount, rate: source.frameRate, duration: times.duration,
            method: .init(
                window: windows.length, stride: windows.stride, frames: layout.sampling.length,
                smoothing: options.smoothing ?? windows.stride, enter: rule.enter, leave: rule.leave,
                bridge: rule.bridge,
                shortest: rule.shortest))
        result.classNames = model.classNames
        result.stream = stream
        result.framePrefix = recipe.data.framePrefix
        result.frameOptions = frameOptions
        var smoothing = ScoreSmoothing(deviation: result.method.smoothing)
        var segments = TimelineSegments(rule)
        var raw: [[Float]] = []
        var done = 0

        func take(_ smoothed: [[Float]]) throws {
            for scores in smoothed {
                let window = windows[done], before = done > 0 ? windows[done - 1].center : nil
                let after = done + 1 < windows.count ? windows[done + 1].center : nil
                let start = before.map { ($0 + window.center) / 2 } ?? 0
                let end = after.map { (window.center + $0) / 2 } ?? times.duration
                segments.add(start: start, end: end, scores: scores)
                let likeliest = scores.indices.sorted { (scores[$1], $0) < (scores[$0], $1) }.prefix(options.top)
                let told = VideoTimeline.Window(
                    start: window.start, end: window.end,
                    classes: likeliest.map {
                        .init(name: model.classNames[$0], probability: raw[0][$0], smoothed: scores[$0])
                    })
                if let each { try each(told) } else { result.windows.append(told) }
                result.shown.append((end, likeliest.prefix(3).map { ($0, scores[$0]) }))
                raw.removeFirst()
                done += 1
            }
        }

        var seen = 0
        let frames = WindowFrames(source, layout: layout, windows: windows)
        try frames.forEachBatch(of: max(1, recipe.evaluation.batch / layout.crops)) { batch in
            if StopSignal.isRequested { throw Stopped(amid: path) }
            for scores in model.probabilities(batch) {
                raw.append(scores)
                try take(smoothing.add(time: windows[seen].center, scores: scores))
                seen += 1
            }
            progress(seen, windows.count)
        }
        try take(smoothing.finish())
        result.segments = segments.finish().map {
            .init(
                start: $0.start, end: $0.end, name: model.classNames[$0.label], label: $0.label, probability: $0.score,
                peak: $0.peak)
        }
        result.damage = frames.damage.isNone ? nil : frames.damage
        return result
    }

    private static func windows(_ options: TimelineOptions, _ sampling: ClipSampling, _ times: FrameTimes)
        -> ClipWindows
    {
        let window = options.window ?? .frames(sampling.span)
        let half: VideoSpan =
            switch window {
            case .frames(let count): .frames(max(1, count / 2))
            case .seconds(let seconds): .seconds(seconds / 2)
            }
        return ClipWindows(length: window, stride: options.stride ?? half, taking: sampling.length, of: times)
    }
}

extension ClassifierModel {
    /// The probability of each class in each of several clips, as the mean over its crops.
    func probabilities(_ clips: [ClipViews]) -> [[Float]] {
        withoutGrad {
            let views = Tensor.cat(clips.map { $0.tensor(0..<$0.count) })
            let input = takesClips ? views : views[.all, .all, 0]
            let scores = logits(input).to(.cpu).to(.float64).softmax(dim: 1)
            let means = scores.reshape([clips.count, clips[0].count, scores.shape[1]]).mean([1])
            let flat = means.array(Double.self), classes = scores.shape[1]
            return clips.indices.map { clip in flat[clip * classes..<(clip + 1) * classes].map { Float($0) } }
        }
    }
}
