/// The axes along which the backbones of the family differ. Each is set independently of the others, and
/// ``BackboneArchitecture/plan(stageCount:)`` refuses the combinations that have no meaning.
public enum ArchitectureAxis: String, Hashable, Sendable, Codable, CaseIterable {
    /// Images or clips: ``BackboneArchitecture/rank``.
    case rank
    /// The layers in front of the first stage: ``BackboneArchitecture/stem``.
    case stem
    /// F, the layers of a block: ``BackboneArchitecture/branch``.
    case branch
    /// Where the norms and ReLUs of a block stand: ``BackboneArchitecture/order``.
    case order
    /// What a block adds to F: ``BackboneArchitecture/shortcut``.
    case shortcut
    /// What a bottleneck adds around its 3×3: ``BackboneArchitecture/innerShortcut``.
    case innerShortcut
    /// Whether group norms follow the ReLUs inside F: ``BackboneArchitecture/innerGroupNorm``.
    case innerGroupNorm
    /// How a stage's first block brings its input to the shape of its output: ``BackboneArchitecture/projection``.
    case projection
    /// The norm of every convolution: ``BackboneArchitecture/normalization``.
    case normalization
    /// How F is weighted before the addition: ``BackboneArchitecture/attention``.
    case attention
    /// Blocks in each stage: ``BackboneArchitecture/depths``.
    case depths
    /// The base width of each stage in channels: ``BackboneArchitecture/planes``.
    case planes
    /// Groups of the 3×3 convolutions of each stage: ``BackboneArchitecture/groups``.
    case groups
    /// Channels of the stem's output: ``BackboneArchitecture/stemWidth``.
    case stemWidth
    /// Stride in height and width of each stage: ``BackboneArchitecture/stageStrides``.
    case stageStrides
    /// Stride in time of each stage: ``BackboneArchitecture/temporalStrides``.
    case temporalStrides
    /// Groups of the group norms in RG and dense shortcuts: ``BackboneArchitecture/shortcutGroups``.
    case shortcutGroups
    /// Probability of the dropout before the classifier: ``BackboneArchitecture/dropout``.
    case dropout
    /// Classes of the classifier, if there is one: ``BackboneArchitecture/classes``.
    case classes
}

/// What a backbone takes: images or clips.
public enum Rank: String, Hashable, Sendable, CaseIterable {
    /// Images, `[N, C, H, W]`.
    case image
    /// Clips, `[N, C, T, H, W]`.
    case video

    /// Number of a kernel's axes: 2 or 3.
    public var axes: Int { self == .image ? 2 : 3 }
}

/// The layers in front of the first stage.
public enum Stem: String, Hashable, Sendable, CaseIterable {
    /// 7×7 convolution of stride 2, then 3×3 max-pooling of stride 2.
    case imagenet
    /// 7×7 convolution of stride 2; stage 1 strides by 2 instead of a pooling (Duta et al., 2020, section 3.2).
    case imagenetWithoutPool
    /// 3×3 convolution of stride 1.
    case cifar
    /// 5×7×7 convolution of stride (1, 2, 2), then 1×3×3 max-pooling of stride (1, 2, 2).
    case video
    /// 5×7×7 convolution of stride (1, 2, 2); stage 1 strides by 2 instead of a pooling.
    case videoWithoutPool

    /// Whether a max-pooling of stride 2 stands in front of the first stage.
    public var hasPool: Bool { self == .imagenet || self == .video }
    /// The rank that the stem is for: images or clips.
    public var rank: Rank { self == .video || self == .videoWithoutPool ? .video : .image }
}

/// F(x), the layers whose output a shortcut is added to.
public enum Branch: Hashable, Sendable {
    /// 3×3, 3×3; both give `planes · expansion` channels.
    case basic(expansion: Double = 1)
    /// 1×1 to `planes · middle`, 3×3 with the stage's groups, 1×1 to `planes · expansion`.
    case bottleneck(expansion: Double = 4, middle: Double = 1)
    /// 1×1 to `4 · planes`, 3×3 with the stage's groups, 1×1 to `2 · planes` (ResGroup; Duta et al., 2020, section 3.3).
    case wideGroup
    /// 1×1 to `scale` splits of `planes · baseWidth / 64`, one 3×3 after the other over the splits, 1×1 to
    /// `4 · planes` (Gao et al., 2019).
    case res2Net(scale: Int, baseWidth: Int)

    /// Whether a 1×1 convolution comes before and after the 3×3.
    public var hasMiddle: Bool {
        if case .basic = self { return false }
        return true
    }

    /// Channels of a block's output, at a base width of `planes`.
    public func outputs(planes: Int) -> Int {
        switch self {
        case .basic(let expansion), .bottleneck(let expansion, _): Int(Double(planes) * expansion)
        case .wideGroup: planes * 2
        case .res2Net: planes * 4
        }
    }

