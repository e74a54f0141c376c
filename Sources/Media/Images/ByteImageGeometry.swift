import CMedia
import Glibc

extension ByteImage {
    /// The picture mirrored left to right.
    public func flippedHorizontally() -> ByteImage { oriented(2) }

    /// The picture mirrored top to bottom.
    public func flippedVertically() -> ByteImage { oriented(4) }

    /// The picture upright, if it was stored with the EXIF orientation `orientation`, 1 (upright already) to 8. The
    /// values 5 to 8 swap width and height. Pillow's `ImageOps.exif_transpose` does this.
    public func oriented(_ orientation: Int) -> ByteImage {
        precondition((1...8).contains(orientation), "ByteImage.oriented: no EXIF orientation \(orientation)")
        guard orientation > 1 else { return self }
        let turned = orientation >= 5
        return ByteImage(width: turned ? height : width, height: turned ? width : height, channels: channels) {
            target in
            withUnsafeBytes { source in
                cm_orient(
                    source.bytePointer, Int32(width), Int32(height), Int32(channels), Int32(orientation),
                    target.bytePointer)
            }
        }
    }

    /// The part of `width` x `height` pixels whose top left pixel is (`x`, `y`). It must lie inside the picture.
    public func cropped(x: Int, y: Int, width: Int, height: Int) -> ByteImage {
        precondition(
            x >= 0 && y >= 0 && width > 0 && height > 0 && x + width <= self.width && y + height <= self.height,
            "ByteImage.cropped: \(width) x \(height) at (\(x), \(y)) is not inside \(self)")
        if width == self.width && height == self.height { return self }
        return ByteImage(width: width, height: height, channels: channels) { target in
            withUnsafeBytes { source in
                copyRows(
                    source, pitch: self.width * channels, offset: (y * self.width + x) * channels, to: target,
                    pitch: width * channels, offset: 0, rows: height, bytes: width * channels)
            }
        }
    }

    /// The picture with more pixels around it, as torchvision's `pad` adds them.
    ///
    /// - Parameters:
    ///   - left: Columns to add before the first, at least 0.
    ///   - top: Rows to add above the first, at least 0.
    ///   - right: Columns to add after the last, at least 0.
    ///   - bottom: Rows to add below the last, at least 0.
    ///   - fill: The new pixels' colour: one value for all channels, or one for each.
    public func padded(left: Int = 0, top: Int = 0, right: Int = 0, bottom: Int = 0, fill: [UInt8] = [0]) -> ByteImage {
        precondition(
            left >= 0 && top >= 0 && right >= 0 && bottom >= 0,
            "ByteImage.padded: negative padding (\(left), \(top), \(right), \(bottom))")
        precondition(
            fill.count == 1 || fill.count == channels,
            "ByteImage.padded: \(fill.count) values to fill \(channels) channels with")
        let wide = width + left + right
        return ByteImage(width: wide, height: height + top + bottom, channels: channels) { target in
            if fill.allSatisfy({ $0 == fill[0] }) {
                target.fill(with: fill[0])
            } else {
                for i in 0..<target.count { target[i] = fill[i % channels] }
            }
            withUnsafeBytes { source in
                copyRows(
                    source, pitch: width * channels, offset: 0, to: target, pitch: wide * channels,
                    offset: (top * wide + left) * channels, rows: height, bytes: width * channels)
            }
        }
    }

    /// Copies `other` over this picture, its top left pixel at (`x`, `y`), which may lie outside; what does not fit is
    /// left out. Grey can be laid over RGB, but not RGB over grey.
    public mutating func overlay(_ other: ByteImage, x: Int, y: Int) {
        precondition(channels >= other.channels, "ByteImage.overlay: \(other) does not go on \(self)")
        let top = channels == 3 ? other.convertedToRGB() : other
        let channels = channels, pitch = width * channels
        let x0 = max(x, 0), y0 = max(y, 0)
        let x1 = min(x + top.width, width), y1 = min(y + top.height, height)
        guard x1 > x0, y1 > y0 else { return }
        withUnsafeMutableBytes { target in
            top.withUnsafeBytes { source in
                copyRows(
                    source, pitch: top.width * channels, offset: ((y0 - y) * top.width + x0 - x) * channels, to: target,
                    pitch: pitch, offset: y0 * pitch + x0 * channels, rows: y1 - y0, bytes: (x1 - x0) * channels)
            }
        }
    }
}

/// Copies `rows` times `bytes` bytes between two pictures whose rows are a pitch apart, each from its offset on.
private func copyRows(
    _ source: UnsafeRawBufferPointer, pitch: Int, offset: Int, to target: UnsafeMutableRawBufferPointer,
    pitch targetPitch: Int, offset targetOffset: Int, rows: Int, bytes: Int
) {
    guard let from = source.baseAddress, let to = target.baseAddress else { return }
    for row in 0..<rows {
        memcpy(to + targetOffset + row * targetPitch, from + offset + row * pitch, bytes)
    }
}
