/// The publication of a network.
public struct Paper: Hashable, Sendable, Codable {
    /// The title as printed.
    public let title: String
    /// The authors' family names, in the paper's order.
    public let authors: String
    /// Conference or journal in short, such as `CVPR`.
    public let venue: String
    /// The year in which it appeared there.
    public let year: Int

    static let resNet = Paper(
        title: "Deep Residual Learning for Image Recognition", authors: "He, Zhang, Ren, Sun", venue: "CVPR", year: 2016
    )
    static let vgg = Paper(
        title: "Very Deep Convolutional Networks for Large-Scale Image Recognition", authors: "Simonyan, Zisserman",
        venue: "ICLR", year: 2015)
    static let preActivation = Paper(
        title: "Identity Mappings in Deep Residual Networks", authors: "He, Zhang, Ren, Sun", venue: "ECCV", year: 2016)
    static let iResNet = Paper(
        title: "Improved Residual Networks for Image and Video Recognition", authors: "Duta, Liu, Zhu, Shao",
        venue: "ICPR", year: 2020)
    static let resNeXt = Paper(
        title: "Aggregated Residual Transformations for Deep Neural Networks", authors: "Xie, Girshick, Dollár, Tu, He",
        venue: "CVPR", year: 2017)
    static let wideResNet = Paper(
        title: "Wide Residual Networks", authors: "Zagoruyko, Komodakis", venue: "BMVC", year: 2016)
    static let squeezeExcitation = Paper(
        title: "Squeeze-and-Excitation Networks", authors: "Hu, Shen, Sun", venue: "CVPR", year: 2018)
    static let cbam = Paper(
        title: "CBAM: Convolutional Block Attention Module", authors: "Woo, Park, Lee, Kweon", venue: "ECCV", year: 2018
    )
    static let res2Net = Paper(
        title: "Res2Net: A New Multi-scale Backbone Architecture", authors: "Gao, Cheng, Zhao, Zhang, Yang, Torr",
        venue: "TPAMI", year: 2019)
    static let denseNet = Paper(
        title: "Densely Connected Convolutional Networks", authors: "Huang, Liu, van der Maaten, Weinberger",
        venue: "CVPR", year: 2017)
    static let rgsNet = Paper(
        title: "Revisiting Residual Networks with Nonlinear Shortcuts",
        authors: "Zhang, Rameau, Lee, Kim, Benz, Argaw, Bazin, Kweon", venue: "BMVC", year: 2019)
    static let dsNet = Paper(
        title: "ResNet or DenseNet? Introducing Dense Shortcuts to ResNet",
        authors: "Zhang, Benz, Argaw, Lee, Kim, Rameau, Bazin, Kweon", venue: "WACV", year: 2021)
}
