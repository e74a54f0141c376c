import Support

/// When the frames of a video are shown.
package struct FrameTimes {
    /// Number of frames.
    package let count: Int
    /// Seconds from the start of the first frame to the end of the last.
    package let duration: Double
    private let time: (Int) -> Double

    /// - Parameters:
    ///   - count: Number of frames, above 0.
    ///   - duration: Seconds from the start of the first frame to the end of the last; nil where nothing says.
    ///   - time: When a frame is shown, in seconds after the first; nil where nothing says. Those count as 25 a second.
    package init(count: Int, duration: Double?, time: @escaping (Int) -> Double?) {
        let usual = 25.0
        self.count = count
        let last = time(count - 1) ?? Double(count - 1) / usual
        self.duration = max(duration ?? 0, last + (duration == nil ? 1 / usual : 0))
        self.time = { time($0) ?? Double($0) / usual }
    }

    /// When frame `index` is shown, in seconds; the end of the video for one behind the last.
    package subscript(index: Int) -> Double { index < count ? time(index) : duration }

    /// The frame that is shown at a time: the last one that is not later.
    package func frame(at seconds: Double) -> Int {
        var low = 0, high = count
        while high - low > 1 {
            let middle = (low + high) / 2
            if time(middle) <= seconds + 1e-6 { low = middle } else { high = middle }
        }
        return low
    }
}

/// The windows that move over a video, from its start to its end: each as long as the others, a stride apart. The last one ends
/// with the video, if need be at less than a stride. A video that is shorter than a window has one.
package struct ClipWindows {
    /// One window.
    package struct Window: Hashable {
        /// Seconds at which it begins and ends.
        package var start: Double
        package var end: Double
        /// The frames that the network gets; some may be the same.
        package var frames: [Int]

        package var center: Double { (start + end) / 2 }

        package init(start: Double, end: Double, frames: [Int]) {
            self.start = start
            self.end = end
            self.frames = frames
        }
    }

    /// Number of windows, at least 1.
    package let count: Int
    /// The windows' length and the way from one to the next, in seconds; on average where they are counted in frames.
    package let length: Double
    package let stride: Double
    private let times: FrameTimes
    private let taken: Int
    private let extent: Extent

    private enum Extent {
        case frames(length: Int, stride: Int)
        case seconds(length: Double, stride: Double)
    }

    /// - Parameters:
    ///   - length: How long a window is.
    ///   - stride: From the start of one to the start of the next.
    ///   - taken: How many frames of a window the network gets, evenly from the window's start on.
    ///   - times: The video's.
    package init(length: VideoSpan, stride: VideoSpan, taking taken: Int, of times: FrameTimes) {
        self.times = times
        self.taken = taken
        let rate = Double(times.count) / max(times.duration, 1e-9)
        func seconds(_ span: VideoSpan) -> Double {
            switch span {
            case .seconds(let seconds): seconds
            case .frames(let count): Double(count) / rate
            }
        }
        self.length = seconds(length)
        self.stride = seconds(stride)
        if case .frames(let length) = length, case .frames(let stride) = stride {
            extent = .frames(length: length, stride: stride)
            count = 1 + max(0, (times.count - length + stride - 1) / stride)
        } else {
            extent = .seconds(length: self.length, stride: self.stride)
            count = 1 + Int(max(0, ((times.duration - self.length) / self.stride - 1e-6).rounded(.up)))
        }
    }

    /// Window `index`, from 0.
    package subscript(index: Int) -> Window {
        switch extent {
        case .frames(let length, let stride):
            let first = max(0, min(index * stride, times.count - length))
            // As clips are taken in training: a short video begins again.
            let frames = (0..<taken).map { (first + $0 * length / taken) % times.count }
            return Window(start: times[first], end: times[first + length], frames: frames)
        case .seconds(let length, let stride):
            let start = max(0, min(Double(index) * stride, times.duration - length))
            let end = min(start + length, times.duration)
            let frames = (0..<taken).map { times.frame(at: start + Double($0) / Double(taken) * (end - start)) }
            return Window(start: start, end: end, frames: frames)
        }
    }
}
