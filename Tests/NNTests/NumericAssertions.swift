import NN
import Tensors
import XCTest

/// Holds every element of `tensor` to the one of `expected` at its place, within `tolerance`.
func assertEqual(
    _ tensor: Tensor, _ expected: [Double], tolerance: Double = 1e-6, file: StaticString = #filePath,
    line: UInt = #line
) {
    let values = tensor.array(Double.self)
    XCTAssertEqual(values.count, expected.count, "number of elements", file: file, line: line)
    for (index, (value, wanted)) in zip(values, expected).enumerated()
    where !(abs(value - wanted) <= tolerance * max(1, abs(wanted))) {
        XCTFail("element \(index) is \(value), not \(wanted)", file: file, line: line)
    }
}

/// The gradient of a float64 function at `x` by central differences.
func numericalGradient(_ x: Tensor, _ function: (Tensor) -> Tensor) -> [Double] {
    let values = x.array(Double.self)
    let step = 1e-6
    return values.indices.map { index in
        func at(_ offset: Double) -> Double {
            var moved = values
            moved[index] += offset
            return withoutGrad { function(Tensor(moved, shape: x.shape)).sum().item() }
        }
        return (at(step) - at(-step)) / (2 * step)
    }
}

/// Holds the gradient of the sum of `function(x)` to central differences.
func assertGradient(
    at x: Tensor, tolerance: Double = 1e-6, file: StaticString = #filePath, line: UInt = #line,
    _ function: (Tensor) -> Tensor
) throws {
    let leaf = x.clone().detached().requiringGrad()
    function(leaf).sum().backward()
    let gradient = try XCTUnwrap(leaf.grad, file: file, line: line)
    assertEqual(gradient, numericalGradient(x, function), tolerance: tolerance, file: file, line: line)
}

/// A parameter whose gradient is `gradient`.
func parameter(_ values: [Float], gradient: [Float]) -> Parameter {
    let parameter = Parameter(Tensor(values))
    parameter.tensor.setGrad(Tensor(gradient))
    return parameter
}
