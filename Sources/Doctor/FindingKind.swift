/// Everything that the dataset doctor looks for.
public enum FindingKind: String, Hashable, Sendable, Codable, CaseIterable {
    /// The annotation file, or one of a split, can't be read.
    case unreadableAnnotations
    /// The annotations list no image.
    case noImage
    /// The validation part has other classes than the training part.
    case otherClasses
    /// A record lacks a value, or has one of the wrong type.
    case malformedRecord
    /// A file name leads outside the image folder.
    case pathLeavesFolder
    /// An image's record names no file.
    case missingFileName
    /// The file of a picture does not exist.
    case missingImage
    /// A picture can't be decoded.
    case undecodableImage
    /// A picture has another size than its record.
    case sizeMismatch
    /// A box has no area.
    case degenerateBox
    /// A box lies completely outside its image.
    case boxOutside
    /// Two objects of a class have the same box.
    case duplicateBox
    /// An annotation belongs to an image that is not listed.
    case unknownImage
    /// An annotation has a class that is not listed.
    case unknownClass
    /// Two images have the same id.
    case duplicateImageID
    /// Two annotations have the same id.
    case duplicateAnnotationID
    /// Two categories have the same id.
    case duplicateCategoryID
    /// Two classes have the same name, or nearly.
    case duplicateClassName
    /// A split lists an image twice.
    case duplicateListing
    /// A picture is damaged, but can be decoded as far as it goes.
    case damagedImage
    /// A box whose corners, both inclusive, are one point: a single pixel.
    case singlePixelBox
    /// Two objects of a class have nearly the same box.
    case nearlySameBox
    /// Two objects of different classes have the same box.
    case sameBoxOtherClass
    /// A box extends beyond its image by more than a pixel.
    case boxBeyondEdge
    /// An area is larger than its box, or not above 0.
    case inconsistentArea
    /// Boxes look like fractions of their image.
    case fractionalBox
    /// Boxes look like two corners where a corner and an extent belong.
    case cornerBox
    /// An annotation has the id 0.
    case annotationIDZero
    /// A category has no name.
    case missingClassName
    /// Pictures would be found if their names were changed in one way.
    case changedFileNames
    /// Two images name the same picture.
    case duplicateFileName
    /// An image is in two splits that should have no image in common.
    case overlappingSplits
    /// A class has no object.
    case unusedClass
    /// An image's record has no width and height.
    case missingSize
    /// An annotation file names another picture than the one that it is named after.
    case fileNameMismatch
    /// A category groups others and is no class.
    case groupCategory
    /// File names were changed as told.
    case renamedFiles
    /// The ids of the categories are not 1, 2, 3, ….
    case categoryGap
    /// The coordinates of boxes seem to start at 1.
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
        case .damagedImage, .singlePixelBox, .nearlySameBox, .sameBoxOtherClass, .boxBeyondEdge, .inconsistentArea,
            .fractionalBox, .cornerBox, .annotationIDZero, .missingClassName, .changedFileNames, .duplicateFileName,
            .overlappingSplits, .unusedClass, .missingSize, .fileNameMismatch:
            .warning
        case .groupCategory, .renamedFiles, .categoryGap, .oneBasedCoordinates, .emptyImage, .unlistedImage,
            .irregularImage:
            .note
        }
    }

    /// The heading over findings of this kind.
    public var title: String {
        switch self {
        case .unreadableAnnotations: "annotations that can't be read"
        case .noImage: "no image"
        case .otherClasses: "other classes than the training part's"
        case .malformedRecord: "records of the wrong form"
        case .pathLeavesFolder: "file names that leave the folder"
        case .missingFileName: "images without a file name"
        case .missingImage: "pictures that do not exist"
        case .undecodableImage: "pictures that can't be decoded"
        case .sizeMismatch: "pictures of another size than recorded"
        case .degenerateBox: "boxes without area"
        case .boxOutside: "boxes completely outside their image"
        case .duplicateBox: "the same box twice"
        case .unknownImage: "annotations of an unknown image"
        case .unknownClass: "annotations of an unknown class"
        case .duplicateImageID: "image ids used twice"
        case .duplicateAnnotationID: "annotation ids used twice"
        case .duplicateCategoryID: "category ids used twice"
        case .duplicateClassName: "class names used twice"
        case .duplicateListing: "images that a split lists twice"
        case .damagedImage: "pictures that are damaged, but can be decoded"
        case .singlePixelBox: "boxes of a single pixel"
        case .nearlySameBox: "nearly the same box twice"
        case .sameBoxOtherClass: "the same box with two classes"
        case .boxBeyondEdge: "boxes that extend beyond their image"
        case .inconsistentArea: "areas that don't fit their box"
        case .fractionalBox: "boxes that look like fractions of their image"
        case .cornerBox: "boxes that look like two corners"
        case .annotationIDZero: "annotations with the id 0"
        case .missingClassName: "categories without a name"
        case .changedFileNames: "pictures that other names would find"
        case .duplicateFileName: "one picture under two image records"
        case .overlappingSplits: "images in two splits"
        case .unusedClass: "classes without an object"
        case .missingSize: "images without a recorded size"
        case .fileNameMismatch: "annotations that name another picture"
        case .groupCategory: "categories that only group others"
        case .renamedFiles: "file names that were changed as told"
        case .categoryGap: "gaps in the category ids"
        case .oneBasedCoordinates: "coordinates that seem to start at 1"
        case .emptyImage: "images without objects"
        case .unlistedImage: "pictures in no split"
        case .irregularImage: "pictures that decode, but break a rule of their format"
        }
    }

    /// What to do, unless a finding has advice of its own.
    var advice: String {
        switch self {
        case .unreadableAnnotations, .malformedRecord: "Correct the record, or write the file again"
        case .noImage: "List images: without any, nothing can be learned or measured"
        case .otherClasses: "Use the same class names in both parts, or list them all in data.classes"
        case .pathLeavesFolder: "Write names relative to the image folder, without \"..\""
        case .missingFileName: "Add \"file_name\", relative to the image folder"
        case .missingImage: "Copy the picture there, or remove its record and annotations"
        case .undecodableImage: "Replace the picture, or remove its record and annotations"
        case .sizeMismatch: "Record the picture's own size, and check that its boxes were drawn on that size"
        case .degenerateBox: "Draw the box again, or remove the annotation, which is usually a slip of the mouse"
        case .boxOutside: "Check that the annotation belongs to this image and to its size"
        case .duplicateBox: "Remove one of the two annotations"
        case .unknownImage: "Remove the annotations, or add the image's record"
        case .unknownClass: "Correct the class, or add it to the categories"
        case .duplicateImageID, .duplicateAnnotationID, .duplicateCategoryID: "Give every record an id of its own"
        case .duplicateClassName: "Merge the two classes, or rename one"
        case .duplicateListing: "Remove one of the two lines"
        case .damagedImage:
            "Replace the picture, or accept it as it comes out, with data.damaged_images: accept; by default it is refused"
        case .singlePixelBox: "Look at the picture: both corners at one point are usually a slip of the mouse"
        case .nearlySameBox: "Look at the picture: often one object was annotated twice by accident"
        case .sameBoxOtherClass: "Look at the picture and keep the right class"
        case .boxBeyondEdge: "Clip the boxes to their image"
        case .inconsistentArea:
            "Record the area of the outline, or width × height: COCO's sizes small, medium and large depend on it"
        case .fractionalBox:
            "Multiply x and width by the image's width, y and height by its height: COCO's boxes are in pixels"
        case .cornerBox: "Write [x, y, width, height], where width is x2 − x1 and height is y2 − y1"
        case .annotationIDZero: "Number annotations from 1: COCO's rule never counts a detection of id 0 as right"
        case .missingClassName: "Add \"name\": without one, the class is called by its id"
        case .changedFileNames: "Change the names, or have them changed with these keys of a recipe or these options"
        case .duplicateFileName: "Merge the two records and their annotations"
        case .overlappingSplits: "Remove the images from one split, or validation measures images of training"
        case .unusedClass: "Remove the class, or expect no number for it"
        case .missingSize: "Add \"width\" and \"height\": grouping by shape needs them"
        case .fileNameMismatch: "Correct <filename>; pictures are found by the annotation file's own name"
        case .groupCategory: "Nothing needs to be done: it is no class"
        case .renamedFiles: "Nothing needs to be done: training with the same keys does the same"
        case .categoryGap: "Nothing needs to be done: labels follow the order of the ids"
        case .oneBasedCoordinates: "Subtract 1 if the boxes come from VOC's 1-based pixels, or they are off by a pixel"
        case .emptyImage: "Nothing needs to be done if they show no object: they train as background"
        case .unlistedImage: "Add them to ImageSets/Main if they are meant to be used"
        case .irregularImage: "Nothing needs to be done; write the picture again to silence this"
        }
    }
}
