import Tensors
import XCTest

extension Instructions {
    /// Runs a test with each level of instructions that the machine has.
    static func atEachLevel(_ body: (Instructions) throws -> Void) rethrows {
        let before = used
        defer { used = before }
        for level in allCases where level <= present {
            used = level
            try body(level)
        }
    }
}

final class InstructionsTests: XCTestCase {
    func testALimitHoldsUntilItIsLifted() {
        let before = Instructions.used
        defer { Instructions.used = before }
        var levels: [Instructions] = []
        Instructions.atEachLevel { level in
            XCTAssertEqual(Instructions.used, level)
            levels.append(level)
        }
        XCTAssertEqual(levels.last, Instructions.present)
        Instructions.used = .amx
        XCTAssertEqual(Instructions.used, Instructions.present, "a CPU gets no instructions by being allowed them")
    }

    /// The level decides which kernels compute: sums of another order differ in their last digits.
    func testEachLevelHasKernelsOfItsOwn() throws {
        Random.seed(3)
        let x = Tensor.randn([2, 64, 15, 15]).to(memoryFormat: .channelsLast), weight = Tensor.randn([64, 64, 1, 1])
        var found: [Instructions: [Float]] = [:]
        Instructions.atEachLevel { level in
            // Autocast is what makes the level of bfloat16 another.
            found[level] = F.conv2d(x, weight: weight).array(Float.self)
        }
        let exact = F.conv2d(x.to(.float64), weight: weight.to(.float64)).array(Double.self)
        for (level, values) in found {
            let worst = zip(values, exact).map { abs(Double($0) - $1) }.max() ?? .infinity
            XCTAssertLessThan(worst, 2e-4, "\(level)")
        }
        if Instructions.present >= .amx {
            XCTAssertNotEqual(found[.amx], found[.avx512])
        }
    }

    func testNamesThatAreNoLevelAreRefused() throws {
        for level in Instructions.allCases { try Instructions.check(level.rawValue) }
        try Instructions.check(nil)
        try Instructions.check("")
        XCTAssertThrowsError(try Instructions.check("avx3")) { error in
            XCTAssertEqual(
                "\(error)", "VERTEBRA_ISA is avx3; it can be one of baseline, avx2, avx512, avx512_bf16, amx")
        }
    }
}
