extension BackboneArchitecture {
    /// Blocks per stage of a named depth: basic branches up to 34 layers, bottlenecks above.
    public static let namedDepths: [Int: [Int]] = [
        18: [2, 2, 2, 2], 34: [3, 4, 6, 3],
        26: [2, 2, 2, 2], 32: [2, 3, 3, 2], 38: [3, 3, 3, 3], 50: [3, 4, 6, 3], 62: [3, 4, 10, 3], 77: [3, 4, 15, 3],
        101: [3, 4, 23, 3], 152: [3, 8, 36, 3], 200: [3, 24, 36, 3], 302: [4, 34, 58, 4], 404: [4, 46, 80, 4],
    ]

    /// ResNet of a depth of `namedDepths`, with the stride on the 3×3 (He et al., 2015).
    ///
    /// Traps at a depth that is not in `namedDepths`.
    public static func resNet(_ depth: Int) -> BackboneArchitecture {
        guard let depths = namedDepths[depth] else {
            preconditionFailure("no ResNet has \(depth) layers; there are \(namedDepths.keys.sorted())")
        }
        return BackboneArchitecture().with {
            $0.depths = depths
            if depth == 18 || depth == 34 { $0.branch = .basic() }
        }
    }

    /// The stages of iResNet with its projection and its stem (Duta et al., 2020).
    public static func iResNet(_ depth: Int) -> BackboneArchitecture { resNet(depth).staged().maxPoolProjected() }

    /// ResGroup of iResNet's paper, with wide grouped branches. The groups grow with the stages, or are 64 in all if `fixed`.
    public static func resGroup(_ depth: Int, fixed: Bool = false) -> BackboneArchitecture {
        resNet(depth).with {
            $0.branch = .wideGroup
            $0.groups = fixed ? [64, 64, 64, 64] : [8, 16, 32, 64]
        }
    }

    /// A CIFAR network of three stages of bottlenecks after a 3×3 stem of 16 channels.
    public static func cifar(_ depths: [Int]) -> BackboneArchitecture {
        BackboneArchitecture().with {
            $0.stem = .cifar
            $0.stemWidth = 16
            $0.depths = depths
            $0.planes = [16, 32, 64]
            $0.groups = [1, 1, 1]
            $0.temporalStrides = [1, 1, 2]
            $0.shortcutGroups = 8
            $0.classes = 10
        }
    }

    /// ResNeXt-29 on CIFAR: three stages of three bottlenecks with `groups` paths of `width` channels (Xie et al., 2017,
    /// section 5.3).
    public static func resNeXt29(groups count: Int, width: Int) -> BackboneArchitecture {
        cifar([3, 3, 3]).with {
            $0.stemWidth = 64
            $0.planes = [64, 128, 256]
            $0.shortcutGroups = 32
        }.middle(Double(count * width) / 64, groups: count)
    }

    /// WRN-28-10 on CIFAR: pre-activated basic branches, ten times as wide (Zagoruyko and Komodakis, 2016).
    public static func wideResNet28() -> BackboneArchitecture {
        cifar([4, 4, 4]).with {
            $0.branch = .basic()
            $0.order = .preActivation
            $0.planes = [160, 320, 640]
            $0.shortcutGroups = 32
        }
    }

    /// DenseNet on ImageNet (Huang et al., 2017, table 1): `depths` layers in the dense blocks, each a 1×1 of `4 · growth`
    /// channels and a 3×3 of `growth`. A transition leaves half of all channels.
    public static func denseNet(_ depths: [Int], growth: Int = 32) -> BackboneArchitecture {
        BackboneArchitecture().with {
            $0.order = .preActivation
            $0.shortcut = .concatenation(growth: growth)
            $0.depths = depths
            $0.planes = depths.map { _ in 4 * growth }
            $0.stemWidth = 2 * growth
        }
    }

    /// DenseNet-BC of `layers` layers on CIFAR: three dense blocks of pairs of convolutions, and four other layers (Huang et
    /// al., 2017, section 4.2).
    public static func cifarDenseNet(_ layers: Int, growth: Int) -> BackboneArchitecture {
        denseNet(Array(repeating: (layers - 4) / 6, count: 3), growth: growth).onCIFAR().with {
            $0.groups = [1, 1, 1]
            $0.temporalStrides = [1, 2, 2]
        }
    }

