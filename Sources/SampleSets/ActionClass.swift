/// The classes of the drawn action set. They form pairs in which each is the other played backwards. Turning, in either
/// direction, has no partner.
public enum ActionClass: String, CaseIterable, Sendable {
    /// The object travels to the left.
    case movingLeft = "moving left"
    /// The object travels to the right.
    case movingRight = "moving right"
    /// The object travels up.
    case movingUp = "moving up"
    /// The object travels down.
    case movingDown = "moving down"
    /// The object becomes larger.
    case approaching
    /// The object becomes smaller.
    case receding
    /// The object turns, either way.
    case turning
    /// The object becomes solid.
    case appearing
    /// The object fades.
    case disappearing

    /// The quantity that the action changes, and whether it rises; nil: it may rise or fall. A larger number is further right
    /// or down, larger, turned clockwise, or more solid.
    package var change: (quantity: ActionScene.Quantity, isRising: Bool?) {
        switch self {
        case .movingLeft: (.across, false)
        case .movingRight: (.across, true)
        case .movingUp: (.down, false)
        case .movingDown: (.down, true)
        case .approaching: (.size, true)
        case .receding: (.size, false)
        case .turning: (.angle, nil)
        case .appearing: (.opacity, true)
        case .disappearing: (.opacity, false)
        }
    }

    /// The action that a clip of this one shows when played backwards.
    package var reversed: ActionClass {
        switch self {
        case .movingLeft: .movingRight
        case .movingRight: .movingLeft
        case .movingUp: .movingDown
        case .movingDown: .movingUp
        case .approaching: .receding
        case .receding: .approaching
        case .turning: .turning
        case .appearing: .disappearing
        case .disappearing: .appearing
        }
    }

    /// The class as a template of Something-Something, with brackets where the object's name goes.
    var template: String { "[Something] \(rawValue)" }

    /// The classes in the order of their labels, which is that of their names.
    static let inOrder = allCases.sorted { $0.rawValue < $1.rawValue }

    /// The names of labels 0, 1, … as Kinetics writes them.
    public static let classNames = inOrder.map(\.rawValue)
}
