/// Pairs rows with columns one to one so that the costs of the pairs have the least sum, as many pairs as the shorter side has
/// (Kuhn, "The Hungarian method for the assignment problem", 1955, by shortest augmenting paths as in Jonker and Volgenant,
/// 1987). It takes time in the order of rows² · columns, with the rows being the shorter side.
///
/// - Parameters:
///   - costs: The cost of each pair, `[rows, columns]`, finite.
///   - rows: Number of rows, 0 or more.
///   - columns: Number of columns, 0 or more.
/// - Returns: The column of each row; nil for rows without one, where there are more rows than columns.
public func leastCostAssignment(_ costs: [Double], rows: Int, columns: Int) -> [Int?] {
    precondition(
        rows >= 0 && columns >= 0 && costs.count == rows * columns,
        "leastCostAssignment: \(costs.count) costs for \(rows) rows and \(columns) columns")
    precondition(costs.allSatisfy(\.isFinite), "leastCostAssignment: a cost that is not finite")
    guard rows > 0, columns > 0 else { return [Int?](repeating: nil, count: rows) }
    guard rows <= columns else {
        let turned = (0..<columns * rows).map { costs[$0 % rows * columns + $0 / rows] }
        var result = [Int?](repeating: nil, count: rows)
        for (column, row) in leastCostAssignment(turned, rows: columns, columns: rows).enumerated() {
            if let row { result[row] = column }
        }
        return result
    }
    // Potentials with costs[i][j] ≥ row[i] + column[j], with equality for pairs. Row and column 0 are no real ones.
    var rowPotential = [Double](repeating: 0, count: rows + 1)
    var columnPotential = [Double](repeating: 0, count: columns + 1)
    var rowOfColumn = [Int](repeating: 0, count: columns + 1)
    var previous = [Int](repeating: 0, count: columns + 1)
    for row in 1...rows {
        rowOfColumn[0] = row
        var column = 0
        var distance = [Double](repeating: .infinity, count: columns + 1)
        var isReached = [Bool](repeating: false, count: columns + 1)
        repeat {
            isReached[column] = true
            let from = rowOfColumn[column]
            var least = Double.infinity, next = 0
            for other in 1...columns where !isReached[other] {
                let slack = costs[(from - 1) * columns + other - 1] - rowPotential[from] - columnPotential[other]
                if slack < distance[other] {
                    distance[other] = slack
                    previous[other] = column
                }
                if distance[other] < least {
                    least = distance[other]
                    next = other
                }
            }
            for other in 0...columns {
                if isReached[other] {
                    rowPotential[rowOfColumn[other]] += least
                    columnPotential[other] -= least
                } else {
                    distance[other] -= least
                }
            }
            column = next
        } while rowOfColumn[column] != 0
        while column != 0 {
            let before = previous[column]
            rowOfColumn[column] = rowOfColumn[before]
            column = before
        }
    }
    var result = [Int?](repeating: nil, count: rows)
    for column in 1...columns where rowOfColumn[column] > 0 { result[rowOfColumn[column] - 1] = column - 1 }
    return result
}
