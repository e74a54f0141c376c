extension BackboneArchitecture {
    /// The first stages of the network with changed strides, as a detector on one dense map uses them, and their number. One
    /// position of the last stage's output stands for `stride` pixels of the image.
    ///
    /// The stages are those whose stride is at most twice `stride`, and the last of them strides less. ResNet-50 at stride 8
    /// gives its first three, with stride 1 in the third (SSD on residual networks; Duta et al., 2020). If no stage reaches
    /// the stride, as after a CIFAR stem, the first stage that can strides more.
    ///
    /// - Throws: `ArchitectureError` if the axes describe no network, or no strides give such a map.
    public func densified(stride: Int) throws(ArchitectureError) -> (
        architecture: BackboneArchitecture, stageCount: Int
    ) {
        let strides = try plan().stages.map(\.stride)
        let stageCount = max(1, strides.prefix { $0 <= 2 * stride }.count)
        let reached = strides[stageCount - 1]
        var stageStrides = depths.indices.map { self.stride(ofStage: $0) }
        if reached > stride {
            stageStrides[stageCount - 1] = stageStrides[stageCount - 1] * stride / reached
        } else if reached < stride {
            // A DenseNet's first stage has no transition to stride in.
            let first = concatenation == nil ? 0 : min(1, stageCount - 1)
            stageStrides[first] *= stride / reached
        }
        guard stageStrides.allSatisfy({ $0 > 0 }) else {
            throw ArchitectureError(
                .stageStrides,
                "stages at strides \(strides) give no map at stride \(stride): the last of them is too coarse")
        }
        let architecture = with { $0.stageStrides = stageStrides }
        let stages = try architecture.plan(stageCount: stageCount).stages
        guard stages[stageCount - 1].stride == stride else {
            throw ArchitectureError(.stageStrides, "stages at strides \(strides) give no map at stride \(stride)")
        }
        return (architecture, stageCount)
    }
}
