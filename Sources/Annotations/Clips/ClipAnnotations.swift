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

/// The videos in a folder and in the folders right in it, found by their names without the ending.
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

    init(path: String) throws {
        let manager = FileManager.default
        guard let entries = try? manager.contentsOfDirectory(atPath: path) else {
            throw AnnotationError(file: path, problem: "there is no such folder", fix: "Name the folder of the videos")
        }
        self.path = path
        for entry in entries.sorted() where !entry.hasPrefix(".") {
            if Self.isVideo(entry) {
                add(entry)
            } else {
                // What is no folder has no content.
                let files = (try? manager.contentsOfDirectory(atPath: path + "/" + entry)) ?? []
                for file in files.sorted() where Self.isVideo(file) { add(entry + "/" + file) }
            }
        }
    }

    static func isVideo(_ name: String) -> Bool {
        endings.contains((name as NSString).pathExtension.lowercased()) && !name.hasPrefix(".")
    }

    private mutating func add(_ relative: String) {
        byStem[((relative as NSString).lastPathComponent as NSString).deletingPathExtension, default: []].append(
            relative)
    }

    /// The video called `stem`; of several, the one in a folder of one of these names.
    func find(_ stem: String, in folders: [String]) -> String? {
        guard let found = byStem[stem] else { return nil }
        return found.first { path in folders.contains { path.hasPrefix($0 + "/") } } ?? found.first
    }
}
