import Foundation
import Support

/// Which folders of images hold only files that can be used, as far as their headers tell, kept in a file so that the images of a
/// folder are looked at once.
///
/// What is known of a folder holds until an entry of it is added, removed, renamed or replaced. A file that was written anew in its
/// place isn't noticed; if it is damaged, decoding finds it. Folders with files that can't be used are looked at every time.
package struct ImageFolderIndex {
    /// What the file is called where nothing else is said.
    package static let fileName = "images-index.tsv"

    /// Fewer images are looked at in less than a tenth of a second, and are not worth a file.
    package static let leastImages = 10_000

    /// When a folder was changed last, and whether that is so long ago that a later change would show.
    package struct State: Hashable, Sendable {
        /// Nanoseconds since 1970.
        let changed: Int
        let isSettled: Bool

        /// The state of a folder; nil where there is none.
        ///
        /// - Parameter settling: Seconds in which two changes may get the same time.
        package init?(_ folder: String, settling: Int = 2) {
            var status = stat(), now = timespec()
            guard stat(folder, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return nil }
            clock_gettime(CLOCK_REALTIME, &now)
            // Programs that unpack and copy set back the time of modification, but not this one.
            changed = Int(status.st_ctim.tv_sec) &* 1_000_000_000 &+ Int(status.st_ctim.tv_nsec)
            isSettled = Int(now.tv_sec) - Int(status.st_ctim.tv_sec) > settling
        }
    }

    private static let title = "vertebra images index "
    private static let version = "1"

    /// The folder that the paths in the file are relative to.
    private let root: String
    /// Where the index is kept.
    package let file: String
    /// What a person should know about the file: that it can't be used or written.
    package private(set) var notes: [String] = []
    /// Whether the file may be written: false over one that is no index.
    private var isKept = true
    private var isSaved = true
    /// When the folders were changed last, by their paths.
    private var changed: [String: Int] = [:]

    /// Reads the index, where there is one. What is no index is left alone, and `notes` say so.
    ///
    /// - Parameters:
    ///   - root: The folder that holds the folders of images, or the folders above them.
    ///   - file: The index's file; `images-index.tsv` in `root`, when nil.
    package init(root: String, file: String? = nil) {
        self.root = root
        self.file = file ?? root + "/" + Self.fileName
        var status = stat()
        guard stat(self.file, &status) == 0 else { return }
        // Opening a pipe would wait for its other end.
        guard status.st_mode & S_IFMT == S_IFREG, let data = FileManager.default.contents(atPath: self.file),
            data.starts(with: Self.title.utf8)
        else {
            isKept = false
            notes.append(
                "\(self.file) is no index of images and is left as it is; what is found out of the images is not kept. Remove it, or "
                    + "name another file with data.index.")
            return
        }
        var lines = String(decoding: data, as: UTF8.self).split(separator: "\n")[...]
        guard lines.popFirst().map({ $0 == Self.title + Self.version }) ?? false else { return }
        for line in lines {
            let values = line.split(separator: "\t", maxSplits: 1)
            guard values.count == 2, let time = Int(values[0]) else { continue }
            changed[String(values[1])] = time
        }
    }

    /// Whether a folder is as it was when all its images could be used.
    package func holds(_ folder: String, _ state: State?) -> Bool {
        guard let state else { return false }
        return changed[key(folder)] == state.changed
    }

    /// Takes in that all images of a folder in a state can be used.
    package mutating func keep(_ folder: String, _ state: State?) {
        let key = key(folder)
        guard let state, state.isSettled, !key.contains(where: { $0 == "\t" || $0.isNewline }) else { return }
        isSaved = isSaved && changed[key] == state.changed
        changed[key] = state.changed
    }

    /// Writes the file if there is anything new; where it can't be written, `notes` say so.
    package mutating func save() {
        guard isKept, !isSaved else { return }
        let lines = changed.sorted { $0.key < $1.key }.map { "\($0.value)\t\($0.key)" }
        do {
            let folder = FilePath.folder(of: file)
            if !folder.isEmpty {
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            }
            try WholeFile.write(
                ([Self.title + Self.version] + lines).joined(separator: "\n") + "\n", to: file)
            isSaved = true
        } catch {
            isKept = false
            notes.append(
                "\(file), the index of images, can't be written (\(reason(of: error))); the images will be looked at again. Name "
                    + "another file with data.index.")
        }
    }

    private func key(_ folder: String) -> String {
        folder.hasPrefix(root + "/") ? String(folder.dropFirst(root.count + 1)) : folder
    }
}
