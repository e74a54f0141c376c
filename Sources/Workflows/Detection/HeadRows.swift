import Annotations
import Detectors
import Tensors

extension WeightsFile {
    /// The weights of a Faster R-CNN with the rows of its head that belong to these classes, in their order, found by
    /// name. Those of torchvision have an output for each of COCO's ids, gaps included. Where the file says nothing of a
    /// class, all rows stay as they are.
    func takingRows(of classNames: [String]) -> WeightsFile {
        let head = "roi_heads.box_predictor."
        guard let scores = state.first(where: { $0.name == head + "cls_score.weight" })?.tensor,
            scores.shape.count == 2,
            scores.shape[0] > 1, let own = self.classNames ?? ClassNameList.coco.names(outputs: scores.shape[0] - 1),
            own != classNames, own.count == scores.shape[0] - 1
        else { return self }
        let places = Dictionary(own.enumerated().map { ($1, $0 + 1) }, uniquingKeysWith: { first, _ in first })
        let found = classNames.compactMap { places[$0] }
        guard found.count == classNames.count else { return self }
        let rows = [0] + found
        func selected(_ tensor: Tensor, each: Int) -> Tensor {
            let index = rows.flatMap { row in (0..<each).map { Int64(row * each + $0) } }
            return tensor.indexSelect(dim: 0, Tensor(index, shape: [index.count]))
        }
        let taken = state.map { name, tensor -> (name: String, tensor: Tensor) in
            switch name {
            case head + "cls_score.weight", head + "cls_score.bias":
                guard tensor.shape.first == own.count + 1 else { break }
                return (name, selected(tensor, each: 1))
            case head + "bbox_pred.weight", head + "bbox_pred.bias":
                guard tensor.shape.first == 4 * (own.count + 1) else { break }
                return (name, selected(tensor, each: 4))
            default: break
            }
            return (name, tensor)
        }
        return WeightsFile(
            self, state: taken, classNames: classNames,
            notes: [
                "the data's \(classNames.count) classes are among the file's \(own.filter { $0 != ClassNameList.unusedName }.count): "
                    + "their rows of \(head.dropLast()) are taken by name"
            ])
    }

    /// Adds a note where the backbone's norms are frozen in the file, and with other settings in the recipe.
    func sayingNorms(unless configuration: FasterRCNNConfiguration) -> WeightsFile {
        let body = state.filter { $0.name.hasPrefix("backbone.body.") }
        guard !body.contains(where: { $0.name.hasSuffix(".num_batches_tracked") }), classNames == nil,
            configuration.normalization != .frozenBatch || configuration.frozenBatchEpsilon != 0
        else { return self }
        return WeightsFile(
            self, state: state,
            notes: [
                "its backbone's norms were frozen; torchvision's COCO weights are themselves with model.faster_rcnn: "
                    + "{normalization: frozen_batch, frozen_batch_epsilon: 0}"
            ])
    }
}
