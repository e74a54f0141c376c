/// Everything that the dataset doctor looks for.
public enum FindingKind: String, Hashable, Sendable, Codable, CaseIterable {
    /// The annotation file, or one of a split, can't be read.
    case unreadableAnnotations
    /// The annotations list no image.
    case noImage
    /// The classes are not those of the training part.
    case otherClasses
    /// A record lacks a value, or has one of the wrong type.
    case malformedRecord
    /// A file name leads out of the image folder.
    case pathLeavesFolder
    /// An image's record names no file.
    case missingFileName
    /// A picture that is named is not there.
    case missingImage
    /// A picture can't be decoded.
    case undecodableImage
    /// A picture has another size than its record.
    case sizeMismatch
    /// A box has no extent.
    case degenerateBox
    /// A box lies wholly outside its image.
    case boxOutside
    /// Two objects of a class have one box.
    case duplicateBox
    /// An annotation is of an image that is not listed.
    case unknownImage
    /// An annotation is of a class that is not listed.
    case unknownClass
    /// Two images have one id.
    case duplicateImageID
    /// Two annotations have one id.
    case duplicateAnnotationID
    /// Two categories have one id.
    case duplicateCategoryID
    /// Two classes have one name, or nearly.
    case duplicateClassName
    /// A split lists an image twice.
    case duplicateListing
    /// Two objects of a class have boxes that overlap almost wholly.
    case nearlySameBox
    /// Two objects of different classes have one box.
    case sameBoxOtherClass
    /// A box goes on beyond its image by more than a pixel.
    case boxBeyondEdge
    /// An area is larger than its box, or none.
    case inconsistentArea
    /// Two images name one picture.
    case duplicateFileName
    /// An image is in two splits that should share none.
    case overlappingSplits
    /// A class has no object.
    case unusedClass
    /// An image's record has no width and height.
    case missingSize
    /// An annotation file names another picture than its own.
    case fileNameMismatch
    /// The categories' ids are not 1, 2, 3, ….
    case categoryGap
    /// Boxes seem to be counted from pixel 1.
    case oneBasedCoordinates
    /// An image has no objects.
    case emptyImage
    /// A picture is in no split.
    case unlistedImage
    /// A picture decodes, but breaks a rule of its format.
    case irregularImage

    /// How much a finding of this kind matters.
    public var severity: DoctorReport.Severity {
        switch self {
        case .unreadableAnnotations, .noImage, .otherClasses, .malformedRecord, .pathLeavesFolder, .missingFileName,
            .missingImage,
            .undecodableImage, .sizeMismatch, .degenerateBox, .boxOutside, .duplicateBox, .unknownImage,
            .unknownClass, .duplicateImageID, .duplicateAnnotationID, .duplicateCategoryID, .duplicateClassName,
            .duplicateListing:
            .error
        case .nearlySameBox, .sameBoxOtherClass, .boxBeyondEdge, .inconsistentArea, .duplicateFileName,
            .overlappingSplits, .unusedClass, .missingSize, .fileNameMismatch:
            .warning
        case .categoryGap, .oneBasedCoordinates, .emptyImage, .unlistedImage, .irregularImage:
            .note
        }
    }

    /// The heading of its group.
    public var title: String {
        switch self {
        case .unreadableAnnotations: "annotations that can't be read"
        case .noImage: "no image"
        case .otherClasses: "other classes than the training part's"
        case .malformedRecord: "records of the wrong form"
        case .pathLeavesFolder: "file names that leave the folder"
        case .missingFileName: "images without a file name"
        case .missingImage: "pictures that are not there"
        case .undecodableImage: "pictures that can't be decoded"
        case .sizeMismatch: "pictures of another size than recorded"
        case .degenerateBox: "boxes without extent"
        case .boxOutside: "boxes wholly outside their image"
        case .duplicateBox: "the same box twice"
        case .unknownImage: "annotations of an unknown image"
        case .unknownClass: "annotations of an unknown class"
        case .duplicateImageID: "image ids that stand twice"
        case .duplicateAnnotationID: "annotation ids that stand twice"
        case .duplicateCategoryID: "category ids that stand twice"
        case .duplicateClassName: "class names that stand twice"
        case .duplicateListing: "images that a split lists twice"
        case .nearlySameBox: "nearly the same box twice"
        case .sameBoxOtherClass: "the same box with two classes"
        case .boxBeyondEdge: "boxes that go on beyond their image"
        case .inconsistentArea: "areas that don't fit their box"
        case .duplicateFileName: "one picture under two image records"
        case .overlappingSplits: "images in two splits"
        case .unusedClass: "classes without an object"
        case .missingSize: "images without a recorded size"
        case .fileNameMismatch: "annotations that name another picture"
        case .categoryGap: "gaps in the category ids"
        case .oneBasedCoordinates: "coordinates that seem to start at 1"
        case .emptyImage: "images without objects"
        case .unlistedImage: "pictures in no split"
        case .irregularImage: "pictures that decode, but break a rule of their format"
        }
    }

    /// What to do, unless a finding says something closer.
    var advice: String {
        switch self {
        case .unreadableAnnotations, .malformedRecord: "Mend the record, or write the file again"
        case .noImage: "List images: of none nothing is learned, and nothing measured"
        case .otherClasses: "Call the classes alike in both parts, or name them all in data.classes"
        case .pathLeavesFolder: "Write names relative to the image folder, without \"..\""
        case .missingFileName: "Add \"file_name\", relative to the image folder"
        case .missingImage: "Copy the picture there, or take its record and annotations out"
        case .undecodableImage: "Replace the picture, or take its record and annotations out"
        case .sizeMismatch: "Record the picture's own size, and check that its boxes were drawn on that size"
        case .degenerateBox: "Draw the box again, or take the annotation out: a slip of the mouse, as a rule"
        case .boxOutside: "Check that the annotation belongs to this image and to its size"
        case .duplicateBox: "Take one of the two annotations out"
        case .unknownImage: "Take the annotations out, or add the image's record"
        case .unknownClass: "Mend the class, or add it to the categories"
        case .duplicateImageID, .duplicateAnnotationID, .duplicateCategoryID: "Give every record an id of its own"
        case .duplicateClassName: "Merge the two classes, or rename one"
        case .duplicateListing: "Take one of the two lines out"
        case .nearlySameBox: "Look at the picture: often one object was annotated twice by accident"
        case .sameBoxOtherClass: "Look at the picture and keep the right class"
        case .boxBeyondEdge: "Clip the boxes to their image"
        case .inconsistentArea:
            "Record the area of the outline, or width × height: COCO's small, medium and large go by it"
        case .duplicateFileName: "Merge the two records and their annotations"
        case .overlappingSplits: "Take the images out of one split, or validation measures what was trained on"
        case .unusedClass: "Take the class out, or expect no number for it"
        case .missingSize: "Add \"width\" and \"height\": grouping by shape needs them"
        case .fileNameMismatch: "Pictures are found by the annotation file's own name; mend <filename>"
        case .categoryGap: "Nothing needs doing: labels follow the order of the ids"
        case .oneBasedCoordinates: "Subtract 1 if the boxes come from VOC's 1-based pixels; a shift of one pixel else"
        case .emptyImage: "Nothing needs doing if they show nothing: they train as background"
        case .unlistedImage: "Add them to ImageSets/Main if they are meant to be used"
        case .irregularImage: "Nothing needs doing; write the picture again to silence this"
        }
    }
}
