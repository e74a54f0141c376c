/// The candidate that needs the fewest insertions, deletions and replacements of characters to become `name`, or the first
/// of several. Case is ignored. Nil if all candidates need more than `limit`.
package func nearestName(to name: String, among candidates: [String], within limit: Int = .max) -> String? {
    let edits = candidates.map { editDistance(name.lowercased(), $0.lowercased()) }
    guard let fewest = edits.min(), fewest <= limit, let index = edits.firstIndex(of: fewest) else { return nil }
    return candidates[index]
}

private func editDistance(_ a: String, _ b: String) -> Int {
    let b = Array(b)
    var row = Array(0...b.count)
    for (i, character) in a.enumerated() {
        var diagonal = row[0]
        row[0] = i + 1
        for j in b.indices {
            let replaced = diagonal + (character == b[j] ? 0 : 1)
            diagonal = row[j + 1]
            row[j + 1] = min(replaced, row[j] + 1, diagonal + 1)
        }
    }
    return row[b.count]
}
