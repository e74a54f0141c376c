import CTorch

/// libtorch's default random generators, one for each device: `Tensor.rand` and its like, dropout, first values of
/// parameters and the detectors' samplers draw from them.
public enum Random {
    /// Seeds the generators of the CPU and of every CUDA device, as `torch.manual_seed`.
    public static func seed(_ seed: UInt64) { check(ct_seed(seed), "Random.seed") }

    /// Seeds the generator of one device with a number that is drawn from the CPU's: what both draw next then follows from
    /// the CPU's ``state`` alone.
    package static func seed(_ device: Device) {
        let seed = UInt64(Tensor.randint(0, 1 << 53, [1]).itemInt())
        check(ct_seed_device(device.code, seed), "Random.seed")
    }

    /// Runs `body` with the generators seeded, then puts the CPU's back to where it stood, so that whoever draws next draws
    /// what it would have drawn without it. The generators of CUDA devices stay seeded.
    public static func seeded<R>(_ seed: UInt64, _ body: () throws -> R) rethrows -> R {
        let before = state
        defer { state = before }
        Self.seed(seed)
        return try body()
    }

    /// The whole state of the CPU's generator, a uint8 tensor `[bytes]`. Set to an earlier state, the generator draws
    /// the same numbers again; a tensor that is no such state traps.
    public static var state: Tensor {
        get { produce("Random.state", []) { ct_random_state($0) } }
        set { check(ct_set_random_state(newValue.raw), "Random.state", [newValue]) }
    }
}
