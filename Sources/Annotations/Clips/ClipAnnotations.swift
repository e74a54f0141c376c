import Foundation

/// One labelled video of an action data set.
public struct ClipRecord: Hashable, Sendable {
    /// Path of the video file, or of the folder with its frames; relative to the folder of videos.
    public var path: String
    /// Position of the video's class among the class names, from 0.
    public var label: Int
    /// How many frames the list says there are; nil where it says nothing.
    public var frameCount: Int?

    /// A record from its values.
    public init(path: String, label: Int, frameCount: Int? = nil) {
        self.path = path
        self.label = label
        self.frameCount = frameCount
    }
}

/// Labelled videos: what an action data set's files say, held against the videos that are there.
public struct ClipAnnotations: Hashable, Sendable {
    /// The file or folder that this was read from.
    public var source: String
    /// The classes in the order of their labels, from 0.
    public var classNames: [String]
    /// The videos that are there, in the order of the source.
    public var clips: [ClipRecord]
    /// Videos that the source names and the folder lacks, by the names under which they were looked for, in order. Of
    /// Kinetics a part is always missing: an accuracy means little without `clips.count` of `listedCount` beside it.
    public var missing: [String]

    /// Annotations from their values.
    public init(source: String, classNames: [String], clips: [ClipRecord], missing: [String] = []) {
        self.source = source
        self.classNames = classNames
        self.clips = clips
        self.missing = missing
    }

    /// How many videos the source names.
    public var listedCount: Int { clips.count + missing.count }

    /// For every label, that of the class with "left" and "right", "clockwise" and "counterclockwise" exchanged in its name:
    /// what a mirrored clip shows. Classes that name none of them stand for themselves. Nil when an exchanged name is no
    /// class; then clips must not be mirrored.
    public var mirroredLabels: [Int]? {
        let labels = Dictionary(classNames.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        var mirrored: [Int] = []
        for name in classNames {
            guard let label = labels[Self.mirrored(name)] else { return nil }
            mirrored.append(label)
        }
        return mirrored
    }

    /// A class name with the words "left" and "right", "clockwise" and "counterclockwise" exchanged.
    static func mirrored(_ name: String) -> String {
        let opposites = [
            "left": "right", "right": "left", "Left": "Right", "Right": "Left", "clockwise": "counterclockwise",
            "counterclockwise": "clockwise", "Clockwise": "Counterclockwise", "Counterclockwise": "Clockwise",
        ]
        var result = "", word = ""
        func take(_ word: String) -> String { opposites[word] ?? word }
        for character in name {
            if character.isLetter {
                word.append(character)
            } else {
                result += take(word) + String(character)
                word = ""
            }
        }
        return result + take(word)
    }
}

/// The videos in a folder and in the folders right in it, found by their names without the ending. A folder of frames is a
/// video too, by its whole name; where a file of the same name is there, the file is taken.
package struct VideoFolder {
    /// Endings of the names of videos, in small letters: those of all containers that are read. What a file really is, its
    /// content tells.
    package static let endings: Set<String> = [
        "mp4", "m4v", "mov", "3gp", "3g2", "mkv", "webm", "avi", "ts", "mts", "m2ts", "mpg", "mpeg", "vob", "flv",
        "gif",
    ]

    let path: String
    /// Paths relative to the folder, ascending, by stem.
    private var byStem: [String: [String]] = [:]
    /// Paths of what may be a folder of frames, by name: it is looked into when it is asked for.
    private var others: [String: [String]] = [:]

    init(path: String) throws {
        guard let entries = Self.names(in: path) else {
            throw AnnotationError(file: path, problem: "there is no such folder", fix: "Name the folder of the videos")
        }
        self.path = path
        for entry in entries.sorted() {
            if Self.isVideo(entry) {
                add(entry)
            } else if !FrameSeries.isFrame(entry) {
                others[entry, default: []].append(entry)
                // What is no folder has no content.
                let files = (Self.names(in: path + "/" + entry) ?? []).filter { !FrameSeries.isFrame($0) }
                for file in files.sorted() {
                    if Self.isVideo(file) {
                        add(entry + "/" + file)
                    } else {
                        others[file, default: []].append(entry + "/" + file)
                    }
                }
            }
        }
    }

    static func isVideo(_ name: String) -> Bool {
        endings.contains((name as NSString).pathExtension.lowercased()) && !name.hasPrefix(".")
    }

    /// The videos right in a folder, ascending: files, and folders of frames without a file beside them.
    ///
    /// - Returns: names in the folder; nil where there is no such folder.
    package static func videos(in path: String) -> [String]? {
        guard let names = names(in: path) else { return nil }
        let files = names.filter(isVideo)
        let stems = Set(files.map { ($0 as NSString).deletingPathExtension })
        let folders = names.filter {
            !isVideo($0) && !FrameSeries.isFrame($0) && !stems.contains($0) && holdsFrames(path + "/" + $0)
        }
        return (files + folders).sorted()
    }

    /// Whether a path is a folder with pictures in it.
    package static func holdsFrames(_ path: String) -> Bool {
        (names(in: path) ?? []).contains(where: FrameSeries.isFrame)
    }

    /// The names in a folder but for hidden ones, in no order; nil where there is no such folder. Foundation takes several
    /// times as long, which counts where each of a hundred thousand videos is a folder.
    private static func names(in path: String) -> [String]? {
        guard let folder = opendir(path) else { return nil }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names
    }

    private mutating func add(_ relative: String) {
        byStem[((relative as NSString).lastPathComponent as NSString).deletingPathExtension, default: []].append(
            relative)
    }

    /// The video called `stem`; of several, the one in a folder of one of these names.
    func find(_ stem: String, in folders: [String]) -> String? {
        func first(of found: [String]) -> String? {
            found.first { path in folders.contains { path.hasPrefix($0 + "/") } } ?? found.first
        }
        if let file = first(of: byStem[stem] ?? []) { return file }
        return others[stem].flatMap { found in first(of: found.filter { Self.holdsFrames(path + "/" + $0) }) }
    }
}
