/// Names that one list has and another lacks.
struct NameDifference {
    private let onlyFirst: [String]
    private let onlySecond: [String]
    private let lists: (String, String)

    /// Nil where both lists have the same names, in any order.
    ///
    /// - Parameter lists: What the lists are called.
    init?(_ first: [String], _ second: [String], named lists: (String, String)) {
        let (inFirst, inSecond) = (Set(first), Set(second))
        guard inFirst != inSecond else { return nil }
        onlyFirst = first.filter { !inSecond.contains($0) }
        onlySecond = second.filter { !inFirst.contains($0) }
        self.lists = lists
    }

    /// What differs in words, with the first few names.
    func words(_ noun: String) -> String {
        func part(_ names: [String], _ list: String) -> String? {
            guard !names.isEmpty else { return nil }
            let plural = noun.hasSuffix("s") ? noun + "es" : noun + "s"
            let shown = names.prefix(3).joined(separator: ", ")
            return "only \(list) has \(names.count == 1 ? "the \(noun)" : "\(names.count) \(plural), such as") \(shown)"
        }
        return [part(onlyFirst, lists.0), part(onlySecond, lists.1)].compactMap(\.self).joined(separator: "; ")
    }
}
