// swift-tools-version: 6.1
import Foundation
import PackageDescription

/// libtorch's root: the folder that holds `include/` and `lib/`. `tools/setup` leaves a link to it in
/// the checkout; `LIBTORCH` names another one for this build.
let libtorch = Context.environment["LIBTORCH"] ?? "\(Context.packageDirectory)/.libtorch/current"

/// A libtorch for CUDA registers its devices when its libraries are loaded, though no symbol of theirs is named.
let cudaLibraries: [LinkerSetting] =
    FileManager.default.fileExists(atPath: "\(libtorch)/lib/libtorch_cuda.so")
    ? [.unsafeFlags(["-Xlinker", "--no-as-needed", "-ltorch_cuda", "-lc10_cuda", "-Xlinker", "--as-needed"])] : []

/// `VERTEBRA_WITHOUT_LIBTORCH=1` leaves every module that needs libtorch out, so that `Recipes`,
/// `Annotations`, `Media` and `Evaluation` build and test on a machine that lacks it.
let withoutLibtorch = Context.environment["VERTEBRA_WITHOUT_LIBTORCH"] == "1"

/// A Swift module and the tests that mirror it.
func module(
    _ name: String, _ dependencies: [Target.Dependency] = [], testDependencies: [Target.Dependency] = [],
    resources: [Resource] = []
) -> [Target] {
    [
        .target(name: name, dependencies: dependencies, resources: resources),
        .testTarget(
            name: "\(name)Tests",
            dependencies: [.byName(name: name), "TestSupport"] + dependencies + testDependencies),
    ]
}

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")

let targetsWithoutLibtorch: [Target] =
    [
        .target(
            name: "CMedia",
            cSettings: [.unsafeFlags(["-fvisibility=hidden"])],
            linkerSettings: ["jpeg", "png", "avformat", "avcodec", "swscale", "avutil", "cairo"].map {
                .linkedLibrary($0)
            }),
        .target(
            name: "CSimdJSON",
            cxxSettings: [.unsafeFlags(["-fvisibility=hidden"])],
            linkerSettings: [.linkedLibrary("simdjson")]),
        .target(name: "TestSupport", dependencies: ["Recipes"], path: "Tests/TestSupport"),
        .target(
            name: "CVideoFixtures", path: "Tests/CVideoFixtures",
            linkerSettings: ["avformat", "avcodec", "swscale", "avutil"].map { .linkedLibrary($0) }),
    ]
    + module("Recipes")
    + module("Annotations", ["CSimdJSON"])
    + module("Media", ["CMedia"], testDependencies: ["CVideoFixtures"])
    + module("Evaluation", ["Annotations"])
    + module("Reports", ["Annotations", "Evaluation", "Media"])
    + [
        .target(name: "ScoreCommands", dependencies: ["Annotations", "Evaluation", argumentParser]),
        .executableTarget(name: "vertebra-score", dependencies: ["ScoreCommands"]),
    ]

let targetsWithLibtorch: [Target] =
    [
        .target(
            name: "CTorch",
            cSettings: [.unsafeFlags(["-fvisibility=hidden"])],
            cxxSettings: [
                // Optimised in debug builds too: the native kernels are what the tests spend their time in.
                .unsafeFlags([
                    "-O2",
                    "-isystem", "\(libtorch)/include",
                    "-isystem", "\(libtorch)/include/torch/csrc/api/include",
                    "-fvisibility=hidden",
                ])
            ],
            linkerSettings: [
                .unsafeFlags(["-L\(libtorch)/lib", "-Xlinker", "-rpath", "-Xlinker", "\(libtorch)/lib"]),
                .linkedLibrary("jemalloc"),
                .linkedLibrary("torch_cpu"),
                .linkedLibrary("c10"),
                .unsafeFlags(["\(libtorch)/lib/libgomp.so.1"]),
            ] + cudaLibraries),
        .testTarget(name: "CTorchTests", dependencies: ["CTorch"]),
        .executableTarget(
            name: "vertebra", dependencies: ["Workflows", "Annotations", "Detectors", "ScoreCommands", argumentParser]),
        .testTarget(
            name: "vertebraTests", dependencies: ["vertebra", "vertebra-score", "TestSupport", "Media", "Annotations"]),
    ]
    + module("Tensors", ["CTorch"])
    + module("NN", ["Tensors"])
    + module("DataPipeline", ["Annotations", "Media", "Tensors"])
    + module("Backbones", ["Recipes", "NN"])
    + module("Training", ["NN"])
    + module("Detectors", ["Backbones", "NN", "Annotations"])
    + module(
        "Workflows",
        [
            "Recipes", "Annotations", "Media", "Evaluation", "Reports", "Tensors", "NN", "DataPipeline", "Backbones",
            "Training",
            "Detectors", yams, logging,
        ])

let package = Package(
    name: "vertebra",
    products: [.executable(name: "vertebra-score", targets: ["vertebra-score"])]
        + (withoutLibtorch
            ? [.library(name: "VertebraData", targets: ["Recipes", "Annotations", "Media", "Evaluation", "Reports"])]
            : [.executable(name: "vertebra", targets: ["vertebra"])]),
    dependencies: [.package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")]
        + (withoutLibtorch
            ? []
            : [
                .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
                .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
            ]),
    targets: targetsWithoutLibtorch + (withoutLibtorch ? [] : targetsWithLibtorch),
    swiftLanguageModes: [.v6],
    cxxLanguageStandard: .cxx20
)
