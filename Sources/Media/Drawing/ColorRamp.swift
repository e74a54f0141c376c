/// A colour map: a colour for each value in 0…1, mixed between fixed ones.
public struct ColorRamp: Hashable, Sendable {
    /// The fixed colours, at places that ascend from 0 to 1.
    public let stops: [Canvas.Paint.Stop]

    /// A colour map through `stops`: at least two, at places that ascend, the first at 0 and the last at 1.
    public init(_ stops: [Canvas.Paint.Stop]) {
        precondition(
            stops.count >= 2 && stops.first?.offset == 0 && stops.last?.offset == 1
                && zip(stops, stops.dropFirst()).allSatisfy { $0.offset < $1.offset },
            "ColorRamp: stops at \(stops.map(\.offset)); they should ascend from 0 to 1")
        self.stops = stops
    }

    /// The colour map of heat maps: from blue over cyan, green and yellow to red, the order of OpenCV's `COLORMAP_JET`.
    /// Unlike that one it grows evenly lighter up to yellow and has no bands that look like edges.
    public static let heat = ColorRamp([
        .init(0, Color(hex: 0x2A2A8F)), .init(0.2, Color(hex: 0x2F74E0)), .init(0.4, Color(hex: 0x22BFC6)),
        .init(0.55, Color(hex: 0x72DB5C)), .init(0.7, Color(hex: 0xF4E33C)), .init(0.85, Color(hex: 0xF98A2B)),
        .init(1, Color(hex: 0xC81E1E)),
    ])

    /// The colour of `value`: below 0 and for NaN the first one, above 1 the last.
    public func color(_ value: Double) -> Color {
        guard value > 0 else { return stops[0].color }
        guard let next = stops.firstIndex(where: { $0.offset >= value }) else { return stops[stops.count - 1].color }
        let (below, above) = (stops[next - 1], stops[next])
        return below.color.mixed(with: above.color, (value - below.offset) / (above.offset - below.offset))
    }
}
