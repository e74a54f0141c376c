import Annotations
import Foundation
import Support

/// The places of YOLO's files: Ultralytics' layout with data.yaml, Roboflow's, and a list of classes beside pictures and labels
/// as LabelImg and Label Studio export them.
enum YOLOLayout {
    /// The data.yaml in a folder, or the list of classes of a set without one; nil if there is neither.
    static func configuration(in folder: String) -> String? {
        let files = SetFiles.files(in: folder, endings: ["yaml", "yml"])
        if let named = files.first(where: { ["data", "dataset"].contains(FilePath.withoutEnding($0).lowercased()) }) {
            return folder + "/" + named
        }
        let lists = [SetFiles.classList, "labels/" + SetFiles.classList].map { folder + "/" + $0 }
        if let list = lists.first(where: { SetFiles.isFolder($0) == false }) {
            let texts = SetFiles.files(in: folder, endings: ["txt"]).filter { $0 != SetFiles.classList }
            if SetFiles.isFolder(folder + "/labels") == true || !texts.isEmpty { return list }
        }
        // Any other YAML file may be one, under the set's name.
        return files.first { name in
            guard let text = try? TextFile.read(folder + "/" + name) else { return false }
            return text.contains("names:") && text.contains("train:")
        }.map { folder + "/" + $0 }
    }

    static func read(_ path: String) throws -> DetectionSet {
        let isFolder = SetFiles.isFolder(path) == true
        guard let file = isFolder ? configuration(in: path) : path else {
            throw JobError(
                path, "holds no data.yaml, and no \(SetFiles.classList) with labels; name the YAML file itself")
        }
        let isList = FilePath.name(of: file) == SetFiles.classList
        let configuration =
            try isList
            ? YOLOConfiguration(classList: file, folder: isFolder ? path : SetFiles.folder(of: file))
            : YOLOConfiguration(path: file)
        var keypoints = 0
        let parts = try configuration.parts.map { part in
            let (folder, names) = try pictures(of: part, root: configuration.root)
            guard !names.isEmpty else {
                throw AnnotationError(
                    file: part.places.first?.path ?? folder, problem: "there is no picture in it",
                    fix: "Put the pictures of \(part.name) there, or mend the path in \(file)")
            }
            try requirePictures(of: names, in: folder)
            let read = try parallelMap(
                count: names.count, threads: ProcessInfo.processInfo.activeProcessorCount
            ) { i throws -> (size: ImageSize, content: YOLOLabels.Content?) in
                let picture = folder + "/" + names[i]
                let size = try DetectionSet.size(of: picture)
                let labels = labels(of: picture)
                guard FileManager.default.fileExists(atPath: labels) else { return (size, nil) }
                let content = try YOLOLabels.read(
                    labels, size: size, classNames: configuration.classNames, classSource: configuration.path,
                    keypointNumbers: configuration.keypointNumbers)
                return (size, content)
            }
            var nextID = 1
            let images = zip(names, read).enumerated().map { i, entry in
                let (name, (size, content)) = entry
                var image = ImageRecord(id: i + 1, fileName: name, width: size.width, height: size.height)
                image.objects = content?.objects ?? []
                for j in image.objects.indices {
                    image.objects[j].id = nextID
                    nextID += 1
                }
                keypoints += content?.keypoints ?? 0
                return image
            }
            return DetectionSet.Part(
                name: part.name,
                annotations: DetectionAnnotations(source: file, classNames: configuration.classNames, images: images),
                folder: folder)
        }
        var notes: [String] = []
        if keypoints > 0 { notes.append("\(path): the keypoints of \(keypoints) objects are not kept") }
        return try DetectionSet(source: path, format: .yolo, parts: parts, notes: notes)
    }

    /// The labels of a picture, in the folder `labels` or else beside it: a folder above the set may be called images as well.
    private static func labels(of picture: String) -> String {
        let usual = YOLOLabels.path(ofImage: picture)
        let beside = FilePath.withoutEnding(picture) + ".txt"
        let files = FileManager.default
        return !files.fileExists(atPath: usual) && files.fileExists(atPath: beside) ? beside : usual
    }

    /// The folder that a part's pictures lie in and their paths from there.
    private static func pictures(
        of part: YOLOConfiguration.Part, root: String
    ) throws -> (folder: String, names: [String]) {
        if part.places.count == 1, SetFiles.isFolder(part.places[0].path) == true {
            return (part.places[0].path, SetFiles.pictures(below: part.places[0].path))
        }
        var names: [String] = [], seen = Set<String>()
        func add(_ path: String, _ wrong: (String, String) -> any Error) throws {
            let inside = path.hasPrefix(root + "/") ? String(path.dropFirst(root.count + 1)) : path
            guard RelativePath.staysInside(inside) else {
                throw wrong("\(path) leaves the folder \(root)", "Write paths of pictures in that folder")
            }
            if seen.insert(inside).inserted { names.append(inside) }
        }
        for (path, place) in part.places {
            if SetFiles.isFolder(path) == true {
                for name in SetFiles.pictures(below: path) {
                    try add(path + "/" + name) { RecipeFileError(place, "\($0). \($1)") }
                }
                continue
            }
            for (number, text) in try numberedLines(of: path) {
                var name = String(text.withoutSpaceAround)
                if name.hasPrefix("./") { name.removeFirst(2) }
                try add(name.hasPrefix("/") ? name : SetFiles.folder(of: path) + "/" + name) {
                    AnnotationError(file: path, place: "line \(number)", problem: $0, fix: $1)
                }
            }
        }
        return (root, names)
    }

    /// Checks that every file of labels beside those of the pictures has a picture.
    private static func requirePictures(of names: [String], in folder: String) throws {
        let labels = Set(names.map { self.labels(of: folder + "/" + $0) })
        let alone = Set(labels.map(SetFiles.folder)).sorted().flatMap { labelFolder in
            SetFiles.files(in: labelFolder, endings: ["txt"]).map { labelFolder + "/" + $0 }
        }.filter { !labels.contains($0) && FilePath.name(of: $0) != SetFiles.classList && hasNumbers($0) }
        guard !alone.isEmpty else { return }
        // A list names some of a folder's pictures; the others are no mistake.
        func stem(_ path: String) -> String { FilePath.withoutEnding(FilePath.name(of: path)) }
        let present = Set(SetFiles.pictures(below: folder).map(stem))
        let lost = alone.filter { !present.contains(stem($0)) }
        guard let first = lost.first else { return }
        throw AnnotationError(
            file: first, problem: "there is no picture of these labels in \(folder)",
            fix: "Add the picture, or take the file away"
                + (lost.count > 1 ? "; \(lost.count - 1) more files are alone" : ""))
    }

    /// Whether a text begins with a number, as labels do and a note beside pictures does not.
    private static func hasNumbers(_ file: String) -> Bool {
        guard let line = try? numberedLines(of: file).first else { return false }
        return line.text.split(whereSeparator: \.isWhitespace).first.flatMap { $0.decimalNumber } != nil
    }
}
