import CMedia
import Support

/// How the samples of a resized picture are made of the original ones.
public enum ResizeFilter: Sendable {
    /// A weighted mean whose weights fall off linearly, over more samples the more the picture shrinks: Pillow's
    /// `BILINEAR` and torchvision's `antialias=True`, whose results it meets within one level.
    case bilinearAntialiased
    /// A weighted mean of the two by two nearest samples, however much the picture shrinks: torchvision's
    /// `antialias=False` and OpenCV's `INTER_LINEAR`.
    case bilinear
    /// The one sample whose area holds the new sample's centre: torchvision's `nearest-exact`.
    case nearest
}

extension ByteImage {
    /// The picture resampled to `width` x `height` pixels, at least 1 each, whatever its proportions were.
    public func resized(width: Int, height: Int, filter: ResizeFilter = .bilinearAntialiased) -> ByteImage {
        resized(to: ImageSize(width: width, height: height), filter: filter)
    }

    /// The picture resampled to `size`, at least 1 pixel each way, whatever its proportions were.
    public func resized(to size: ImageSize, filter: ResizeFilter = .bilinearAntialiased) -> ByteImage {
        let (width, height) = (size.width, size.height)
        precondition(width > 0 && height > 0, "ByteImage.resized: no such size as \(width) x \(height)")
        if size == self.size { return self }
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
            if status != CM_OK { failForWantOfMemory("resizing \(self) to \(width) x \(height)") }
        }
    }
}
