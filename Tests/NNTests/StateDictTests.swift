import NN
import Tensors
import XCTest

final class StateDictTests: XCTestCase {
    private final class Net: Module {
        let fc1 = Linear(2, 3)
        let bn = BatchNorm(3)
        let fc2 = Linear(3, 1)
    }

    func testWhatWasSavedLoadsIntoAnotherModule() throws {
        let source = Net()
        let other = Net()
        let report = try other.loadStateDict(source.stateDict())
        XCTAssertEqual(report.matched, 9)
        XCTAssertTrue(report.isComplete)
        for (saved, loaded) in zip(source.stateDict(), other.stateDict()) {
            XCTAssertEqual(saved.tensor.array(Double.self), loaded.tensor.array(Double.self), saved.name)
        }
        source.fc1.weight.tensor.detached().zeroInPlace()
        XCTAssertNotEqual(other.fc1.weight.tensor.array(Float.self), [Float](repeating: 0, count: 6))
    }

    func testEverythingWrongIsListedAtOnceAndNothingIsLoaded() throws {
        let net = Net()
        let before = net.fc1.bias?.tensor.array(Float.self)
        var state = net.stateDict().filter { $0.name != "fc2.bias" && $0.name != "bn.weight" }
        state = state.map { $0.name == "fc1.weight" ? ($0.name, Tensor.zeros([2, 3])) : ($0.name, $0.tensor + 1.0) }
        state.append(("fc3.weight", Tensor.zeros([1])))
        state.append(("bn.bias", Tensor.zeros([3])))
        XCTAssertThrowsError(try net.loadStateDict(state)) { error in
            guard let error = error as? StateDictError else { return XCTFail("\(error)") }
            XCTAssertEqual(error.report.missing, ["bn.weight", "fc2.bias"])
            XCTAssertEqual(error.report.unexpected, ["fc3.weight"])
            XCTAssertEqual(error.report.reshaped, [.init(name: "fc1.weight", expected: [3, 2], found: [2, 3])])
            XCTAssertEqual(error.report.repeated, ["bn.bias"])
            XCTAssertTrue(error.description.contains("fc1.weight: the model has [3, 2], the file [2, 3]"))
        }
        XCTAssertEqual(net.fc1.bias?.tensor.array(Float.self), before)
    }

    func testWithoutStrictnessWhatFitsIsLoadedAndTheRestReported() throws {
        let net = Net()
        let report = try net.loadStateDict(
            [("fc2.bias", Tensor([Float(7)])), ("fc1.bias", Tensor.zeros([4])), ("other", Tensor.zeros([1]))],
            strict: false)
        XCTAssertEqual(report.matched, 1)
        XCTAssertEqual(report.missing.count, 6)
        XCTAssertEqual(report.unexpected, ["other"])
        XCTAssertEqual(net.fc2.bias?.tensor.array(Float.self), [7])
    }

    func testLongListsAreCutShort() throws {
        let many = (0..<40).map { (name: "extra.\($0)", tensor: Tensor.zeros([1])) }
        XCTAssertThrowsError(try Net().loadStateDict(Net().stateDict() + many)) { error in
            let text = "\(error)"
            XCTAssertTrue(text.contains("40 unknown to the model"), text)
            XCTAssertTrue(text.contains("and 28 more"), text)
            XCTAssertLessThan(text.split(separator: "\n").count, 20)
        }
    }

    func testCountersOfBatchNormMayBeAbsentAndFrozenOnesIgnoreThem() throws {
        let net = Net()
        try net.loadStateDict(net.stateDict().filter { $0.name != "bn.num_batches_tracked" })
        let report = try FrozenBatchNorm(3).loadStateDict(BatchNorm(3).stateDict())
        XCTAssertTrue(report.isComplete)
    }

    func testValuesAreConvertedAndTheLayoutStays() throws {
        let conv = Conv2d(2, 1, kernelSize: 2, bias: false)
        conv.convertToChannelsLast()
        let values = (0..<8).map(Double.init)
        try conv.loadStateDict([("weight", Tensor(values, shape: [1, 2, 2, 2]))])
        XCTAssertEqual(conv.weight.tensor.dtype, .float32)
        XCTAssertTrue(conv.weight.tensor.isChannelsLast)
        assertEqual(conv.weight.tensor, values)
    }
}
