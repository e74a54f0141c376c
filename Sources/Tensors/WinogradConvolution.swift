import CTorch

extension F {
    /// 3×3 convolutions of stride 1 and padding 1 of several maps `[N, C, H, W]` with one weight `[O, C, 3, 3]`.
    ///
    /// On the CPU in float32 they are computed by Winograd's minimal filtering (Lavin and Gray 2016), with a quarter of
    /// the multiplications and an error of some 1e-6 of the outputs' deviation, where the maps are large enough to gain
    /// from it; else by `conv2d`. Channels last in and out.
    ///
    /// - Parameter rectified: takes the ReLU of the result, which then has no gradient.
    public static func conv3x3(_ maps: [Tensor], weight: Tensor, bias: Tensor?, rectified: Bool = false) -> [Tensor] {
        guard winogradGains(maps, weight: weight) else {
            return maps.map {
                let y = conv2d($0, weight: weight, bias: bias, stride: [1, 1], padding: [1, 1])
                if rectified { y.reluInPlace() }
                return y
            }
        }
        let handles: [OpaquePointer?] = maps.map(\.raw)
        var results = [OpaquePointer?](repeating: nil, count: maps.count)
        check(
            ct_winograd_convolution(handles, Int32(maps.count), weight.raw, bias?.raw, rectified, &results), "conv3x3",
            maps + [weight])
        return results.map { result in
            guard let result else { fatalError("conv3x3: the engine returned no tensor") }
            return Tensor(owning: result)
        }
    }

    private static func winogradGains(_ maps: [Tensor], weight: Tensor) -> Bool {
        let shape = weight.shape
        guard shape.count == 4, shape[0] >= 64, shape[1] >= 64, maps.allSatisfy({ $0.rank == 4 }) else {
            return false
        }
        let pixels = maps.reduce(0) { $0 + $1.count / max(1, $1.shape[1]) }
        return pixels >= 2048 && maps.allSatisfy { ct_winograd_applies($0.raw, weight.raw) }
    }
}
