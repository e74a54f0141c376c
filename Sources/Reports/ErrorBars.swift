import Evaluation
import Foundation

/// The cost of each kind of error as a bar.
struct ErrorBars {
    let costs: ErrorCosts

    func html() -> HTML {
        let highest = max(
            costs.costs.map(\.gain).max() ?? 0, costs.falsePositiveGain, costs.falseNegativeGain, 1e-9)
        func bar(_ name: String, _ count: Int, _ gain: Double, _ meaning: String, _ kind: String) -> HTML {
            """
            <div class="bar"><b>\(name)</b><span class="track"><i class="\(kind)" \
            style="width:\((100 * max(0, gain) / highest).short)%"></i></span>\
            <span class="number">\(gain.percent)</span><small>\(count) – \(meaning)</small></div>

            """
        }
        let kinds = costs.costs.map { bar($0.kind.rawValue, $0.count, $0.gain, $0.kind.meaning, "kind") }
        return """
            <div class="bars">\(kinds)\
            \(bar("all false positives", costs.falsePositives, costs.falsePositiveGain, "all wrong detections", "sum"))\
            \(bar("all false negatives", costs.falseNegatives, costs.falseNegativeGain, "all objects that were not found", "sum"))\
            </div>

            """
    }
}

extension ErrorAnalysis.Kind {
    /// The kind of error in a few words, without thresholds.
    var meaning: String {
        switch self {
        case .classification: "on an object, but of another class"
        case .localization: "of the right class, but the box fits badly"
        case .both: "of another class, and the box fits badly"
        case .duplicate: "on an object that a better detection has already found"
        case .background: "on background, where nothing is annotated"
        case .missed: "objects without any detection near them"
        }
    }
}

extension Double {
    /// A number in 0…1 as a percentage with one decimal; a dash for a negative one, which means that nothing was measured.
    var percent: String { self < -1e-9 ? "–" : String(format: "%.1f", max(0, self) * 100) }
}