    /// DenseNet of `layers` layers on CIFAR without bottlenecks and compression, after a stem of 16 channels.
    public static func plainCIFARDenseNet(_ layers: Int, growth: Int) -> BackboneArchitecture {
        cifarDenseNet(2 * layers - 4, growth: growth).with {
            $0.branch = .basic()
            $0.shortcut = .concatenation(growth: growth, compression: 1)
            $0.stemWidth = 16
        }
    }

    /// A plain network with the widths and resolutions of VGG-19's convolutions (Simonyan and Zisserman, 2015). All
    /// convolutions are 3×3 with a norm; strides replace the poolings, and one linear layer replaces three.
    static let vgg19 = BackboneArchitecture().with {
        $0.stem = .cifar
        $0.branch = .basic()
        $0.shortcut = .none
        $0.depths = [1, 1, 2, 2, 2]
        $0.planes = [64, 128, 256, 512, 512]
        $0.groups = [1, 1, 1, 1, 1]
        $0.stageStrides = [1, 2, 2, 2, 2]
        $0.temporalStrides = [1, 1, 2, 2, 2]
    }

    /// The network for images of 32×32. After a 3×3 stem without pooling, the four stages work at 32, 16, 8 and 4 pixels.
    public func onCIFAR(classes: Int = 10) -> BackboneArchitecture {
        with {
            $0.stem = .cifar
            $0.classes = classes
        }
    }

    func staged(_ identity: StagedIdentity = .rectified) -> BackboneArchitecture {
        with { $0.order = .staged(identity) }
    }

    /// The network with max-pooled projections, where stage 1 strides in place of the stem's pooling.
    func maxPoolProjected() -> BackboneArchitecture {
        with {
            $0.projection = .maxPool
            if $0.stem == .imagenet { $0.stem = .imagenetWithoutPool }
            if $0.stem == .video { $0.stem = .videoWithoutPool }
        }
    }

    func shortcut(_ shortcut: Shortcut, inner: InnerShortcut = .none) -> BackboneArchitecture {
        with {
            $0.shortcut = shortcut
            $0.innerShortcut = inner
        }
    }

    func ordered(_ order: BlockOrder) -> BackboneArchitecture { with { $0.order = order } }

    func attending(_ attention: Attention) -> BackboneArchitecture { with { $0.attention = attention } }

    /// The network with the 3×3 in the middle `factor` times as wide and in `count` groups.
    func middle(_ factor: Double, groups count: Int = 1) -> BackboneArchitecture {
        with {
            $0.branch = .bottleneck(middle: factor)
            $0.groups = $0.groups.map { _ in count }
        }
    }

    /// The network with four splits of 26 channels (at 64 planes) in place of the 3×3 (Gao et al., 2019).
    func res2Net() -> BackboneArchitecture { with { $0.branch = .res2Net(scale: 4, baseWidth: 26) } }

    /// The network `factor` times as wide. Below 1, the group norms of its shortcuts get fewer groups in proportion.
    public func scaled(_ factor: Double) -> BackboneArchitecture {
        with {
            $0.planes = $0.planes.map { Int(Double($0) * factor) }
            $0.stemWidth = Int(Double($0.stemWidth) * factor)
            if case .concatenation(let growth, let compression) = $0.shortcut {
                $0.shortcut = .concatenation(growth: Int(Double(growth) * factor), compression: compression)
            }
            if factor < 1 { $0.shortcutGroups = max(1, Int(Double($0.shortcutGroups) * factor)) }
        }
    }

    /// The network for clips, with 3×3×3 convolutions in place of 3×3 and a stem with a time axis.
    public func onVideo(classes: Int = 400) -> BackboneArchitecture {
        with {
            $0.rank = .video
            if $0.stem == .imagenet { $0.stem = .video }
            if $0.stem == .imagenetWithoutPool { $0.stem = .videoWithoutPool }
            $0.classes = classes
        }
    }
}
