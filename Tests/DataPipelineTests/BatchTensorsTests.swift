import Annotations
import DataPipeline
import Media
import Support
import Tensors
import TestSupport
import XCTest

final class BatchTensorsTests: XCTestCase {
    func testBatchesBecomeTensorsWithoutChange() throws {
        try withTemporaryFolder { folder in
            let dataset = try DetectionDataset(annotations: try writeRamps(5, in: folder), imageFolder: folder)
            let loader = DataLoader(
                dataset: dataset, batchSize: 2, sampler: SequentialSampler(count: 5), threads: 2, seed: 1)
            let batch = try XCTUnwrap(try loader.epoch(0).next())
            let images = batch.images
            XCTAssertEqual(images.map(\.shape), [[30, 40, 3], [30, 40, 3]])
            XCTAssertEqual(images[0].dtype, .uint8)
            XCTAssertEqual(images[1].array(UInt8.self), ramp(width: 40, height: 30).pixels)
            XCTAssertEqual(batch.targets[1].boxes, [Box(x0: 1, y0: 4, x1: 13, y1: 13)])
            XCTAssertEqual(batch.names, ["ramp0.png", "ramp1.png"])
        }
    }

    func testTensorOutlivesItsImageAndIsNotChangedThroughIt() {
        var image = ramp(width: 16, height: 8)
        let expected = image.pixels
        let tensor = Tensor(image)
        image[0, 0, 0] = 99
        image = ramp(width: 2, height: 2)
        XCTAssertEqual(tensor.array(UInt8.self), expected)
    }
}