    /// Channels of the 3×3 in the middle, or of the first 3×3 in a basic branch, at a base width of `planes`.
    public func middle(planes: Int) -> Int {
        switch self {
        case .basic: outputs(planes: planes)
        case .bottleneck(_, let middle): Int(Double(planes) * middle)
        case .wideGroup: planes * 4
        case .res2Net(let scale, let baseWidth): planes * baseWidth / 64 * scale
        }
    }
}

/// Where the norms and ReLUs of a block stand.
public enum BlockOrder: Hashable, Sendable {
    /// out = ReLU(F(x) + h(x)), F ends in a norm (He et al., 2015).
    case original
    /// a = ReLU(BN(x)), out = F(a) + x; one last norm and ReLU after the last stage (He et al., 2016).
    case preActivation
    /// Start, Middle … End within each stage (Duta et al., 2020, section 3.1).
    case staged(StagedIdentity = .rectified)
}

/// The identity that the block right after a Start adds in the staged order.
public enum StagedIdentity: String, Hashable, Sendable, CaseIterable {
    /// ReLU(x), which the official code computes because its ReLU works in place. Its weights depend on it.
    case rectified
    /// x, as in the paper's figure.
    case unchanged
}

/// h(x), which is added to F(x) in every block except the first of a stage, which has a projection.
public enum Shortcut: Hashable, Sendable {
    /// Nothing is added in any block: a plain network.
    case none
    /// x.
    case identity
    /// GN(ReLU(x)): b-RGSNet (Zhang et al., 2019).
    case rg
    /// GN(ReLU(x)) + x: Res-RGSNet.
    case identityAndRG
    /// BN(ReLU(x)): ablation RBS.
    case rbs
    /// GN of the value before the previous block's last ReLU: ablation GS.
    case gs
    /// x, with the group norm after the block's last ReLU: ablation RGB.
    case rgb
    /// Σ W ⊙ N(A): every earlier value of the stage, normalised and weighted by channel (Zhang et al., 2021).
    case dense(of: DenseSource = .aggregates, normalization: DenseNormalization = .group, isWeighted: Bool = true)
    /// Σ A: every earlier output of the stage as it is.
    case denseIdentity
    /// Nothing is added: each layer's `growth` channels are appended to its input, and the transition to the next stage
    /// keeps the share `compression` of all channels (DenseNet, Huang et al., 2017, section 3).
    case concatenation(growth: Int, compression: Double = 0.5)
}

/// The values that a dense shortcut sums.
public enum DenseSource: String, Hashable, Sendable, CaseIterable {
    /// A_i, the outputs of the earlier blocks: DSNet.
    case aggregates
    /// X_i, their residual branches, where X_0 is A_0: DSNet-a.
    case residuals
}

/// N of a dense shortcut, the normalisation of each summed value. None has an affine.
public enum DenseNormalization: String, Hashable, Sendable, CaseIterable {
    /// Group norm, with the architecture's `shortcutGroups` groups.
    case group
    /// Layer norm: over all channels and positions of an image.
    case layer
    /// Instance norm: over the positions of each channel of an image.
    case instance
    /// Batch norm by the batch's own statistics, both in training and in evaluation.
    case batch
    /// The value as it is.
    case none
}

/// The shortcut around the 3×3 of blocks whose stride is 1.
public enum InnerShortcut: Hashable, Sendable {
    /// Nothing.
    case none
    /// GN(ReLU(u)): d-RGSNet.
    case rg
    /// w ⊙ N(u): DS2Net.
    case weighted(DenseNormalization = .group)
}

/// How the first block of a stage brings x to the branch's shape.
public enum Projection: String, Hashable, Sendable, CaseIterable {
    /// A strided 1×1 convolution.
    case convolution
    /// 3×3 max-pooling with the stride, then a 1×1 convolution (Duta et al., 2020, section 3.2).
    case maxPool
    /// 2×2 average-pooling with the stride, then a 1×1 convolution.
    case averagePool
}

/// The norm after the convolutions.
public enum Normalization: Hashable, Sendable {
    /// Batch norm (Ioffe and Szegedy, 2015).
    case batch
    /// Batch norm with fixed statistics and affine; nothing in it is trained.
    case frozenBatch
    /// Batch norm by the statistics of all processes that train the network together (Zhang et al., "Context Encoding for
    /// Semantic Segmentation", 2018). In one process it equals `batch`, with the same layers and numbers.
    case synchronizedBatch
    /// Group norm (Wu and He, 2018).
    case group(groups: Int = 32)
}

/// The weighting of F(x) before the addition.
public enum Attention: Hashable, Sendable {
    /// Nothing.
    case none
    /// A weight for each channel (Hu et al., 2018).
    case squeezeExcitation(reduction: Int = 16)
    /// A weight for each channel, then one for each position (Woo et al., 2018). For images only.
    case cbam(reduction: Int = 16)
}
