import Annotations
import Foundation
import Media

/// What an index knows of a video: a file, or a folder of frames.
public struct ClipIndexEntry: Hashable, Sendable {
    /// The frames, or the reason that there are none.
    public enum Content: Hashable, Sendable {
        /// How many frames there are, and how many a second on average; nil where nothing says. How many seem to be missing
        /// in between, by the numbers in the names of a folder's frames.
        case frames(Int, rate: Double?, lacking: Int = 0)
        /// Why the video can't be read.
        case unreadable(String)
    }

    /// What is known.
    public let content: Content
    /// The state of the files that this holds for; nil where what is wrong may pass by itself, and so is not kept.
    let stamp: ClipStamp?
    /// The order of the frames, where only decoding all of them tells.
    package let order: VideoOrder?

    init(content: Content, stamp: ClipStamp?, order: VideoOrder? = nil) {
        self.content = content
        self.stamp = stamp
        self.order = order
    }

    /// Opens a video as ``ClipDataset`` does.
    init(opening path: String, framePrefix: String?) {
        // The state before: what changes meanwhile is noticed the next time.
        let stamp = ClipStamp(path, framePrefix: framePrefix)
        do {
            let source = try ClipSource(path, options: VideoOptions(), framePrefix: framePrefix)
            self.init(
                content: .frames(source.frameCount, rate: source.frameRate, lacking: source.lacking), stamp: stamp,
                order: source.order)
        } catch let error as MediaError {
            // Which frames are meant is the recipe's to say.
            let mayPass = [.unreadable, .outOfMemory, .unclearFrames].contains(error.kind)
            let frame = error.name == path ? "" : (error.name as NSString).lastPathComponent + ": "
            self.init(content: .unreadable(frame + error.problem), stamp: mayPass ? nil : stamp)
        } catch {
            self.init(content: .unreadable("\(error)"), stamp: nil)
        }
    }
}

/// The state of a video's files, by which it is known to be the one that was looked at.
struct ClipStamp: Hashable, Sendable {
    struct File: Hashable, Sendable {
        /// 0 for a folder, whose size is its file system's own affair.
        var bytes: Int
        /// Nanoseconds since 1970.
        var modified: Int

        /// The state of a file; nil where there is none.
        init?(_ path: String) {
            var status = stat()
            guard stat(path, &status) == 0 else { return nil }
            bytes = status.st_mode & S_IFMT == S_IFDIR ? 0 : Int(status.st_size)
            modified = Int(status.st_mtim.tv_sec) &* 1_000_000_000 &+ Int(status.st_mtim.tv_nsec)
        }

        init(bytes: Int, modified: Int) {
            self.bytes = bytes
            self.modified = modified
        }
    }

    struct Frame: Hashable, Sendable {
        var name: String
        var file: File
    }

    /// The file's state, or the folder's own: that changes when a frame is added, taken away or renamed.
    var video: File
    /// The first frame in a folder, which gives the video its size.
    var firstFrame: Frame?

    init(video: File, firstFrame: Frame? = nil) {
        self.video = video
        self.firstFrame = firstFrame
    }

    /// The state of a video's files; nil where there is no such video.
    init?(_ path: String, framePrefix: String?) {
        guard let video = File(path) else { return nil }
        let first = (try? FrameFolder.series(in: path, prefix: framePrefix))?.names.first
        self.init(
            video: video,
            firstFrame: first.flatMap { name in File(path + "/" + name).map { Frame(name: name, file: $0) } })
    }

    /// Whether the video at `path` is in this state, and a folder's frames are those that are asked for.
    func holds(for path: String, framePrefix: String?) -> Bool {
        guard File(path) == video else { return false }
        guard let firstFrame else { return true }
        guard File(path + "/" + firstFrame.name) == firstFrame.file else { return false }
        let prefix = FrameSeries.prefix(of: firstFrame.name)
        if let framePrefix { return prefix == framePrefix }
        // Others may have been asked for then.
        return ["", FrameSeries.usualPrefix].contains(prefix)
            || (try? FrameFolder.series(in: path, prefix: nil))?.names.first == firstFrame.name
    }
}
