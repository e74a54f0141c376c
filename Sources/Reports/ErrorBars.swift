import Evaluation
import Foundation

/// What each kind of error costs, as bars.
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
            \(bar("all false positives", costs.falsePositives, costs.falsePositiveGain, "detections that are wrong, for whatever reason", "sum"))\
            \(bar("all false negatives", costs.falseNegatives, costs.falseNegativeGain, "objects that were not found, for whatever reason", "sum"))\
            </div>

            """
    }
}

extension ErrorAnalysis.Kind {
    /// In a few words, with the usual thresholds left out.
    var meaning: String {
        switch self {
        case .classification: "on an object, under another class"
        case .localization: "the right class, but the box fits too badly"
        case .both: "another class, and the box fits badly"
        case .duplicate: "on an object that a better detection has found"
        case .background: "on nothing that is annotated"
        case .missed: "objects that nothing came near"
        }
    }
}

extension Double {
    /// 0…1 as percent with one decimal; a dash below 0, which stands for nothing to measure.
    var percent: String { self < -1e-9 ? "–" : String(format: "%.1f", max(0, self) * 100) }
}
