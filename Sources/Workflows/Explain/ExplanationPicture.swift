import Foundation
import Media

/// One image beside the heat map of each model.
struct ExplanationPicture {
    let explanations: ImageExplanations
    private let image: ByteImage

    /// - Throws: `MediaError` naming the file.
    init(_ explanations: ImageExplanations) throws {
        self.explanations = explanations
        image = try ImageFile.read(
            explanations.image, options: DecodeOptions(damagedImages: explanations.damage == nil ? .refuse : .accept))
    }

    /// Number of pictures in the row.
    var columns: Int { 1 + explanations.models.count }

    /// The file's name above the image, and model, probability and class above each map. The probability comes before the
    /// class, whose name may not fit.
    var captions: [String] {
        [(explanations.image as NSString).lastPathComponent + "\n\(explanations.width) × \(explanations.height)"]
            + explanations.models.map { "\($0.model)\n\(Self.percent($0.probability)) \($0.class)" }
    }

    /// A percentage with a whole number, or with one decimal below ten.
    static func percent(_ share: Float) -> String {
        String(format: share < 0.0995 ? "%.1f%%" : "%.0f%%", share * 100)
    }

    /// The image, then the image under each heat map, at `scale` times the file's size.
    func cells(scale: Double) -> [ByteImage] {
        func scaled(_ side: Int) -> Int { max(1, Int((Double(side) * scale).rounded())) }
        let base = image.resized(width: scaled(image.width), height: scaled(image.height)).convertedToRGB()
        return [base] + explanations.models.map { base.heated(by: $0.heat, in: $0.region.scaled(by: scale)) }
    }

    /// All pictures in one row, each at the file's size. A small image is enlarged, so that the captions can be read; a large
    /// one is reduced if the row would not fit into one picture.
    func row() -> ByteImage {
        let (shorter, longer) = (Double(min(image.width, image.height)), Double(max(image.width, image.height)))
        let room = Double(Canvas.maximumSide) * 0.9
        let enlarged = max(1, min(Self.readableSide / shorter, 2 * Self.readableSide / longer))
        let scale = min(enlarged, room / Double(image.width * columns), room / Double(image.height))
        let cells = cells(scale: scale)
        return Montage.grid(
            cells, captions: captions, columns: columns, cellWidth: max(cells[0].width, Self.leastCell),
            cellHeight: cells[0].height, gap: max(8, min(cells[0].width, cells[0].height) / 60))
    }

    /// Pixels of the shorter side to which small images are enlarged, within twice as many of the longer side.
    private static let readableSide = 400.0
    /// Least width in pixels of a cell, so that its caption fits.
    private static let leastCell = 240
}

/// Rows of several images below each other, at a small size.
struct ExplanationOverview {
    static let cellWidth = 400
    static let cellHeight = 300

    private(set) var rows = 0
    private var cells: [ByteImage] = []
    private var captions: [String] = []
    private var columns = 1

    mutating func add(_ picture: ExplanationPicture) {
        let size = picture.explanations
        let scale = min(Double(Self.cellWidth) / Double(size.width), Double(Self.cellHeight) / Double(size.height))
        cells += picture.cells(scale: scale)
        captions += picture.captions
        columns = picture.columns
        rows += 1
    }

    func image() -> ByteImage {
        Montage.grid(
            cells, captions: captions, columns: columns, cellWidth: Self.cellWidth, cellHeight: Self.cellHeight)
    }
}

/// Writes a picture for each image, an overview of all, and `explanations.json`.
package struct ExplanationWriter {
    package let folder: RunFolder
    private var names: PictureNames
    private var overview = ExplanationOverview()
    private var overviews = 0
    private let isAlone: Bool

    /// Images on one page of the overview.
    private static let pageRows = 20

    /// - Parameter images: the files that will be explained.
    /// - Throws: `JobError` if the folder can't be made or written to.
    package init(folder: RunFolder, images: [String]) throws {
        try folder.prepare()
        self.folder = folder
        isAlone = images.count == 1
        let pages = (images.count + Self.pageRows - 1) / Self.pageRows
        names = PictureNames(
            folder: folder.path, images: images, reserved: Set((1...max(1, pages)).map(Self.overviewName)))
    }

    private static func overviewName(_ page: Int) -> String { page == 1 ? "overview.jpg" : "overview-\(page).jpg" }

    /// Draws one image's row into a file and remembers its name.
    ///
    /// - Throws: `MediaError` naming the file.
    package mutating func write(_ explanations: inout ImageExplanations) throws {
        let path = names.path(for: explanations.image)
        let picture = try ExplanationPicture(explanations)
        try ImageFile.writeJPEG(picture.row(), to: path)
        explanations.picture = path
        guard !isAlone else { return }
        overview.add(picture)
        if overview.rows == Self.pageRows { try writePage() }
    }

    /// Writes the overview of several images.
    ///
    /// - Returns: the overview's files; none for one image.
    package mutating func finish() throws -> [String] {
        if overview.rows > 0 { try writePage() }
        return overviews == 0 ? [] : (1...overviews).map { folder.path + "/" + Self.overviewName($0) }
    }

    private mutating func writePage() throws {
        overviews += 1
        try ImageFile.writeJPEG(overview.image(), to: folder.path + "/" + Self.overviewName(overviews))
        overview = ExplanationOverview()
    }
}
