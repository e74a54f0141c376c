import Glibc

/// A colour as it goes on a screen (sRGB), each part in 0…1.
public struct Color: Hashable, Sendable {
    /// How much red, 0 to 1.
    public var red: Double
    /// How much green, 0 to 1.
    public var green: Double
    /// How much blue, 0 to 1.
    public var blue: Double
    /// How much it covers what is under it, 0 (clear) to 1 (opaque).
    public var opacity: Double

    /// A colour of its parts, each in 0…1.
    public init(red: Double, green: Double, blue: Double, opacity: Double = 1) {
        self.red = red
        self.green = green
        self.blue = blue
        self.opacity = opacity
    }

    /// A colour written `0xRRGGBB`, with `opacity` in 0…1.
    public init(hex: UInt32, opacity: Double = 1) {
        self.init(
            red: Double(hex >> 16 & 255) / 255, green: Double(hex >> 8 & 255) / 255, blue: Double(hex & 255) / 255,
            opacity: opacity)
    }

    /// A colour in HSV, as OpenCV and Pillow call it: `hue` in turns, of which only the fraction counts (0 is red, 1/3
    /// green, 2/3 blue); the others in 0…1.
    public init(hue: Double, saturation: Double, brightness: Double, opacity: Double = 1) {
        func part(_ n: Double) -> Double {
            let k = (n + (hue - floor(hue)) * 6).truncatingRemainder(dividingBy: 6)
            return brightness - brightness * saturation * max(0, min(k, 4 - k, 1))
        }
        self.init(red: part(5), green: part(3), blue: part(1), opacity: opacity)
    }

    /// Opaque black.
    public static let black = Color(hex: 0x000000)
    /// Opaque white.
    public static let white = Color(hex: 0xFFFFFF)
    /// Opaque grey, halfway between black and white.
    public static let grey = Color(hex: 0x808080)

    /// The colour with another opacity, 0 (clear) to 1 (opaque).
    public func withOpacity(_ opacity: Double) -> Color {
        Color(red: red, green: green, blue: blue, opacity: opacity)
    }

    /// The mixture of this colour and `other`: `fraction` 0 is this one, 1 the other. The parts are mixed as they are
    /// stored, in sRGB.
    public func mixed(with other: Color, _ fraction: Double) -> Color {
        func mix(_ a: Double, _ b: Double) -> Double { a + (b - a) * fraction }
        return Color(
            red: mix(red, other.red), green: mix(green, other.green), blue: mix(blue, other.blue),
            opacity: mix(opacity, other.opacity))
    }

    /// The relative luminance, 0 (black) to 1 (white), as WCAG 2 defines it.
    package var luminance: Double {
        func linear(_ part: Double) -> Double {
            part <= 0.04045 ? part / 12.92 : pow((part + 0.055) / 1.055, 2.4)
        }
        return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
    }

    /// The contrast ratio with `other`, 1 (none) to 21 (black and white), as WCAG 2 defines it.
    package func contrast(with other: Color) -> Double {
        let a = luminance + 0.05, b = other.luminance + 0.05
        return max(a, b) / min(a, b)
    }

    /// Black or white, whichever reads better on this colour.
    public var readableTextColor: Color {
        contrast(with: .black) >= contrast(with: .white) ? .black : .white
    }
}

/// Colours for classes that are told apart at a glance.
public enum Palette {
    private static let first: [UInt32] = [
        0x2E86FF, 0xFF7A00, 0x12B76A, 0xE5383B, 0x9B5DE5, 0xFFC300, 0x00BBF9, 0xF15BB5, 0x7CB518, 0x8D5524,
        0x00A896, 0x5F0F40, 0xB8B8FF, 0x006400, 0xFF9F9F, 0x3D348B,
    ]

    /// The colour of class `index`, any integer; neighbours differ strongly. The first 16 were chosen by eye; beyond
    /// those the hue turns by the golden angle, with saturation and brightness varied.
    public static func color(_ index: Int) -> Color {
        let index = index < 0 ? ~index : index
        if index < first.count { return Color(hex: first[index]) }
        let n = index - first.count
        return Color(
            hue: 0.618_033_988_75 * Double(n % 1_000_000) + 0.11, saturation: [0.85, 0.6, 1][n % 3],
            brightness: [0.95, 0.75, 0.85, 0.6][n % 4])
    }
}
