import Architectures

/// What an SSD on a backbone comes to, before anything is allocated.
public struct SSDPlan: Hashable, Sendable {
    /// A 1×1 and the convolution behind it, which make a coarser map of the one before; each followed by a norm and a ReLU.
    public struct ExtraMap: Hashable, Sendable {
        /// Channels between the two.
        public let middle: Int
        /// Channels of the map.
        public let outputs: Int
        /// Side of the second convolution's kernel.
        public let kernelSize: Int
        /// The second convolution's stride.
        public let stride: Int
        /// Zeros around the second convolution's input, on each side.
        public let padding: Int

        func outputSize(of size: Int) -> Int { (size + 2 * padding - kernelSize) / stride + 1 }
    }

    /// A feature map that boxes are found on.
    public struct Map: Hashable, Sendable {
        /// Channels of the map.
        public let channels: Int
        /// Height and width of the map, in pixels.
        public let size: Int
        /// Default boxes around each of its cells.
        public let boxesPerCell: Int

        /// Default boxes on the map.
        public var boxCount: Int { size * size * boxesPerCell }
    }

    /// The configuration that was planned.
    public let configuration: SSDConfiguration
    /// The backbone's stages up to the first map.
    public let backbone: BackbonePlan
    /// The layers that make each further map of the one before.
    public let extraMaps: [ExtraMap]
    /// The feature maps, finest first.
    public let maps: [Map]

    /// Pixels of the image to one of the first map.
    static let stride = 8

    /// The plan of an SSD on a backbone.
    ///
    /// - Throws: ``DetectorConfigurationError`` naming the key that does not fit, or `ArchitectureError` where the
    ///   backbone's axes have no meaning together or don't suit an SSD.
    public init(_ configuration: SSDConfiguration, backbone architecture: BackboneArchitecture) throws {
        guard architecture.rank == .image else {
            throw ArchitectureError(.rank, "an SSD sees images, and this network takes \(architecture.rank.rawValue)s")
        }
        let (architecture, stageCount) = try architecture.with { $0.classes = nil }.densified(stride: Self.stride)
        try configuration.validate(stageCount: stageCount)
        let backbone = try configuration.normalization.applied(to: architecture, detector: "SSD").plan(
            stageCount: stageCount)
        self.configuration = configuration
        self.backbone = backbone
        extraMaps = configuration.variant.extraMaps
        let side = configuration.variant.side
        var size = backbone.mapSize(of: side)
        var sizes = [(backbone.stages[stageCount - 1].channels, size)]
        for extra in extraMaps {
            size = extra.outputSize(of: size)
            sizes.append((extra.outputs, size))
        }
        maps = zip(sizes, configuration.aspectRatios).map {
            Map(channels: $0.0, size: $0.1, boxesPerCell: 2 + 2 * $1.count)
        }
    }

    /// How many default boxes an image has.
    public var boxCount: Int { maps.reduce(0) { $0 + $1.boxCount } }

    /// Numbers that training changes, for so many kinds of objects without the background.
    public func parameterCount(classCount: Int) -> Int {
        var count = backbone.parameterCount
        for (extra, input) in zip(extraMaps, maps) {
            count += input.channels * extra.middle + 2 * extra.middle
            count += extra.middle * extra.outputs * extra.kernelSize * extra.kernelSize + 2 * extra.outputs
        }
        for map in maps {
            let outputs = map.boxesPerCell * (classCount + 1 + 4)
            count += (9 * map.channels + 1) * outputs
        }
        return count
    }
}

extension BackbonePlan {
    /// Height and width of the last planned stage's output for an image of `side` × `side`.
    fileprivate func mapSize(of side: Int) -> Int {
        let block = stages[stages.count - 1].blocks.last
        let last = block.flatMap { block in block.branch.last.map { "\(block.name).\($0.name)" } }
        return layers(input: [BackboneArchitecture.inputChannels, side, side]).last { $0.layer.name == last }?
            .outputSize[0]
            ?? 0
    }
}
