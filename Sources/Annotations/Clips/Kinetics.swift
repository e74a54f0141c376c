import Foundation
import Support

/// Readers of Kinetics-400 (Kay et al., "The Kinetics Human Action Video Dataset", 2017) in the forms in which it is passed
/// on. All name what is wrong by line, and list the videos that are not there instead of failing.
public enum Kinetics {
    /// Reads DeepMind's CSV: a head with `label`, `youtube_id`, `time_start`, `time_end` and perhaps `split`, then one video a
    /// line. A video is `<id>_<start>_<end>` with six digits for each second, or `<id>`, in `videos` or in a folder in it,
    /// such as that of its class: a file, or a folder of frames.
    ///
    /// - Parameters:
    ///   - path: The CSV, such as `train.csv`.
    ///   - videos: The folder of the videos.
    ///   - split: The split whose lines are taken, where the file has the column; nil takes all.
    ///   - classNames: The classes and their order; nil takes those of the file in alphabetical order.
    /// - Throws: ``AnnotationError`` for a missing file, folder or column, a line without a value or with an unknown class,
    ///   and a video that stands twice.
    public static func readCSV(
        _ path: String, videos: String, split: String? = nil, classNames: [String]? = nil
    ) throws -> ClipAnnotations {
        let lines = try numberedLines(of: path)
        guard let head = lines.first else {
            throw AnnotationError(file: path, problem: "it is empty", fix: "Take the CSV of the data set's release")
        }
        func cells(_ line: (number: Int, text: Substring)) throws -> [String] {
            guard let fields = CSVLine.fields(of: line.text) else {
                throw AnnotationError(
                    file: path, place: "line \(line.number)", problem: "a quote in it is not closed",
                    fix: "Close it; a quote inside of a quoted value stands twice")
            }
            return fields
        }
        let columns = try cells(head)
        func column(_ name: String) throws -> Int {
            guard let index = columns.firstIndex(of: name) else {
                throw AnnotationError(
                    file: path, place: "line 1", problem: "there is no column \"\(name)\"",
                    fix: "The head reads label,youtube_id,time_start,time_end,split")
            }
            return index
        }
        let label = try column("label"), id = try column("youtube_id")
        let start = try column("time_start"), end = try column("time_end")
        let splitColumn = columns.firstIndex(of: "split")
        var listed: [Listed] = []
        for line in lines.dropFirst() {
            let values = try cells(line)
            guard values.count >= columns.count else {
                throw AnnotationError(
                    file: path, place: "line \(line.number)",
                    problem: "it has \(values.count) values for \(columns.count) columns", fix: "Mend the line")
            }
            if let split, let splitColumn, values[splitColumn] != split { continue }
            guard let from = seconds(values[start]), let to = seconds(values[end]), !values[id].isEmpty else {
                throw AnnotationError(
                    file: path, place: "line \(line.number)", problem: "it names no video and no whole seconds",
                    fix: "Mend the line")
            }
            let stems = ["\(values[id])_\(sixDigits(from))_\(sixDigits(to))", values[id]]
            listed.append(Listed(line: line.number, stems: stems, className: values[label]))
        }
        return try match(listed, source: path, videos: videos, classNames: classNames)
    }

    /// Whether a file is DeepMind's CSV, by the names of its columns; else it is a list, whatever its name ends with.
    ///
    /// - Throws: ``AnnotationError`` for a missing file.
    package static func isCSV(_ path: String) throws -> Bool {
        guard let head = try numberedLines(of: path).first else {
            return (path as NSString).pathExtension.lowercased() == "csv"
        }
        let columns = CSVLine.fields(of: head.text) ?? []
        return columns.count > 1 && (columns.contains("label") || columns.contains("youtube_id"))
    }

    /// Reads a list as SlowFast, mmaction2 and PyTorchVideo write it: lines of `path label`, or of `path frames label`, with
    /// spaces, tabs or commas between the values. Paths may hold spaces and commas; they are relative to `videos`, or
    /// absolute and in it. Labels count from 0. A video that stands twice is taken twice.
    ///
    /// - Throws: ``AnnotationError`` for a missing file, a line without a label, a label that is no class, a path that
    ///   leaves the folder, and a video with two labels.
    public static func readList(_ path: String, videos: String, classNames: [String]) throws -> ClipAnnotations {
        var annotations = ClipAnnotations(source: path, classNames: classNames, clips: [])
        var seen: [String: (line: Int, label: Int)] = [:]
        let root = (videos as NSString).standardizingPath + "/"
        for line in try numberedLines(of: path) {
            func wrong(_ problem: String, _ fix: String) -> AnnotationError {
                AnnotationError(file: path, place: "line \(line.number)", problem: problem, fix: fix)
            }
            guard var listed = ListedClip(String(line.text)) else {
                throw wrong("it does not end with a label", "Write a path, a space or a comma, and the label's number")
            }
            guard classNames.indices.contains(listed.label) else {
                throw wrong("label \(listed.label) is none of the \(classNames.count) classes", "Labels count from 0")
            }
            func isThere(_ name: String) -> Bool { FileManager.default.fileExists(atPath: videos + "/" + name) }
            if listed.path.hasPrefix(root) { listed.path.removeFirst(root.count) }
            // The number may also be the end of a name with spaces.
            if let longer = listed.longerPath, !isThere(listed.path), isThere(longer) {
                (listed.path, listed.frames) = (longer, nil)
            }
            guard !listed.path.isEmpty, RelativePath.staysInside(listed.path) else {
                throw wrong(
                    "\"\(listed.path)\" leaves the folder \(videos)", "Write paths relative to the folder of videos")
            }
            if let first = seen[listed.path], first.label != listed.label {
                throw wrong(
                    "\"\(listed.path)\" has label \(listed.label), and on line \(first.line) label \(first.label)",
                    "Take one of the two lines out")
            }
            seen[listed.path] = (line.number, listed.label)
            if isThere(listed.path) {
                annotations.clips.append(ClipRecord(path: listed.path, label: listed.label, frameCount: listed.frames))
            } else {
                annotations.missing.append(listed.path)
            }
        }
        return annotations
    }

