// swift-tools-version: 6.1
import PackageDescription

/// `VERTEBRA_WITHOUT_LIBTORCH=1` leaves out what needs libtorch, here as in Vertebra itself.
let withoutLibtorch = Context.environment["VERTEBRA_WITHOUT_LIBTORCH"] == "1"

// Your own package names a version instead: .package(url: "https://…/vertebra", from: "…").
let vertebra = Package.Dependency.package(name: "vertebra", path: "..")

let data = Target.Dependency.product(name: "VertebraData", package: "vertebra")
let networks = Target.Dependency.product(name: "Vertebra", package: "vertebra")

/// jemalloc in the place of malloc: a training step on a CPU takes up to a third less time with it.
let allocator = Target.Dependency.product(name: "VertebraAllocator", package: "vertebra")

let package = Package(
    name: "Examples",
    dependencies: [vertebra],
    targets: [
        .executableTarget(name: "PlanBackbone", dependencies: [data]),
        .executableTarget(name: "ScoreDetections", dependencies: [data]),
    ]
        + (withoutLibtorch
            ? []
            : [
                .executableTarget(name: "FirstModel", dependencies: [networks, data, allocator]),
                .executableTarget(name: "ClassifyPicture", dependencies: [networks, data]),
                .executableTarget(name: "TrainOwnDetector", dependencies: [networks, data, allocator]),
                .executableTarget(name: "NewShortcut", dependencies: [networks, data, allocator]),
                .executableTarget(name: "ClipFeatures", dependencies: [networks, data]),
            ]),
    swiftLanguageModes: [.v6]
)
