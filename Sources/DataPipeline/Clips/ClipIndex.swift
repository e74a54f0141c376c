import Foundation
import Media
import Support

/// How many frames each video of a data set has, or why it can't be read, kept in a file so that a video is opened once.
///
/// A count is `VideoReader`'s, or that of the images in a folder of frames. It holds as long as the video has the size and
/// the time of modification that it had when it was opened. Damage that shows only when frames are decoded is not found
/// here.
public struct ClipIndex: Sendable {
    /// What the file is called where nothing else is said.
    public static let fileName = "frames-index.tsv"

    /// The folder that the videos' paths are relative to.
    public let root: String
    /// Where the index is kept.
    public let file: String
    /// What the names of the frames in folders begin with; nil takes `img_`, or what all names of a folder begin with.
    public let framePrefix: String?
    /// By the videos' paths.
    public private(set) var entries: [String: ClipIndexEntry] = [:]
    /// What a person should know about the file: that it can't be used or written, and what became of it.
    public private(set) var notes: [String] = []
    /// Whether the index is written: false over a file that is no index, and after writing failed.
    public private(set) var isKept = true
    private var isSaved = false

    /// Reads the index, where there is one. A damaged one is begun anew, and `notes` say so; what is no index is left alone.
    ///
    /// - Parameters:
    ///   - root: The folder that the videos' paths are relative to.
    ///   - file: The index's file; `frames-index.tsv` in `root`, when nil.
    ///   - framePrefix: What the names of the frames in folders begin with.
    public init(root: String, file: String? = nil, framePrefix: String? = nil) {
        self.root = root
        self.framePrefix = framePrefix
        self.file = file ?? root + "/" + Self.fileName
        var status = stat()
        guard stat(self.file, &status) == 0 else { return }
        // Opening a pipe would wait for its other end.
        guard status.st_mode & S_IFMT == S_IFREG, let data = FileManager.default.contents(atPath: self.file) else {
            leaveAlone("can't be read")
            return
        }
        do throws(ClipIndexText.Fault) {
            entries = try ClipIndexText.read(Array(data))
            isSaved = true
        } catch {
            switch error {
            case .foreign: leaveAlone("is no index of frames")
            case .damaged(let reason):
                notes.append("\(self.file), the index of frames, can't be used: \(reason). It is made anew.")
            }
        }
    }

    private mutating func leaveAlone(_ problem: String) {
        isKept = false
        notes.append(
            "\(file) \(problem) and is left as it is; what is found out of the videos is not kept. Remove it, or name another "
                + "file with data.index.")
    }

    /// What a call of ``update(videos:threads:shouldStop:progress:)`` did.
    public struct Update: Hashable, Sendable {
        /// Videos that were opened.
        public var opened = 0
        /// Videos that were known.
        public var known = 0
        /// Videos that were not reached, because it was stopped.
        public var left = 0
        /// Entries of other videos that are gone or have changed.
        public var dropped = 0
    }

    /// Opens the videos that are new or have changed, and keeps the index. Its file is written at the end, when it is
    /// stopped, and every minute; where it can't be written, `notes` say so.
    ///
    /// - Parameters:
    ///   - videos: Paths relative to `root`, or absolute ones. What is known of others stays as long as they do.
    ///   - threads: Videos that are opened at the same time; the result doesn't depend on it.
    ///   - shouldStop: Asked on the calling thread after each video.
    ///   - progress: Called on the calling thread with how many videos are opened, and how many must be.
    public mutating func update(
        videos: [String], threads: Int, shouldStop: () -> Bool = { false },
        progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) -> Update {
        let asked = Set(videos), threads = max(1, threads)
        var update = Update()
        drop(asked: asked, threads: threads, update: &update)
        let unknown = asked.filter { entries[$0] == nil }.sorted()
        update.known = asked.count - unknown.count
        guard !unknown.isEmpty, !shouldStop() else {
            update.left = unknown.count
            save()
            return update
        }
        let root = root, framePrefix = framePrefix
        var saved = ContinuousClock.now
        let found = parallelMap(count: unknown.count, threads: threads) { number in
            ClipIndexEntry(opening: FilePath.joined(unknown[number], to: root), framePrefix: framePrefix)
        } goesOn: { done, found in
            progress(done, unknown.count)
            if ContinuousClock.now - saved >= .seconds(60) {
                take(found(), of: unknown)
                save()
                saved = .now
            }
            return !shouldStop()
        }
        take(found, of: unknown)
        update.opened = found.count { $0 != nil }
        update.left = unknown.count - update.opened
        save()
        return update
    }

    /// Forgets what no longer holds.
    private mutating func drop(asked: Set<String>, threads: Int, update: inout Update) {
        let known = entries.map { (path: $0.key, stamp: $0.value.stamp) }
        let root = root, framePrefix = framePrefix
        let holds = parallelMap(count: known.count, threads: threads) { number in
            known[number].stamp?.holds(for: FilePath.joined(known[number].path, to: root), framePrefix: framePrefix)
                ?? false
        }
        for ((path, stamp), holds) in zip(known, holds) where !holds {
            entries[path] = nil
            if stamp != nil { isSaved = false }
            if !asked.contains(path) { update.dropped += 1 }
        }
    }

    private mutating func take(_ found: [ClipIndexEntry?], of paths: [String]) {
        for (path, entry) in zip(paths, found) {
            guard let entry, entries[path] != entry else { continue }
            entries[path] = entry
            if entry.stamp != nil { isSaved = false }
        }
    }

    private mutating func save() {
        guard isKept, !isSaved else { return }
        do {
            let folder = FilePath.folder(of: file)
            if !folder.isEmpty {
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            }
            try WholeFile.write(ClipIndexText.write(entries), to: file)
            isSaved = true
        } catch {
            isKept = false
            notes.append(
                "\(file), the index of frames, can't be written (\(reason(of: error))); the videos will "
                    + "be looked at again. Name another file with data.index.")
        }
    }
}
