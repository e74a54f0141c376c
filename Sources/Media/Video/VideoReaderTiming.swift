import CMedia

/// The shape of a video's pixels: the width of one to its height.
public struct PixelAspect: Hashable, Sendable {
    /// How wide a pixel is, in units of `height`.
    public var width: Int
    /// How high a pixel is.
    public var height: Int

    /// Pixels `width` wide and `height` high.
    public init(width: Int, height: Int) {
        self.width = width
        self.height = height
    }
}

extension VideoReader {
    /// The shape of a frame's pixels, turned with the frames; nil when neither the file nor the frames that were read so
    /// far say it. Some files say it in their frames only.
    public var pixelAspect: PixelAspect? {
        let ratio = cm_video_pixel_aspect(video)
        guard ratio.numerator > 0 else { return nil }
        let stored = PixelAspect(width: Int(ratio.numerator), height: Int(ratio.denominator))
        return orientation >= 5 ? PixelAspect(width: stored.height, height: stored.width) : stored
    }

    /// The rate that a file states, unless its frames last much longer or shorter: then their mean.
    static func frameRate(_ stated: cm_ratio, frames: Int, seconds: Double?) -> Double? {
        let rate = stated.numerator > 0 ? Double(stated.numerator) / Double(stated.denominator) : nil
        guard let seconds else { return rate }
        if let rate, abs(rate * seconds - Double(frames)) < 0.5 { return rate }
        return Double(frames) / seconds
    }
}
