import CTorch

/// libtorch's default generators, which `Tensor.rand…`, dropout and the detectors' samplers draw from.
public enum Random {
    /// Seeds the generators of the CPU and of every CUDA device.
    public static func seed(_ seed: UInt64) { check(ct_seed(seed), "Random.seed") }

    /// Runs `body` with the generators seeded, then puts the CPU's back to where it stood, so that whoever draws next draws
    /// what it would have drawn without it. The generators of CUDA devices stay seeded.
    public static func seeded<R>(_ seed: UInt64, _ body: () throws -> R) rethrows -> R {
        let before = state
        defer { state = before }
        Self.seed(seed)
        return try body()
    }

    /// The whole state of the CPU's generator, uint8: set it back to draw the same numbers again.
    public static var state: Tensor {
        get { produce("Random.state", []) { ct_random_state($0) } }
        set { check(ct_set_random_state(newValue.raw), "Random.state", [newValue]) }
    }
}
