import DataPipeline
import Media
import Support

/// The frames of windows that move over a video, decoded in one pass. Those that no window needs are not made pictures of, and
/// those that windows share are decoded once and held as long as one needs them.
final class WindowFrames {
    /// The frames that can't be decoded, which the frame before stands in for, or black at the start.
    private(set) var damage = VideoDamage()
    private let source: ClipSource
    private let layout: ClipViews.Layout
    private let windows: ClipWindows
    private let size: ImageSize
    private var last: ByteImage?

    init(_ source: ClipSource, layout: ClipViews.Layout, windows: ClipWindows) {
        self.source = source
        self.layout = layout
        self.windows = windows
        size = ResizeRule.clipFrames(shorterSide: layout.shorterSide).size(of: source.size)
        damage.isTruncated = source.video?.isTruncated ?? false
    }

    /// A window that lacks some frames yet.
    private struct Open {
        let frames: [Int]
        var wanted: Set<Int>
        var found: [Int: ByteImage] = [:]

        init(_ window: ClipWindows.Window) {
            frames = window.frames
            wanted = Set(window.frames)
        }
    }

    /// Calls `body` with the views of all windows, in order, `count` of them at a time.
    ///
    /// - Throws: `MediaError`, naming the file; what `body` throws.
    func forEachBatch(of count: Int, _ body: ([ClipViews]) throws -> Void) throws {
        var open: [Open] = [], batch: [ClipViews] = [], next = 0
        var upcoming = Open(windows[0])
        for index in 0..<source.frameCount {
            while next < windows.count, upcoming.frames.min() ?? 0 <= index {
                open.append(upcoming)
                next += 1
                if next < windows.count { upcoming = Open(windows[next]) }
            }
            guard open.contains(where: { $0.wanted.contains(index) }) else { continue }
            let image = try frame(index)
            for place in open.indices where open[place].wanted.remove(index) != nil { open[place].found[index] = image }
            while let first = open.first, first.wanted.isEmpty {
                open.removeFirst()
                batch.append(
                    ClipViews(clip: first.frames.compactMap { first.found[$0] }, name: name, layout: layout))
                if batch.count == count {
                    try body(batch)
                    batch = []
                }
            }
        }
        if !batch.isEmpty { try body(batch) }
    }

    private var name: String { source.video?.name ?? "a folder of frames" }

    private func frame(_ index: Int) throws -> ByteImage {
        guard let video = source.video else { return try source.frames(at: [index], size: size)[0] }
        let frames = try video.frames(at: [index], size: size)
        if frames.missing.isEmpty {
            last = frames.image(0)
        } else {
            damage.add(index)
        }
        return last ?? frames.image(0)
    }
}
