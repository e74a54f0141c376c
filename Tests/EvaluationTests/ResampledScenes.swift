import Annotations

extension RandomScenes {
    /// Scenes whose scores all differ, so that no tie depends on how copies of an image are numbered.
    init(distinctlyScored seed: UInt64, flags: ObjectFlags = [.crowd]) {
        self.init(seed: seed, flags: flags)
        for i in detections.indices { detections[i].score += Double(i) * 1e-7 }
    }

    /// Annotations and results in which image `i` really is there `copies[i]` times, each time as an image of its own.
    func written(_ copies: [Int32]) -> (truth: DetectionAnnotations, results: DetectionResults) {
        var written: [ImageRecord] = []
        var results = DetectionResults()
        var nextObject = 1
        for (image, times) in zip(images, copies) {
            for copy in 0..<Int(times) {
                var record = image
                record.id = image.id * 1000 + copy
                record.fileName = "\(record.id).jpg"
                for j in record.objects.indices {
                    record.objects[j].id = nextObject
                    nextObject += 1
                }
                written.append(record)
                for detection in detections where detection.image == image.id {
                    results.append(
                        imageID: record.id, categoryID: detection.label, x: detection.x, y: detection.y,
                        width: detection.width, height: detection.height, score: detection.score)
                }
            }
        }
        return (DetectionAnnotations(source: "written", classNames: classNames, images: written), results)
    }

    /// These scenes with detections that are worse: some are left out, others shifted.
    var spoiled: RandomScenes {
        var scenes = self
        scenes.detections = detections.enumerated().compactMap { i, detection in
            var detection = detection
            if i % 5 == 0 { return nil }
            if i % 3 == 0 { detection.x += detection.width / 4 }
            return detection
        }
        return scenes
    }
}
