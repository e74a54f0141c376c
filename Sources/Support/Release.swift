/// What is known of this program as a whole.
package enum Release {
    /// The version of the next release; `tools/package` names its archive after it.
    package static let version = "0.1.0"
}