    /// Reads a folder with a folder of videos for each class; a folder of frames in that is a video too. Videos are in the
    /// order of their names, and so are classes unless `classNames` gives them.
    ///
    /// - Throws: ``AnnotationError`` where there is no such folder, where none is in it, and for one that is not among
    ///   `classNames`.
    public static func readFolders(_ folder: String, classNames: [String]? = nil) throws -> ClipAnnotations {
        let manager = FileManager.default
        guard let entries = try? manager.contentsOfDirectory(atPath: folder) else {
            throw AnnotationError(
                file: folder, problem: "there is no such folder", fix: "Name the folder of the classes")
        }
        if let name = FolderNames.firstUnreadable(in: folder) {
            throw AnnotationError(
                file: folder, problem: "the name \(name) in it is not UTF-8", fix: "Rename it")
        }
        var found: [(name: String, videos: [String])] = []
        for entry in entries.sorted() where !entry.hasPrefix(".") {
            guard let videos = VideoFolder.videos(in: folder + "/" + entry) else { continue }
            found.append((entry, videos))
        }
        guard !found.isEmpty else {
            throw AnnotationError(
                file: folder, problem: "there are no folders in it", fix: "Put the videos of each class in a folder")
        }
        let names = classNames ?? found.map(\.name)
        let labels = labels(of: names)
        var clips: [ClipRecord] = []
        for (name, videos) in found {
            guard let label = labels[plain(name)] else {
                throw AnnotationError(
                    file: folder, place: name, problem: "it is none of the \(names.count) classes",
                    fix: "Rename the folder, or take it away")
            }
            clips += videos.map { ClipRecord(path: name + "/" + $0, label: label) }
        }
        return ClipAnnotations(source: folder, classNames: names, clips: clips)
    }

    private struct Listed {
        let line: Int
        /// Names under which the video may be found, the best first.
        let stems: [String]
        let className: String
    }

    private static func match(
        _ listed: [Listed], source: String, videos: String, classNames: [String]?
    ) throws -> ClipAnnotations {
        let folder = try VideoFolder(path: videos)
        let names = classNames ?? Set(listed.map(\.className)).sorted()
        let labels = labels(of: names)
        var annotations = ClipAnnotations(source: source, classNames: names, clips: [])
        var seen = Set<String>()
        for video in listed {
            guard let label = labels[plain(video.className)] else {
                throw AnnotationError(
                    file: source, place: "line \(video.line)", problem: "\"\(video.className)\" is none of the classes",
                    fix: "Mend the name, or list the class")
            }
            guard seen.insert(video.stems[0]).inserted else {
                throw AnnotationError(
                    file: source, place: "line \(video.line)", problem: "\(video.stems[0]) stands twice",
                    fix: "Take one of the two lines out")
            }
            let folders = [video.className, video.className.replacingOccurrences(of: " ", with: "_")]
            if let path = video.stems.lazy.compactMap({ folder.find($0, in: folders) }).first {
                annotations.clips.append(ClipRecord(path: path, label: label))
            } else {
                annotations.missing.append(video.stems[0])
            }
        }
        return annotations
    }

    /// Copies of the data set write "riding_a_bike" for "riding a bike".
    private static func plain(_ name: String) -> String { name.replacingOccurrences(of: "_", with: " ") }

    private static func labels(of names: [String]) -> [String: Int] {
        Dictionary(names.enumerated().map { (plain($1), $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// A number of whole seconds, which some copies write as `417.0`.
    private static func seconds(_ text: String) -> Int? { Int(text) ?? Double(text).flatMap(Int.init(exactly:)) }

    private static func sixDigits(_ seconds: Int) -> String {
        let digits = String(seconds)
        return String(repeating: "0", count: max(0, 6 - digits.count)) + digits
    }
}
