/// How an exported model takes its pixels, RGB.
public enum PixelInput: String, CaseIterable, Sendable, Hashable, Codable {
    /// Bytes as decoders give them: images `[N, H, W, 3]`, clips `[N, T, H, W, 3]`.
    case uint8
    /// float32 in 0…1: images `[N, 3, H, W]`, clips `[N, 3, T, H, W]`.
    case float

    /// The graph's value that holds the pixels.
    static let valueName = "pixels"

    var type: ElementType { self == .uint8 ? .uint8 : .float32 }

    /// The axes of pixels in words, for a person: `N, H, W, 3`.
    public func layout(isOfClips: Bool) -> String {
        switch self {
        case .uint8: isOfClips ? "N, T, H, W, 3" : "N, H, W, 3"
        case .float: isOfClips ? "N, 3, T, H, W" : "N, 3, H, W"
        }
    }
}

/// The mean and the deviation of red, green and blue by which pixels in 0…1 are normalised.
public struct ChannelStatistics: Hashable, Sendable {
    /// The means.
    public let mean: [Double]
    /// The standard deviations.
    public let deviation: [Double]

    /// Statistics of three channels; another number of them traps.
    public init(mean: [Double], deviation: [Double]) {
        precondition(mean.count == 3 && deviation.count == 3, "ChannelStatistics: pixels have three channels")
        self.mean = mean
        self.deviation = deviation
    }
}

extension GraphBuilder {
    /// Pixels as a model takes them, as float32 planes: `[N, 3, H, W]`, or `[N, 3, T, H, W]` of clips.
    func planes(_ pixels: GraphValue, _ input: PixelInput, isOfClips: Bool = false) -> GraphValue {
        switch input {
        case .uint8: cast(transpose(pixels, isOfClips ? [0, 4, 1, 2, 3] : [0, 3, 1, 2]), to: .float32)
        case .float: pixels
        }
    }

    /// Planes of pixels, normalised.
    func normalized(
        _ planes: GraphValue, _ input: PixelInput, by statistics: ChannelStatistics, isOfClips: Bool = false
    ) -> GraphValue {
        let range = input == .uint8 ? 255.0 : 1
        let shape = [1, 3, 1, 1] + (isOfClips ? [1] : [])
        // As PixelNormalization computes it, in float32 throughout.
        let shift = statistics.mean.map { Double(-Float($0) * Float(range)) }
        let factor = statistics.deviation.map { Double(1 / (Float($0) * Float(range))) }
        return mul(add(planes, floats(shift, shape: shape)), floats(factor, shape: shape))
    }
}
