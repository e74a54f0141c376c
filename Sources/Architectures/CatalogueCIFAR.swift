extension Catalogue {
    /// Networks on images of 32×32.
    static let cifarModels: [NamedModel] =
        cifarFamilies.flatMap(\.models) + widths(cifarWidthFamilies)
        + [
            NamedModel(name: "cifar_resnext29_8x64d", architecture: .resNeXt29(groups: 8, width: 64), paper: .resNeXt),
            NamedModel(
                name: "cifar_resnext29_16x64d", architecture: .resNeXt29(groups: 16, width: 64), paper: .resNeXt),
            NamedModel(name: "cifar_resnext29_64x8d", architecture: .resNeXt29(groups: 64, width: 8), paper: .resNeXt),
            NamedModel(
                name: "cifar_rgs_resnext29_8x64d",
                architecture: .resNeXt29(groups: 8, width: 64).shortcut(.identityAndRG, inner: .rg), paper: .rgsNet),
            NamedModel(
                name: "cifar_dsnext29_6x64d", architecture: .resNeXt29(groups: 6, width: 64).shortcut(.dense()),
                paper: .dsNet),
            NamedModel(
                name: "cifar_ds2next29_6x64d",
                architecture: .resNeXt29(groups: 6, width: 64).shortcut(.dense(), inner: .weighted()), paper: .dsNet),
            NamedModel(name: "cifar_wrn28_10", architecture: .wideResNet28(), paper: .wideResNet),
            NamedModel(name: "cifar_dswrn28_10", architecture: .wideResNet28().shortcut(.dense()), paper: .dsNet),
            NamedModel(
                name: "cifar_densenet40_12", architecture: .plainCIFARDenseNet(40, growth: 12), paper: .denseNet),
            NamedModel(
                name: "cifar_densenet100_12", architecture: .plainCIFARDenseNet(100, growth: 12), paper: .denseNet),
            NamedModel(
                name: "cifar_densenet100_24", architecture: .plainCIFARDenseNet(100, growth: 24), paper: .denseNet),
            NamedModel(
                name: "cifar_densenet_bc100_12", architecture: .cifarDenseNet(100, growth: 12), paper: .denseNet),
            NamedModel(
                name: "cifar_densenet_bc250_24", architecture: .cifarDenseNet(250, growth: 24), paper: .denseNet),
            NamedModel(
                name: "cifar_densenet_bc190_40", architecture: .cifarDenseNet(190, growth: 40), paper: .denseNet),
        ]

    private static let cifarDepths = [
        164: [18, 18, 18], 1001: [111, 111, 111], 2000: [222, 222, 222], 3002: [333, 334, 333],
    ]

    private static let cifarFamilies: [ModelFamily] = [
        ModelFamily(cifarDepths.keys.sorted(), .resNet, { "cifar_resnet\($0)" }) { .cifar(cifarDepths[$0] ?? []) },
        ModelFamily(cifarDepths.keys.sorted(), .iResNet, { "cifar_iresnet\($0)" }) {
            .cifar(cifarDepths[$0] ?? []).staged().maxPoolProjected()
        },
        ModelFamily(rgsDepths, .rgsNet, { "cifar_res_rgsnet\($0)_se" }) {
            .resNet($0).shortcut(.identityAndRG, inner: .rg).attending(.squeezeExcitation()).onCIFAR()
        },
    ]

    /// Networks that come in four widths.
    private static let cifarWidthFamilies: [ModelFamily] = [
        ModelFamily(rgsDepths, .resNet, { "cifar_resnet\($0)" }) { .resNet($0).onCIFAR() },
        ModelFamily(rgsDepths, .rgsNet, { "cifar_b_rgsnet\($0)" }) { .resNet($0).shortcut(.rg).onCIFAR() },
        ModelFamily(rgsDepths, .rgsNet, { "cifar_d_rgsnet\($0)" }) { .resNet($0).shortcut(.rg, inner: .rg).onCIFAR() },
        ModelFamily(rgsDepths, .rgsNet, { "cifar_res_rgsnet\($0)" }) {
            .resNet($0).shortcut(.identityAndRG, inner: .rg).onCIFAR()
        },
        ModelFamily(rgsDepths, .dsNet, { "cifar_dsnet\($0)" }) { .resNet($0).shortcut(.dense()).onCIFAR() },
        ModelFamily(rgsDepths, .dsNet, { "cifar_ds2net\($0)" }) {
            .resNet($0).shortcut(.dense(), inner: .weighted()).onCIFAR()
        },
    ]
}
