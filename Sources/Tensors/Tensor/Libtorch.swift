import CTorch

/// The libtorch that everything here computes with.
public enum Libtorch {
    /// The version whose headers this was built with, as 2.13.0.
    public static var builtVersion: String { String(cString: ct_version()) }

    /// The version of the libraries that this process has loaded. Takes a few milliseconds, and leaves ``Device/cudaCount`` at 0
    /// where the libraries for CUDA weren't loaded before.
    public static var loadedVersion: String { String(cString: ct_loaded_version()) }
}
