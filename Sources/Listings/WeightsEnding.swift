import Foundation

/// The two forms of files of weights: safetensors, and everything that pickles.
package enum WeightsForm: Sendable {
    case safetensors, pth

    /// The form that a name's ending asks for; nil for an unknown one.
    package init?(ofName path: String) {
        let path = path.lowercased() as NSString
        let isTar = path.pathExtension == "tar"
        switch isTar ? (path.deletingPathExtension as NSString).pathExtension : path.pathExtension {
        case "safetensors" where !isTar: self = .safetensors
        case "pth", "pt": self = .pth
        case "bin" where !isTar: self = .pth
        default: return nil
        }
    }
}
