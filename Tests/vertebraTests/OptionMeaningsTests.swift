import Benchmarks
import Commands
import Detectors
import Media
import SampleSets
import Tensors
import Workflows
import XCTest

/// The words of options, which are read without the modules that compute, are these modules' own.
final class OptionMeaningsTests: XCTestCase {
    private func words<Value: CaseIterable & RawRepresentable<String>>(_ type: Value.Type) -> [String] {
        type.allCases.map(\.rawValue)
    }

    func testWordsAreThoseOfTheModulesThatCompute() {
        XCTAssertEqual(words(BenchCommand.Suite.self), words(Benchmark.Suite.self))
        XCTAssertEqual(words(InferenceOptions.Method.self), words(BoxSuppression.Method.self))
        XCTAssertEqual(words(DamagedImagesOption.Value.self), words(DamagedImages.self))
        XCTAssertEqual(words(PrecisionOption.Value.self), words(TrainingSection.Precision.self))
        XCTAssertEqual(words(DataCommand.Pictures.self), words(PictureCheck.self))
        XCTAssertEqual(words(DataCommand.Format.self), words(DetectionFormat.self))
        XCTAssertEqual(words(DataCommand.ImagePlacing.self), words(SetWriter.Images.self))
    }

    func testDevices() {
        for text in ["cpu", "cuda", "cuda:0", "cuda:1", "cuda:12", "cuda:-1", "cuda:", "cuda:x", "gpu", "", "CPU"] {
            XCTAssertEqual(
                DeviceOption.Value(argument: text)?.defaultValueDescription, Device(text)?.description, text)
        }
    }

    func testNumbersOfClips() throws {
        let command = try XCTUnwrap(try Vertebra.parseAsRoot(["data", "make", "actions", "x"]) as? DataCommand.Actions)
        let settings = ActionSampleSet.Settings()
        XCTAssertEqual(command.train, settings.trainClips)
        XCTAssertEqual(command.val, settings.validationClips)
    }
}
