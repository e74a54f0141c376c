/// Puts several pictures into one.
public enum Montage {
    /// Lays pictures out in rows, from left to right and from top to bottom, each scaled to fit its cell and centred in
    /// it.
    ///
    /// - Parameters:
    ///   - images: The pictures. Without any, the result is one empty cell.
    ///   - captions: The texts above the pictures, in their order, of one line or several; a line too long for its cell
    ///     is cut short. There may be fewer than pictures.
    ///   - columns: The pictures in a row, at least 1.
    ///   - cellWidth: The width of a cell in pixels.
    ///   - cellHeight: The height of a cell in pixels, without its caption.
    ///   - gap: The pixels between cells, and around them all.
    ///   - background: The colour of what no picture covers. Captions are black or white, whichever reads better on it.
    public static func grid(
        _ images: [ByteImage], captions: [String] = [], columns: Int, cellWidth: Int, cellHeight: Int, gap: Int = 8,
        background: Color = Color(hex: 0xF4F4F4)
    ) -> ByteImage {
        precondition(
            columns > 0 && cellWidth > 0 && cellHeight > 0 && gap >= 0,
            "Montage.grid: \(columns) columns of \(cellWidth) x \(cellHeight), gap \(gap)")
        let lines = captions.map { $0.split(separator: "\n", omittingEmptySubsequences: false) }
        let textSize = captions.isEmpty ? 0 : max(11, Double(min(cellWidth, cellHeight)) / 18)
        let lineCount = Double(lines.map(\.count).max() ?? 0)
        let captionHeight = captions.isEmpty ? 0 : Int((textSize * (1.3 * lineCount + 0.3)).rounded(.up))
        let columns = max(1, min(columns, images.count))
        let rows = max(1, (images.count + columns - 1) / columns)
        let rowHeight = cellHeight + captionHeight + gap
        let canvas = Canvas(
            width: columns * (cellWidth + gap) + gap, height: rows * rowHeight + gap, background: background)
        var places: [(x: Int, y: Int)] = []
        for i in images.indices {
            let x = gap + i % columns * (cellWidth + gap), y = gap + i / columns * rowHeight
            places.append((x, y + captionHeight))
            guard i < captions.count else { continue }
            canvas.clipped(x: Double(x), y: Double(y), width: Double(cellWidth), height: Double(captionHeight)) {
                for (line, text) in lines[i].enumerated() {
                    let text = canvas.shortened(
                        String(text), toWidth: Double(cellWidth), size: textSize, isBold: false)
                    canvas.text(
                        text, x: Double(x), y: Double(y) + textSize * (1.1 + 1.3 * Double(line)), size: textSize,
                        color: background.readableTextColor)
                }
            }
        }
        var result = canvas.image()
        for (image, place) in zip(images, places) {
            let scale = min(Double(cellWidth) / Double(image.width), Double(cellHeight) / Double(image.height))
            let width = min(cellWidth, max(1, Int((Double(image.width) * scale).rounded())))
            let height = min(cellHeight, max(1, Int((Double(image.height) * scale).rounded())))
            let fitted = image.resized(width: width, height: height)
            result.overlay(
                fitted, x: place.x + (cellWidth - width) / 2, y: place.y + (cellHeight - height) / 2)
        }
        return result
    }
}
