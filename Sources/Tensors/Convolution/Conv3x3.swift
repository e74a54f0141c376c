import CTorch

extension F {
    /// 3×3 convolutions of stride 1 and padding 1 of several maps `[N, C, H, W]` with one weight `[O, C, 3, 3]`.
    ///
    /// On the CPU in float32 they are computed by Winograd's minimal filtering (Lavin and Gray 2016), with a quarter of
    /// the multiplications and an error of some 1e-6 of the outputs' deviation, where the maps are large enough to gain
    /// from it; else by `conv2d`. Channels last in and out.
    ///
    /// - Parameters:
    ///   - bias: `[O]`
    ///   - relu: takes the ReLU of the result, which then has no gradient.
    /// - Returns: `[N, O, H, W]` for each map
    public static func conv3x3(_ maps: [Tensor], weight: Tensor, bias: Tensor?, relu: Bool = false) -> [Tensor] {
        let handles: [OpaquePointer?] = maps.map(\.raw)
        var results = [OpaquePointer?](repeating: nil, count: maps.count)
        check(
            ct_convolution_3x3(handles, Int32(maps.count), weight.raw, bias?.raw, relu, &results), "conv3x3",
            maps + [weight] + [bias].compactMap { $0 })
        return results.map { result in
            guard let result else { fatalError("conv3x3: the engine returned no tensor") }
            return Tensor(owning: result)
        }
    }
}
