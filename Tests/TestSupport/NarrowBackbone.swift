/// A ResNet-18 of few channels: for tests that train or save a network and ask nothing of how wide it is. Its checkpoints
/// take a hundredth of the room. A recipe needs quotes around it.
public let narrowResNet18 = "resnet18:planes=16/16/32/32,stem_width=16"
