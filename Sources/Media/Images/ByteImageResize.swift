import CMedia

/// How a target sample is made of source samples.
public enum ResizeFilter: Sendable {
    /// A triangle as wide as the scale, as Pillow and torchvision's `antialias=True` have it; within one level of both.
    case bilinearAntialiased
    /// Two by two samples around the target's centre, whatever the scale; torchvision's `antialias=False`.
    case bilinear
    /// The sample whose area holds the target's centre; torchvision's `nearest-exact`.
    case nearest
}

extension ByteImage {
    /// Resampled to `width` x `height` pixels.
    public func resized(width: Int, height: Int, filter: ResizeFilter = .bilinearAntialiased) -> ByteImage {
        precondition(width > 0 && height > 0, "ByteImage.resized: no such size as \(width) x \(height)")
        if width == self.width && height == self.height { return self }
        let kind =
            switch filter {
            case .bilinearAntialiased: CM_FILTER_BILINEAR_ANTIALIASED
            case .bilinear: CM_FILTER_BILINEAR
            case .nearest: CM_FILTER_NEAREST
            }
        return ByteImage(width: width, height: height, channels: channels) { target in
            let status = withUnsafeBytes { source in
                cm_resample(
                    source.bytePointer, Int32(self.width), Int32(self.height), Int32(channels), target.bytePointer,
                    Int32(width), Int32(height), kind)
            }
            guard status == CM_OK else { fatalError("ByteImage.resized: no memory to resize \(self)") }
        }
    }
}
