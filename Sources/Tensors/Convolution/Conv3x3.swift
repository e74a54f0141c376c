import CTorch

extension F {
    /// Convolves several maps with one 3×3 weight, with stride 1 and padding 1.
    ///
    /// On the CPU in float32, and where the maps are large enough to gain from it, this is Winograd's minimal filtering
    /// (Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", 2016): a quarter of the multiplications,
    /// with an error of some 1e-6 of the outputs' deviation. Elsewhere it is
    /// ``conv2d(_:weight:bias:stride:padding:dilation:groups:)``. Gradients flow to maps, weight and bias.
    ///
    /// - Parameters:
    ///   - maps: `[N, C, H, W]` each, of any sizes.
    ///   - weight: `[O, C, 3, 3]`
    ///   - bias: `[O]`
    ///   - relu: takes the ReLU of the results in the same pass. For inference: with operands that require a gradient
    ///     it may trap.
    /// - Returns: `[N, O, H, W]` for each map; Winograd's are channels-last.
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
