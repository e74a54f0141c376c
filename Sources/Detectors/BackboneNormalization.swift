import Architectures

extension FasterRCNNConfiguration.Normalization {
    /// The backbone with its norms as a detector wants them.
    ///
    /// - Throws: ``DetectorConfigurationError`` where norms are to be frozen that have no statistics.
    func applied(to backbone: BackboneArchitecture, detector: String) throws -> BackboneArchitecture {
        guard self == .frozenBatch else { return backbone }
        if case .group = backbone.normalization {
            throw DetectorConfigurationError(
                detector: detector, key: "normalization",
                reason: "is \(rawValue), but the backbone has group norms, which keep no statistics to freeze; "
                    + "leave it out")
        }
        return backbone.with { $0.normalization = .frozenBatch }
    }
}
