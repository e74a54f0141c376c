import Annotations
import Foundation
import Support

/// The parts of a set as a format can hold them: every picture with a name of its own, no object that the format has no word
/// for, and notes on what is lost.
struct NamedSet {
    let parts: [DetectionSet.Part]
    let notes: [String]

    init(_ set: DetectionSet, format: DetectionFormat) throws {
        try Self.requireNames(set, format: format)
        var notes: [String] = []
        var parts = set.parts
        if format == .yolo || format == .voc { Self.leaveCrowdsOut(of: &parts, format, &notes) }
        Self.noteFlags(parts, format, &notes)
        // VOC has one folder for the pictures of all parts, and no folders in it.
        var taken = Set<String>(), renamed: [(before: String, after: String)] = []
        for p in parts.indices {
            if format != .voc { taken = [] }
            parts[p].annotations = parts[p].annotations.changingImages { image in
                let name = Self.name(for: image.fileName, format: format, taken: &taken)
                if name != image.fileName { renamed.append((image.fileName, name)) }
                image.fileName = name
            }
        }
        if let first = renamed.first {
            notes.append("\(renamed.count) pictures have other names, such as \(first.after) for \(first.before)")
        }
        if format == .yolo {
            let keys = ["train", "val", "test"]
            for part in parts where !keys.contains(part.name) {
                notes.append(
                    "part \(part.name) is no key that programs read in data.yaml; they read \(keys.joined(separator: ", "))"
                )
            }
        }
        self.parts = parts
        self.notes = notes
    }

    /// Checks that the names of classes, pictures and parts can stand in the format's files.
    private static func requireNames(_ set: DetectionSet, format: DetectionFormat) throws {
        func isBroken(_ name: String) -> Bool { name.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F } }
        for part in set.parts {
            guard !part.name.contains("/"), !part.name.isEmpty, !part.name.hasPrefix("."), !isBroken(part.name) else {
                throw AnnotationError(
                    file: set.source, problem: "a part is called \"\(part.name)\", which can't name a file",
                    fix: "Call it train, val or test")
            }
            let names = (0..<part.annotations.imageCount).lazy.map(part.annotations.fileName)
            if format == .csv || format == .voc, let name = names.first(where: isBroken) {
                throw AnnotationError(
                    file: part.annotations.source,
                    problem: "the picture \"\(name)\" has a line end or the like in its name", fix: "Rename it")
            }
        }
        if format != .coco,
            let name = set.classNames.first(where: {
                isBroken($0) || $0.withoutSpaceAround.count != $0.count || $0.isEmpty
            })
        {
            throw AnnotationError(
                file: set.source,
                problem: "class \"\(name)\" has a line end, or a space at its end, which \(format.title) can't hold",
                fix: "Rename the class")
        }
    }

    private static func leaveCrowdsOut(
        of parts: inout [DetectionSet.Part], _ format: DetectionFormat, _ notes: inout [String]
    ) {
        var crowds = 0
        for p in parts.indices where parts[p].annotations.flags.contains(where: { $0.contains(.crowd) }) {
            parts[p].annotations = parts[p].annotations.changingImages { image in
                let kept = image.objects.filter { !$0.flags.contains(.crowd) }
                crowds += image.objects.count - kept.count
                image.objects = kept
            }
        }
        if crowds > 0 {
            notes.append(
                "\(crowds) crowds are left out: \(format.title) has no word for them, and they are no single objects")
        }
    }

    private static func noteFlags(
        _ parts: [DetectionSet.Part], _ format: DetectionFormat, _ notes: inout [String]
    ) {
        let lost: [(flag: ObjectFlags, words: String)] =
            switch format {
            case .coco: [(.difficult, "difficult"), (.truncated, "truncated")]
            case .voc: [(.ignore, "ignore")]
            case .yolo: [(.difficult, "difficult"), (.truncated, "truncated"), (.ignore, "ignore")]
            case .csv: []
            }
        for (flag, words) in lost {
            let count = parts.reduce(0) { $0 + $1.annotations.flags.count { $0.contains(flag) } }
            if count > 0 {
                notes.append(
                    "\(count) objects are marked \(words), which \(format.title) can't say; they are kept without")
            }
        }
        func count(_ predicate: (ObjectRecord) -> Bool) -> Int {
            parts.reduce(0) { sum, part in
                sum + (0..<part.annotations.objectCount).count { predicate(part.annotations.object($0)) }
            }
        }
        let outlines = format == .voc || format == .csv ? count { $0.outline != nil } : 0
        if outlines > 0 {
            notes.append("\(outlines) outlines are not kept: \(format.title) holds boxes")
        }
        guard format == .voc || format == .yolo else { return }
        let areas = count { $0.hasAreaOfItsOwn && (format == .voc || $0.outline == nil) }
        if areas > 0 {
            notes.append(
                "\(areas) objects have areas of outlines, which \(format.title) can't say; those of boxes take their place"
            )
        }
    }

    /// A name for a picture that no other has: for YOLO and VOC, whose files of annotations are called after it, without its
    /// ending.
    private static func name(for fileName: String, format: DetectionFormat, taken: inout Set<String>) -> String {
        var folders: [Substring] = []
        for part in fileName.split(separator: "/") where part != "." {
            if part == ".." { _ = folders.popLast() } else { folders.append(part) }
        }
        let plain = folders.joined(separator: format == .voc ? "_" : "/")
        let stem = FilePath.withoutEnding(plain), ending = FilePath.ending(of: plain)
        let byStem = format == .voc || format == .yolo
        var name = plain, number = 2
        while !taken.insert(byStem ? FilePath.withoutEnding(name) : name).inserted {
            name = "\(stem)_\(number)\(ending)"
            number += 1
        }
        return name
    }
}
