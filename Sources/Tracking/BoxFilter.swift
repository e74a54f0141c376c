import Annotations

/// A Kalman filter of a box that moves and grows at nearly constant rates and keeps its aspect (Bewley, Ge, Ott, Ramos and
/// Upcroft, "Simple online and realtime tracking", 2016, section 3.2: the state is the centre's place, the area, the aspect, and
/// the rates of the first three).
///
/// All covariances begin diagonal there, as are those of the noise, so that the seven numbers never mix except each with its own
/// rate. Four small filters give what one with 7×7 matrices does. The constants are those of the authors' code.
public struct BoxFilter: Hashable, Sendable {
    /// The centre's place from the left, in pixels.
    public private(set) var centerX: ConstantVelocityFilter
    /// The centre's place from the top, in pixels.
    public private(set) var centerY: ConstantVelocityFilter
    /// Width times height in square pixels.
    public private(set) var area: ConstantVelocityFilter
    /// Width over height, whose velocity stays 0.
    public private(set) var aspect: ConstantVelocityFilter

    /// A filter that begins at a box with an inside, standing still.
    public init(_ box: Box) {
        precondition(!box.isDegenerate, "BoxFilter: \(box) has no inside")
        let z = Self.measure(box)
        func filter(_ position: Double, velocityVariance: Double = 1e4) -> ConstantVelocityFilter {
            ConstantVelocityFilter(position: position, positionVariance: 10, velocityVariance: velocityVariance)
        }
        centerX = filter(z.x)
        centerY = filter(z.y)
        area = filter(z.area)
        aspect = filter(z.aspect, velocityVariance: 0)
    }

    /// Goes on in time.
    ///
    /// - Parameters:
    ///   - steps: How much time passes, in frames; above 0, and 1 from one frame to the next.
    ///   - grows: Whether the area goes on changing. What an object that is not seen did last, such as vanish behind another
    ///     one, says little of how it will appear.
    public mutating func predict(steps: Double = 1, grows: Bool = true) {
        if !grows || area.position + steps * area.velocity <= 0 { area.velocity = 0 }
        centerX.predict(steps: steps, positionNoise: 1, velocityNoise: 0.01)
        centerY.predict(steps: steps, positionNoise: 1, velocityNoise: 0.01)
        area.predict(steps: steps, positionNoise: 1, velocityNoise: 1e-4)
        aspect.predict(steps: steps, positionNoise: 1, velocityNoise: 0)
    }

    /// Takes a detection into account; its box must have an inside.
    public mutating func correct(_ box: Box) {
        precondition(!box.isDegenerate, "BoxFilter.correct: \(box) has no inside")
        let z = Self.measure(box)
        centerX.correct(z.x, variance: 1)
        centerY.correct(z.y, variance: 1)
        area.correct(z.area, variance: 10)
        aspect.correct(z.aspect, variance: 10)
    }

    /// Where the box is thought to be, XYXY in pixels.
    public var box: Box {
        let width = (max(0, area.position) * max(0, aspect.position)).squareRoot()
        let height = width > 0 ? max(0, area.position) / width : 0
        return Box(
            x0: Float(centerX.position - width / 2), y0: Float(centerY.position - height / 2),
            x1: Float(centerX.position + width / 2), y1: Float(centerY.position + height / 2))
    }

    private static func measure(_ box: Box) -> (x: Double, y: Double, area: Double, aspect: Double) {
        let width = Double(box.x1) - Double(box.x0), height = Double(box.y1) - Double(box.y0)
        return (Double(box.x0) + width / 2, Double(box.y0) + height / 2, width * height, width / height)
    }
}
