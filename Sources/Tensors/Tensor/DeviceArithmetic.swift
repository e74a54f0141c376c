import CTorch

/// How CUDA devices compute float32, a setting of the whole process. The CPU is not concerned.
public struct DeviceArithmetic: Hashable, Sendable {
    /// What may be computed in TensorFloat-32, which has float32's range and ten bits after the point, and takes an eighth of the
    /// time: as `torch.backends.cudnn.allow_tf32` and `torch.backends.cuda.matmul.allow_tf32`.
    public enum TF32: String, Codable, CaseIterable, Sendable {
        /// Nothing.
        case none
        /// Convolutions, as in PyTorch.
        case convolutions
        /// Convolutions and matrix products.
        case all
    }

    /// What may be computed in TensorFloat-32.
    public var tf32: TF32
    /// Whether cuDNN tries its algorithms for each new size of a convolution and keeps the fastest
    /// (`torch.backends.cudnn.benchmark`): faster where sizes repeat, slower where every batch has another one.
    public var benchmarksConvolutions: Bool

    /// What PyTorch begins with.
    public init(tf32: TF32 = .convolutions, benchmarksConvolutions: Bool = false) {
        self.tf32 = tf32
        self.benchmarksConvolutions = benchmarksConvolutions
    }

    /// The process's setting.
    public static var current: DeviceArithmetic {
        get {
            let now = ct_current_device_arithmetic()
            return DeviceArithmetic(
                tf32: now.tf32_products ? .all : now.tf32_convolutions ? .convolutions : .none,
                benchmarksConvolutions: now.cudnn_benchmark)
        }
        set {
            check(
                ct_set_device_arithmetic(
                    ct_device_arithmetic(
                        tf32_convolutions: newValue.tf32 != .none, tf32_products: newValue.tf32 == .all,
                        cudnn_benchmark: newValue.benchmarksConvolutions)), "DeviceArithmetic")
        }
    }
}
