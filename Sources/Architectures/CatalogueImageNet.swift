extension Catalogue {
    private static let imageNetDepths = [18, 34, 50, 101, 152, 200, 302, 404]
    /// The depths of RGSNet's table 8.
    static let rgsDepths = [26, 32, 38, 50, 62, 77, 101, 152]
    /// Layers in each dense block of a DenseNet, by its depth (Huang et al., 2017, table 1).
    private static let denseNetDepths = [
        121: [6, 12, 24, 16], 161: [6, 12, 36, 24], 169: [6, 12, 32, 32], 201: [6, 12, 48, 32], 264: [6, 12, 64, 48],
    ]

    /// Networks on images of 224×224, and with bottlenecks on clips as well.
    static let imageNetFamilies: [ModelFamily] = residualFamilies + shortcutFamilies

    private static let residualFamilies: [ModelFamily] = [
        ModelFamily([18, 34], .resNet, { "plain\($0)" }) { .resNet($0).shortcut(.none) },
        ModelFamily([19], .vgg, { "plain_vgg\($0)" }) { _ in .vgg19 },
        ModelFamily([18, 34, 26, 32, 38, 50, 62, 77, 101, 152, 200], .resNet, { "resnet\($0)" }) { .resNet($0) },
        ModelFamily([18, 34, 50, 101, 152, 200], .preActivation, { "preact\($0)" }) {
            .resNet($0).ordered(.preActivation)
        },
        ModelFamily(imageNetDepths, .iResNet, { "resstage\($0)" }) { .resNet($0).staged() },
        ModelFamily([50], .iResNet, { "resstage\($0)_paper" }) { .resNet($0).staged(.unchanged) },
        ModelFamily(imageNetDepths, .iResNet, { "resmax\($0)" }) { .resNet($0).maxPoolProjected() },
        ModelFamily(imageNetDepths, .iResNet, { "iresnet\($0)" }) { .iResNet($0) },
        ModelFamily([50], .iResNet, { "iresnet\($0)_paper" }) { .resNet($0).staged(.unchanged).maxPoolProjected() },
        ModelFamily([50, 101, 152], .iResNet, { "resgroup\($0)" }) { .resGroup($0) },
        ModelFamily([50, 101, 152], .iResNet, { "resgroupfix\($0)" }) { .resGroup($0, fixed: true) },
        ModelFamily([50, 101, 152], .iResNet, { "iresgroup\($0)" }) { .resGroup($0).staged().maxPoolProjected() },
        ModelFamily([50, 101, 152], .iResNet, { "iresgroupfix\($0)" }) {
            .resGroup($0, fixed: true).staged().maxPoolProjected()
        },
        ModelFamily([50, 101], .resNeXt, { "resnext\($0)_32x4d" }) { .resNet($0).middle(2, groups: 32) },
        ModelFamily([101], .resNeXt, { "resnext\($0)_32x8d" }) { .resNet($0).middle(4, groups: 32) },
        ModelFamily([101], .resNeXt, { "resnext\($0)_64x4d" }) { .resNet($0).middle(4, groups: 64) },
        ModelFamily([50, 101], .wideResNet, { "wideresnet\($0)_2" }) { .resNet($0).middle(2) },
        ModelFamily([18, 34, 50, 101, 152], .squeezeExcitation, { "seresnet\($0)" }) {
            .resNet($0).attending(.squeezeExcitation())
        },
        ModelFamily([18, 34, 50, 101], .cbam, { "cbamresnet\($0)" }) { .resNet($0).attending(.cbam()) },
        ModelFamily([50], .res2Net, { "res2net\($0)" }) { .resNet($0).res2Net() },
        ModelFamily(denseNetDepths.keys.sorted(), .denseNet, { "densenet\($0)" }) {
            .denseNet(denseNetDepths[$0] ?? [], growth: $0 == 161 ? 48 : 32)
        },
    ]

    private static let shortcutFamilies: [ModelFamily] = [
        ModelFamily(rgsDepths, .rgsNet, { "res_rgsnet\($0)_se" }) {
            .resNet($0).shortcut(.identityAndRG, inner: .rg).attending(.squeezeExcitation())
        },
        ModelFamily([50], .rgsNet, { "rbs\($0)" }) { .resNet($0).shortcut(.rbs) },
        ModelFamily([50], .rgsNet, { "gs\($0)" }) { .resNet($0).shortcut(.gs) },
        ModelFamily([50], .rgsNet, { "rgb\($0)" }) { .resNet($0).shortcut(.rgb) },
        ModelFamily([50], .rgsNet, { "resnet\($0)_2gn" }) { depth in .resNet(depth).with { $0.innerGroupNorm = true } },
        ModelFamily([26, 50, 101, 152], .dsNet, { "dsnet\($0)" }) { .resNet($0).shortcut(.dense()) },
        ModelFamily([26, 50, 101, 152], .dsNet, { "ds2net\($0)" }) {
            .resNet($0).shortcut(.dense(), inner: .weighted())
        },
        ModelFamily([50], .dsNet, { "dsnet\($0)_a" }) { .resNet($0).shortcut(.dense(of: .residuals)) },
        ModelFamily([50], .dsNet, { "dsnet\($0)_ln" }) { .resNet($0).shortcut(.dense(normalization: .layer)) },
        ModelFamily([50], .dsNet, { "dsnet\($0)_in" }) { .resNet($0).shortcut(.dense(normalization: .instance)) },
        ModelFamily([50], .dsNet, { "dsnet\($0)_bn" }) { .resNet($0).shortcut(.dense(normalization: .batch)) },
        ModelFamily([50], .dsNet, { "dsnet\($0)_none" }) { .resNet($0).shortcut(.dense(normalization: .none)) },
        ModelFamily([50], .dsNet, { "dsnet\($0)_noweight" }) { .resNet($0).shortcut(.dense(isWeighted: false)) },
        ModelFamily([50], .dsNet, { "resnet\($0)_dense" }) { .resNet($0).shortcut(.denseIdentity) },
        ModelFamily([50, 101], .dsNet, { "dsnext\($0)" }) { .resNet($0).middle(2, groups: 32).shortcut(.dense()) },
        ModelFamily([50, 101], .dsNet, { "ds2next\($0)" }) {
            .resNet($0).middle(2, groups: 32).shortcut(.dense(), inner: .weighted())
        },
        ModelFamily([50], .dsNet, { "dswrn\($0)_2" }) { .resNet($0).middle(2).shortcut(.dense()) },
        ModelFamily([50], .dsNet, { "ds2res2net\($0)" }) {
            // 32 groups don't divide the 104 · 2ⁿ channels of its splits, so it has a layer norm.
            .resNet($0).res2Net().shortcut(.dense(), inner: .weighted(.layer))
        },
    ]

    /// Networks that come in four widths.
    static let imageNetWidthFamilies: [ModelFamily] = [
        ModelFamily(rgsDepths, .rgsNet, { "b_rgsnet\($0)" }) { .resNet($0).shortcut(.rg) },
        ModelFamily(rgsDepths, .rgsNet, { "d_rgsnet\($0)" }) { .resNet($0).shortcut(.rg, inner: .rg) },
        ModelFamily(rgsDepths, .rgsNet, { "res_rgsnet\($0)" }) { .resNet($0).shortcut(.identityAndRG, inner: .rg) },
    ]
}
