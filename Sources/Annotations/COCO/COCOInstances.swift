import CSimdJSON

/// A COCO instances file that was read to be used: its annotations, and what a person should know of how they were read.
package struct COCOInstances: Sendable {
    package let annotations: DetectionAnnotations
    /// What reading changed, in a line each: categories that were left out, file names that a map changed.
    package let notes: [String]

    /// Every category is a class.
    init(
        _ path: String, unknownReferences: COCO.UnknownReferences, fileNames: COCO.FileNames, threads: Int? = nil
    ) throws {
        try self.init(
            path, unknownReferences: unknownReferences, fileNames: fileNames, leavesGroupsOut: false, besides: nil,
            threads: threads)
    }

    /// Reads a file to train or to measure on, without categories that only group others.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - classNames: Classes that are known already, which stay whatever they look like.
    ///   - fileNames: What becomes of file names.
    ///   - keepsOutlines: Whether objects get their outlines (`segmentation`), which take most of a file's memory.
    /// - Throws: ``AnnotationError`` as ``COCO/readInstances(_:unknownReferences:fileNames:threads:)`` does.
    package init(
        _ path: String, classNames: [String]?, fileNames: COCO.FileNames = .inFolder(FileNameMap()),
        keepsOutlines: Bool = false
    ) throws {
        try self.init(
            path, unknownReferences: .fail, fileNames: fileNames, leavesGroupsOut: true, besides: classNames,
            keepsOutlines: keepsOutlines)
    }

    private init(
        _ path: String, unknownReferences: COCO.UnknownReferences, fileNames: COCO.FileNames, leavesGroupsOut: Bool,
        besides classNames: [String]?, threads: Int? = nil, keepsOutlines: Bool = false
    ) throws {
        let file = try COCOFile(path: path, kind: keepsOutlines ? CS_OUTLINED : CS_INSTANCES, threads: threads)
        try file.check()
        let records =
            if case .inFolder(let map) = fileNames {
                COCORecords(file, fileNames: map)
            } else {
                COCORecords(file, fileNames: FileNameMap())
            }
        let groups = leavesGroupsOut ? records.groupCategories(besides: classNames) : []
        annotations = try DetectionAnnotations(
            records, unknownReferences: unknownReferences, fileNames: fileNames, leftOut: groups)
        let strange = records.outlineTextCount - annotations.outlines.count
        notes =
            groups.map { "\(path): \(records.groupNote($0))" }
            + [
                records.renamingNote.map { "\(path): \($0)" },
                strange == 0
                    ? nil
                    : "\(path): \(strange) outlines (segmentation) are neither polygons of three or more points nor masks, and "
                        + "are not kept",
            ].compactMap(\.self)
    }
}

extension COCORecords {
    /// Why a category is left out, in words.
    package func groupNote(_ k: Int) -> String {
        "category \(categoryIDs[k]) (\(className(k))) is left out: it has no object, and other categories name it as their "
            + "supercategory"
    }

    /// What the map of file names did, in words; nil if there is none.
    package var renamingNote: String? {
        guard let renamedFiles else { return nil }
        let (count, before, after) = renamedFiles
        return "\(count) of \(imageCount) file names were changed as told"
            + (count > 0 ? ", such as \"\(before)\" to \"\(after)\"" : "")
    }
}
