import ArgumentParser
import ScoreCommands

/// Options that say what weights of others are, for commands that use a model.
package struct WeightsOptions: ParsableArguments {
    @Option(
        help: """
            For weights that others trained: their network, a name that `vertebra models` lists or one of torchvision's, such \
            as fasterrcnn_resnet50_fpn. Default: told by the names and shapes of the tensors.
            """)
    package var model: String?
    @Option(
        help: """
            For weights that others trained: the names of the classes, coco, voc, imagenet, kinetics400, or a file with one \
            name on each line in the order of the outputs. Default: the list that has as many names.
            """)
    package var classes: String?

    package init() {}
}
