/// The section `logging` of a recipe: what a run writes for other programs.
package struct LoggingSection: RecipeSection {
    /// Whether a run writes files of events for TensorBoard.
    package var tensorboard = true

    enum CodingKeys: String, CodingKey, CaseIterable { case tensorboard }

    package init() {}

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        try values.update(&tensorboard, .tensorboard)
    }
}
