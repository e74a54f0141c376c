/// A recipe with a name.
public struct NamedModel: Hashable, Sendable {
    public let name: String
    public let recipe: BackboneRecipe
    public let paper: Paper
}

/// A name that no model has.
public struct UnknownModel: Error, Hashable, Sendable, CustomStringConvertible {
    public let name: String
    /// The name of a model that looks most like it.
    public let nearest: String

    public var description: String { "no model is called \"\(name)\"; did you mean \"\(nearest)\"?" }
}

/// Every named network: a line of data each, or a line for each depth of a family.
public enum Catalogue {
    public static let models: [NamedModel] = imageNetModels + cifarModels + videoModels

    /// The recipe of a named model. Throws `UnknownModel` with the nearest name.
    public static func recipe(named name: String) throws(UnknownModel) -> BackboneRecipe {
        try model(named: name).recipe
    }

    /// A named model. Throws `UnknownModel` with the nearest name.
    public static func model(named name: String) throws(UnknownModel) -> NamedModel {
        if let model = byName[name] { return model }
        throw UnknownModel(name: name, nearest: nearestName(to: name, among: models.map(\.name)) ?? "resnet50")
    }

    private static let byName = Dictionary(models.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })

    private static let imageNetDepths = [18, 34, 50, 101, 152, 200, 302, 404]
    private static let rgsDepths = [26, 32, 38, 50, 62, 77, 101, 152]

    private static let imageNetModels: [NamedModel] =
        family([18, 34], .resNet, { "plain\($0)" }) { .resNet($0).shortcut(.none) }
        + family([18, 34, 26, 32, 38, 50, 62, 77, 101, 152, 200], .resNet, { "resnet\($0)" }) { .resNet($0) }
        + family([18, 34, 50, 101, 152, 200], .preActivation, { "preact\($0)" }) { .resNet($0).ordered(.preActivation) }
        + family(imageNetDepths, .iResNet, { "resstage\($0)" }) { .resNet($0).staged() }
        + family([50], .iResNet, { "resstage\($0)_paper" }) { .resNet($0).staged(.unchanged) }
        + family(imageNetDepths, .iResNet, { "resmax\($0)" }) { .resNet($0).maxPoolProjected() }
        + family(imageNetDepths, .iResNet, { "iresnet\($0)" }) { .iResNet($0) }
        + family([50], .iResNet, { "iresnet\($0)_paper" }) { .resNet($0).staged(.unchanged).maxPoolProjected() }
        + family([50, 101, 152], .iResNet, { "resgroup\($0)" }) { .resGroup($0) }
        + family([50, 101, 152], .iResNet, { "resgroupfix\($0)" }) { .resGroup($0, fixed: true) }
        + family([50, 101, 152], .iResNet, { "iresgroup\($0)" }) { .resGroup($0).staged().maxPoolProjected() }
        + family([50, 101, 152], .iResNet, { "iresgroupfix\($0)" }) {
            .resGroup($0, fixed: true).staged().maxPoolProjected()
        }
        + family([50, 101], .resNeXt, { "resnext\($0)_32x4d" }) { .resNet($0).middle(2, groups: 32) }
        + family([101], .resNeXt, { "resnext\($0)_32x8d" }) { .resNet($0).middle(4, groups: 32) }
        + family([101], .resNeXt, { "resnext\($0)_64x4d" }) { .resNet($0).middle(4, groups: 64) }
        + family([50, 101], .wideResNet, { "wideresnet\($0)_2" }) { .resNet($0).middle(2) }
        + family([18, 34, 50, 101, 152], .squeezeExcitation, { "seresnet\($0)" }) {
            .resNet($0).attending(.squeezeExcitation())
        }
        + family([18, 34, 50, 101], .cbam, { "cbamresnet\($0)" }) { .resNet($0).attending(.cbam()) }
        + family([50], .res2Net, { "res2net\($0)" }) { depth in
            .resNet(depth).with { $0.branch = .res2Net(scale: 4, baseWidth: 26) }
        }
        + [NamedModel(name: "plain_vgg19", recipe: .vgg19, paper: .vgg)]
        + shortcutModels

    private static let shortcutModels: [NamedModel] =
        widths(.rgsNet, { "b_rgsnet\($0)" }) { .resNet($0).shortcut(.rg) }
        + widths(.rgsNet, { "d_rgsnet\($0)" }) { .resNet($0).shortcut(.rg, inner: .rg) }
        + widths(.rgsNet, { "res_rgsnet\($0)" }) { .resNet($0).shortcut(.identityAndRG, inner: .rg) }
        + family([50], .rgsNet, { "res_rgsnet\($0)_se" }) {
            .resNet($0).shortcut(.identityAndRG, inner: .rg).attending(.squeezeExcitation())
        }
        + family([50], .rgsNet, { "rbs\($0)" }) { .resNet($0).shortcut(.rbs) }
        + family([50], .rgsNet, { "gs\($0)" }) { .resNet($0).shortcut(.gs) }
        + family([50], .rgsNet, { "rgb\($0)" }) { .resNet($0).shortcut(.rgb) }
        + family([50], .rgsNet, { "resnet\($0)_2gn" }) { depth in .resNet(depth).with { $0.innerGroupNorm = true } }
        + family([26, 50, 101, 152], .dsNet, { "dsnet\($0)" }) { .resNet($0).shortcut(.dense()) }
        + family([26, 50, 101, 152], .dsNet, { "ds2net\($0)" }) { .resNet($0).shortcut(.dense(), inner: .weighted()) }
        + family([50], .dsNet, { "dsnet\($0)_a" }) { .resNet($0).shortcut(.dense(of: .residuals)) }
        + family([50], .dsNet, { "dsnet\($0)_ln" }) { .resNet($0).shortcut(.dense(normalization: .layer)) }
        + family([50], .dsNet, { "dsnet\($0)_in" }) { .resNet($0).shortcut(.dense(normalization: .instance)) }
        + family([50], .dsNet, { "dsnet\($0)_bn" }) { .resNet($0).shortcut(.dense(normalization: .batch)) }
        + family([50], .dsNet, { "dsnet\($0)_none" }) { .resNet($0).shortcut(.dense(normalization: .none)) }
        + family([50], .dsNet, { "dsnet\($0)_noweight" }) { .resNet($0).shortcut(.dense(isWeighted: false)) }
        + family([50], .dsNet, { "resnet\($0)_dense" }) { .resNet($0).shortcut(.denseIdentity) }
        + family([50], .dsNet, { "dsnext\($0)" }) { .resNet($0).middle(2, groups: 32).shortcut(.dense()) }
        + family([50], .dsNet, { "ds2next\($0)" }) {
            .resNet($0).middle(2, groups: 32).shortcut(.dense(), inner: .weighted())
        }
        + family([50], .dsNet, { "dswrn\($0)_2" }) { .resNet($0).middle(2).shortcut(.dense()) }
        + family([50], .dsNet, { "ds2res2net\($0)" }) { depth in
            // Its splits' 104 · 2ⁿ channels have no 32 groups.
            .resNet(depth).shortcut(.dense(), inner: .weighted(.layer)).with {
                $0.branch = .res2Net(scale: 4, baseWidth: 26)
            }
        }

    private static let cifarDepths = [
        164: [18, 18, 18], 1001: [111, 111, 111], 2000: [222, 222, 222], 3002: [333, 334, 333],
    ]

    private static let cifarModels: [NamedModel] =
        family(cifarDepths.keys.sorted(), .resNet, { "cifar_resnet\($0)" }) { .cifar(cifarDepths[$0] ?? []) }
        + family(cifarDepths.keys.sorted(), .iResNet, { "cifar_iresnet\($0)" }) {
            .cifar(cifarDepths[$0] ?? []).staged().maxPoolProjected()
        }
        + widths(.resNet, { "cifar_resnet\($0)" }) { .resNet($0).onCIFAR() }
        + widths(.rgsNet, { "cifar_res_rgsnet\($0)" }) { .resNet($0).shortcut(.identityAndRG, inner: .rg).onCIFAR() }
        + widths(.dsNet, { "cifar_dsnet\($0)" }) { .resNet($0).shortcut(.dense()).onCIFAR() }
        + widths(.dsNet, { "cifar_ds2net\($0)" }) { .resNet($0).shortcut(.dense(), inner: .weighted()).onCIFAR() }
        + [
            NamedModel(name: "cifar_resnext29_8x64d", recipe: .resNeXt29(groups: 8, width: 64), paper: .resNeXt),
            NamedModel(name: "cifar_resnext29_16x64d", recipe: .resNeXt29(groups: 16, width: 64), paper: .resNeXt),
            NamedModel(name: "cifar_resnext29_64x8d", recipe: .resNeXt29(groups: 64, width: 8), paper: .resNeXt),
            NamedModel(
                name: "cifar_rgs_resnext29_8x64d",
                recipe: .resNeXt29(groups: 8, width: 64).shortcut(.identityAndRG, inner: .rg), paper: .rgsNet),
            NamedModel(
                name: "cifar_dsnext29_6x64d", recipe: .resNeXt29(groups: 6, width: 64).shortcut(.dense()),
                paper: .dsNet),
            NamedModel(
                name: "cifar_ds2next29_6x64d",
                recipe: .resNeXt29(groups: 6, width: 64).shortcut(.dense(), inner: .weighted()), paper: .dsNet),
            NamedModel(name: "cifar_wrn28_10", recipe: .wideResNet28(), paper: .wideResNet),
            NamedModel(name: "cifar_dswrn28_10", recipe: .wideResNet28().shortcut(.dense()), paper: .dsNet),
        ]

    private static let videoModels: [NamedModel] =
        family([50, 101], .iResNet, { "resnet3d\($0)" }) { .resNet($0).onVideo() }
        + family([50, 101], .iResNet, { "iresnet3d\($0)" }) { .iResNet($0).onVideo() }

    private static func family(
        _ depths: [Int], _ paper: Paper, _ name: (Int) -> String, _ recipe: (Int) -> BackboneRecipe
    ) -> [NamedModel] {
        depths.map { NamedModel(name: name($0), recipe: recipe($0), paper: paper) }
    }

    /// Every depth of RGSNet's table 8, at its own width and at 0.25, 0.5 and 2 times that.
    private static func widths(
        _ paper: Paper, _ name: (Int) -> String, _ recipe: (Int) -> BackboneRecipe
    ) -> [NamedModel] {
        [(1, ""), (0.25, "_0.25"), (0.5, "_0.5"), (2, "_2")].flatMap { factor, suffix in
            family(rgsDepths, paper, { name($0) + suffix }) { recipe($0).scaled(factor) }
        }
    }
}
