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
    package let categoryNames: [String]
    package let categoryFlags: [RecordFlags]

    /// Reads a file; the faults of its records are kept.
    ///
    /// - Throws: ``AnnotationError`` for what ends the reading: no such file, broken JSON.
    package init(path: String, threads: Int? = nil) throws {
        let file = try COCOFile(path: path, kind: CS_INSTANCES, threads: threads)
        if file.isFatal, let first = file.faults.first { throw first.error }
        try self.init(file)
    }

    init(_ file: COCOFile) throws {
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
        imageNames = StringColumn(bytes: file.take(CS_IMAGE_NAME_BYTES), ends: file.integers(CS_IMAGE_NAME_END))
        annotationIDs = file.integers(CS_ANNOTATION_ID)
        annotationImages = file.integers(CS_ANNOTATION_IMAGE)
        annotationCategories = file.integers(CS_ANNOTATION_CATEGORY)
        x = file.take(CS_ANNOTATION_X)
        y = file.take(CS_ANNOTATION_Y)
        width = file.take(CS_ANNOTATION_WIDTH)
        height = file.take(CS_ANNOTATION_HEIGHT)
        area = file.take(CS_ANNOTATION_AREA)
        annotationFlags = file.take(CS_ANNOTATION_FLAGS)
        categoryIDs = file.integers(CS_CATEGORY_ID)
        categoryFlags = file.take(CS_CATEGORY_FLAGS)
        let names = StringColumn(
            bytes: file.take(CS_CATEGORY_NAME_BYTES), ends: file.integers(CS_CATEGORY_NAME_END))
        categoryNames = (0..<names.count).map { names[$0] }
    }

    package var imageCount: Int { imageIDs.count }
    package var annotationCount: Int { annotationIDs.count }

    package func fileName(_ i: Int) -> String { imageNames[i] }

    func fileNameIsSafe(_ i: Int) -> Bool { RelativePath.staysInside(imageNames.utf8(i)) }
}
