import Media
import Support

/// SSD's photometric distortion (Liu et al., 2016, section 2.2; torchvision's `RandomPhotometricDistort`): brightness,
/// contrast, saturation and hue, each applied with probability `probability` and a strength drawn from its range.
///
/// All four are affine in RGB, so whatever was drawn is one 3×3 matrix and an offset, and one pass over the pixels in
/// fixed-point arithmetic: brightness scales; contrast scales about the image's mean grey; saturation blends with the
/// pixel's grey (these as in torchvision's `adjust_*`); hue turns about the grey axis in YIQ (where torchvision goes
/// through HSV). Values clip once, at the end. Boxes stay as they are.
///
/// SSD also draws whether contrast comes before or after saturation and hue. These two leave the luma of every colour as it
/// is, so without clipping in between both orders are the same, and there is nothing to draw.
public struct RandomPhotometricDistort: DetectionTransform {
    /// Factors on all channels; 1 changes nothing.
    public let brightness: ClosedRange<Double>
    /// Factors on the distance from the image's mean grey; 1 changes nothing.
    public let contrast: ClosedRange<Double>
    /// Factors on the distance from the pixel's grey; 0 leaves grey, 1 changes nothing.
    public let saturation: ClosedRange<Double>
    /// Turns of the hue: 0 changes nothing, 0.5 gives the complementary colour.
    public let hue: ClosedRange<Double>
    /// How likely each of the four changes is, 0…1.
    public let probability: Double

    /// A distortion within the given ranges; the defaults are torchvision's.
    public init(
        brightness: ClosedRange<Double> = 0.875...1.125, contrast: ClosedRange<Double> = 0.5...1.5,
        saturation: ClosedRange<Double> = 0.5...1.5, hue: ClosedRange<Double> = -0.05...0.05, probability: Double = 0.5
    ) {
        self.brightness = brightness
        self.contrast = contrast
        self.saturation = saturation
        self.hue = hue
        self.probability = probability
    }

    /// True: a pixel's colour does not depend on its place.
    public var worksAtAnyScale: Bool { true }

    /// Changes the colours of an RGB image; another one stays as it is.
    public func apply(_ sample: inout DetectionSample, random: inout SeededRandom) {
        func draw(_ range: ClosedRange<Double>, neutral: Double) -> Double {
            let value = random.uniform(range.lowerBound, range.upperBound)
            return random.chance(probability) ? value : neutral
        }
        let brightness = draw(brightness, neutral: 1)
        let contrast = draw(contrast, neutral: 1)
        let saturation = draw(saturation, neutral: 1)
        let hue = draw(hue, neutral: 0)
        guard brightness != 1 || contrast != 1 || saturation != 1 || hue != 0, sample.image.channels == 3 else {
            return
        }

        var change = ColorMatrix.scaling(brightness)
        if contrast != 1 {
            // The mean of an affine map is the map of the mean, but for clipping.
            let grey = ColorMatrix.luma(change.applied(to: sample.image.meanColor))
            change = change.followed(by: .scaling(contrast, offset: (1 - contrast) * grey))
        }
        if saturation != 1 { change = change.followed(by: .saturation(saturation)) }
        if hue != 0 { change = change.followed(by: .hueRotation(turns: hue)) }
        sample.image.apply(change)
    }
}
