extension Catalogue {
    /// The names of the models whose tensors have the names and shapes of a state dict. The classifier's shapes are ignored,
    /// because its rows depend on the data's classes, and it may be missing. PyTorch's counts of batches are ignored too.
    public static func names(ofState state: [(name: String, shape: [Int])]) -> [String] {
        let given = Dictionary(state.filter { !isCount($0.name) }, uniquingKeysWith: { first, _ in first })
        func holds(_ layers: [PlannedLayer]) -> Bool {
            layers.lazy.flatMap(\.tensors).allSatisfy { isCount($0.name) || given[$0.name] == $0.shape }
        }
        return models.filter { model in
            // Compare the first stage first: most models differ there, and planning thousands of layers takes time.
            guard let beginning = try? model.architecture.plan(stageCount: 1), holds(beginning.layers),
                let plan = try? model.architecture.plan()
            else { return false }
            let classifier = Set(plan.classifier?.tensors.map(\.name) ?? [])
            let tensors = plan.tensors.filter { !isCount($0.name) && !classifier.contains($0.name) }
            return given.keys.count { !classifier.contains($0) } == tensors.count
                && tensors.allSatisfy { given[$0.name] == $0.shape }
        }.map(\.name)
    }

    private static func isCount(_ name: String) -> Bool { name.hasSuffix(".num_batches_tracked") }
}
