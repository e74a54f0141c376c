/// Several pictures in one.
public enum Montage {
    /// Lays `images` out in rows of `columns`, each scaled to fit a cell of `cellWidth` x `cellHeight` pixels and centred
    /// in it, with `gap` pixels around every cell and a caption, where there is one, above its picture: of one line or
    /// several, each cut short where the cell is too narrow for it.
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
