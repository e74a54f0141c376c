import Tensors

extension TileUnit {
    /// Runs a test as the machine would, and as one without a tile unit would.
    static func onAndOff(_ body: () throws -> Void) rethrows {
        try body()
        guard isUsed else { return }
        isUsed = false
        defer { isUsed = true }
        try body()
    }
}
