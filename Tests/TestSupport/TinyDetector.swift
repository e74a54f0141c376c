/// The beginning of a recipe, up to its data: a Faster R-CNN of few channels and proposals, on the sample set of shapes in the
/// folder `samples`.
public func tinyDetector(samples: String) -> String {
    """
    task: detection
    model:
      backbone: '\(narrowResNet18)'
      faster_rcnn:
        pyramid_channels: 16
        box_head_features: 16
        rpn_batch_size_per_image: 16
        box_batch_size_per_image: 16
        rpn_pre_nms_top_n_train: 50
        rpn_post_nms_top_n_train: 50
        rpn_pre_nms_top_n_test: 50
        rpn_post_nms_top_n_test: 50
        anchor_sizes: [[16], [32], [64], [96], [128]]
    data:
      root: \(samples)
      format: coco
      train: {annotations: coco/annotations/instances_train.json, images: coco/images}
      val: {annotations: coco/annotations/instances_val.json, images: coco/images}
    """
}
