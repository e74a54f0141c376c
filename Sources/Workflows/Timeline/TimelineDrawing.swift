import DataPipeline
import Foundation
import Media
import Support
import Tensors

extension VideoTimeline {
    /// Writes the video with its timeline, and remembers its name: over the upper edge the likeliest classes of that time, over
    /// the lower one a strip of the whole video with its segments and a mark that moves along. A small video is enlarged, so
    /// that names can be read. It has the original's times; the frames of a folder are shown at 25 a second. Frames that can't be
    /// decoded are left out, so that the one before is shown longer.
    ///
    /// - Parameters:
    ///   - path: The video to write, MP4 unless its name ends with `mkv` or `webm`; its folder must exist.
    ///   - keepsSound: Whether the sound is copied; `soundLeftOut` says where it can't be.
    ///   - progress: called with the number of frames done.
    /// - Throws: `MediaError`, naming the file; `Stopped` once the user asks to stop. A video that can't be finished leaves no
    ///   file.
    public mutating func writeVideo(
        to path: String, keepsSound: Bool = true, progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) throws {
        let source = try ClipSource(
            video, options: VideoOptions(threads: Threads.count, damage: .keepDecodable, stream: stream),
            framePrefix: framePrefix, frameOptions: frameOptions)
        let times = FrameTimes(
            count: source.frameCount, duration: source.video?.duration, time: { source.video?.time(ofFrame: $0) })
        let size = ClassBars.readableSize(of: source.size)
        var begun: VideoWriter?
        var place = 0
        try source.forEachFrame(size: size) { index, frame in
            if StopSignal.isRequested { throw Stopped(amid: video, beforeFrame: index) }
            let time = times[index]
            while place + 1 < shown.count, shown[place].end <= time { place += 1 }
            let writer = try begun ?? DrawnVideo.writer(path, size: size, on: source.video, keepsSound: keepsSound)
            begun = writer
            try writer.append(drawn(on: frame, time: time, window: place), asFrame: index)
            progress(index + 1, source.frameCount)
        }
        try begun?.finish()
        soundLeftOut = begun?.soundLeftOut
        drawn = begun == nil ? nil : path
    }

    /// A frame with the classes of its time and the strip.
    ///
    /// - Parameters:
    ///   - frame: The frame.
    ///   - time: When it is shown, in seconds.
    ///   - window: Which of `shown` it belongs to.
    func drawn(on frame: ByteImage, time: Double, window: Int) throws -> ByteImage {
        let canvas = try Canvas(frame)
        let classes = shown.indices.contains(window) ? shown[window].classes : []
        ClassBars.draw(
            classes.map { (classNames[$0.label], Double($0.probability), Palette.color($0.label)) }, on: canvas)
        drawStrip(on: canvas, time: time)
        return canvas.image()
    }

    private func drawStrip(on canvas: Canvas, time: Double) {
        let text = ClassBars.textSize(on: canvas) * 0.8, height = text * 1.6
        let width = Double(canvas.width), top = Double(canvas.height) - height
        func place(_ seconds: Double) -> Double { duration > 0 ? seconds / duration * width : 0 }
        canvas.rectangle(x: 0, y: top, width: width, height: height, fill: .color(.black.withOpacity(0.6)))
        for segment in segments {
            let (left, right) = (place(segment.start), place(segment.end)), color = Palette.color(segment.label)
            canvas.rectangle(
                x: left, y: top, width: max(1, right - left), height: height, fill: .color(color.withOpacity(0.85)),
                stroke: .init(width: 1), color: .black.withOpacity(0.5))
            let room = right - left - text * 0.6
            guard canvas.measure(segment.name, size: text).width <= room else { continue }
            canvas.text(
                segment.name, x: left + text * 0.3, y: top + text * 1.15, size: text, color: color.readableTextColor)
        }
        let now = min(place(time), width - 1)
        canvas.rectangle(x: now - 2, y: top - 3, width: 4, height: height + 3, fill: .color(.black))
        canvas.rectangle(x: now - 1, y: top - 3, width: 2, height: height + 3, fill: .color(.white))
    }
}
