import CSimdJSON

/// Every record of a COCO instances file as it stands there, in file order and unchecked: what the readers build on
/// and the dataset doctor looks at.
package struct COCORecords: Sendable {
    /// What a record says beyond its numbers, and whether they can be used.
    package struct RecordFlags: OptionSet, Sendable {
        package let rawValue: UInt8
        package init(rawValue: UInt8) { self.rawValue = rawValue }

        package static let crowd = RecordFlags(rawValue: UInt8(CS_FLAG_CROWD))
        package static let ignore = RecordFlags(rawValue: UInt8(CS_FLAG_IGNORE))
        package static let hasArea = RecordFlags(rawValue: UInt8(CS_FLAG_HAS_AREA))
        package static let hasSize = RecordFlags(rawValue: UInt8(CS_FLAG_HAS_SIZE))
        package static let hasName = RecordFlags(rawValue: UInt8(CS_FLAG_HAS_NAME))
        /// A fault of the record is in `faults`; its values are not to be used.
        package static let malformed = RecordFlags(rawValue: UInt8(CS_FLAG_MALFORMED))
    }

    package let source: String
    /// Sections that the file lacks.
    package let missingSections: [String]
    package let faults: [COCOFault]
    package let faultCount: Int

    package let imageIDs: [Int]
    package let imageWidths: [Int]
    package let imageHeights: [Int]
    package let imageFlags: [RecordFlags]
    let imageNames: StringColumn
    /// The texts of every annotation's "segmentation"; nil where they were not to be kept.
    let outlineTexts: StringColumn?
    /// How many file names the map changed, and the first of them as it was and as it is; nil without a map.
    let renamedFiles: (count: Int, before: String, after: String)?

    package let annotationIDs: [Int]
    package let annotationImages: [Int]
    package let annotationCategories: [Int]
    package let x: [Double]
    package let y: [Double]
    package let width: [Double]
    package let height: [Double]
    /// Meaningless without `hasArea`.
    package let area: [Double]
    package let annotationFlags: [RecordFlags]

    package let categoryIDs: [Int]
    /// As in the file; empty where it does not say.
    private let namesInFile: [String]
    /// The "supercategory" of every category; empty where the file does not say.
    private let categoryGroups: [String]
    package let categoryFlags: [RecordFlags]

    /// Reads a file; the faults of its records are kept. File names are those that `fileNames` makes of them.
    ///
    /// - Throws: ``AnnotationError`` for what ends the reading: no such file, broken JSON.
    package init(path: String, fileNames: FileNameMap = FileNameMap(), threads: Int? = nil) throws {
        let file = try COCOFile(path: path, kind: CS_INSTANCES, threads: threads)
        if file.isFatal, let first = file.faults.first { throw first.error }
        self.init(file, fileNames: fileNames)
    }

    init(_ file: COCOFile, fileNames: FileNameMap) {
        source = file.path
        faults = file.faults
        faultCount = file.faultCount
        let sections: [(cs_section, String)] = [
            (CS_SECTION_IMAGES, "images"), (CS_SECTION_ANNOTATIONS, "annotations"),
            (CS_SECTION_CATEGORIES, "categories"),
        ]
        missingSections = sections.filter { !file.has($0.0) }.map(\.1)
        imageIDs = file.integers(CS_IMAGE_ID)
        imageWidths = file.integers(CS_IMAGE_WIDTH)
        imageHeights = file.integers(CS_IMAGE_HEIGHT)
        imageFlags = file.take(CS_IMAGE_FLAGS)
        let names = StringColumn(bytes: file.take(CS_IMAGE_NAME_BYTES), ends: file.integers(CS_IMAGE_NAME_END))
        (imageNames, renamedFiles) = names.mapped(by: fileNames)
        annotationIDs = file.integers(CS_ANNOTATION_ID)
        annotationImages = file.integers(CS_ANNOTATION_IMAGE)
        annotationCategories = file.integers(CS_ANNOTATION_CATEGORY)
        x = file.take(CS_ANNOTATION_X)
        y = file.take(CS_ANNOTATION_Y)
        width = file.take(CS_ANNOTATION_WIDTH)
        height = file.take(CS_ANNOTATION_HEIGHT)
        area = file.take(CS_ANNOTATION_AREA)
        annotationFlags = file.take(CS_ANNOTATION_FLAGS)
        outlineTexts =
            file.kind == CS_OUTLINED
            ? StringColumn(
                bytes: file.take(CS_ANNOTATION_OUTLINE_BYTES), ends: file.integers(CS_ANNOTATION_OUTLINE_END)) : nil
        categoryIDs = file.integers(CS_CATEGORY_ID)
        categoryFlags = file.take(CS_CATEGORY_FLAGS)
        namesInFile = file.strings(CS_CATEGORY_NAME_BYTES, CS_CATEGORY_NAME_END)
        categoryGroups = file.strings(CS_CATEGORY_GROUP_BYTES, CS_CATEGORY_GROUP_END)
    }

    /// Whether a category says what it is called.
    package func isNamed(category k: Int) -> Bool { !namesInFile[k].allSatisfy(\.isWhitespace) }

    /// What a category is called everywhere: its name, or else its id in words.
    package func className(_ k: Int) -> String {
        isNamed(category: k) ? namesInFile[k] : "category \(categoryIDs[k])"
    }

    /// Categories that are no classes: they have no object, belong to no category themselves, and others name them as their
    /// "supercategory". Roboflow writes one at the head of every export, often under the name of a class. One that
    /// `classNames` lists stays a class, unless another category has its name.
    package func groupCategories(besides classNames: [String]?) -> [Int] {
        let candidates = categoryIDs.indices.filter { k in
            guard isNamed(category: k), ["", "none"].contains(categoryGroups[k].lowercased()) else { return false }
            let name = namesInFile[k]
            let others = categoryIDs.indices.filter { $0 != k }
            guard others.contains(where: { categoryGroups[$0] == name }) else { return false }
            return classNames?.contains(name) != true || others.contains { namesInFile[$0] == name }
        }
        guard !candidates.isEmpty else { return [] }
        let used = Set(annotationCategories)
        return candidates.filter { !used.contains(categoryIDs[$0]) }
    }

    /// The outlines of the annotations at these positions, by their places in the list.
    func outlines(of positions: [Int32]) -> [Int: ObjectOutline] {
        guard let outlineTexts else { return [:] }
        var outlines: [Int: ObjectOutline] = [:]
        for (place, j) in positions.enumerated() {
            outlines[place] = ObjectOutline(json: outlineTexts.utf8(Int(j)))
        }
        return outlines
    }

    /// How many annotations have a "segmentation" that says something, be it an outline or not.
    var outlineTextCount: Int {
        guard let outlineTexts else { return 0 }
        return (0..<outlineTexts.count).count { !ObjectOutline.isNone(json: outlineTexts.utf8($0)) }
    }

    package var imageCount: Int { imageIDs.count }
    package var annotationCount: Int { annotationIDs.count }

    package func fileName(_ i: Int) -> String { imageNames[i] }

    /// The size of image `i`, zeros where the file does not say; nil for numbers that no size has.
    func imageSize(_ i: Int) -> (width: Int32, height: Int32)? {
        guard let width = Int32(exactly: imageWidths[i]), let height = Int32(exactly: imageHeights[i]) else {
            return nil
        }
        return (width, height)
    }

    func fileNameIsSafe(_ i: Int) -> Bool { RelativePath.staysInside(imageNames.utf8(i)) }
}

extension StringColumn {
    /// The names that a map makes of these, how many it changed, and the first of those as it was and as it is.
    fileprivate func mapped(by map: FileNameMap) -> (StringColumn, (count: Int, before: String, after: String)?) {
        guard !map.isIdentity else { return (self, nil) }
        var result = StringColumn()
        var renamed = (count: 0, before: "", after: "")
        for i in 0..<count {
            let path = map.path(of: self[i])
            if !path.utf8.elementsEqual(utf8(i)) {
                if renamed.count == 0 { (renamed.before, renamed.after) = (self[i], path) }
                renamed.count += 1
            }
            result.append(path)
        }
        return (result, renamed)
    }
}
