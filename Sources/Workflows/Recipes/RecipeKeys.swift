import Detectors

/// The meaning of every key of a recipe, as `vertebra recipe` and docs/recipes.md show it.
///
/// The list of keys comes from the sections' `CodingKeys`, so that none can be forgotten.
enum RecipeKeys {
    /// A key's unit, empty if it has none, and its meaning in one line.
    typealias Words = (unit: String, meaning: String)

    /// The keys of a section in their order with unit and meaning; nil for a key without a description.
    static func described<Key: CodingKey & CaseIterable>(
        _ keys: Key.Type, by words: [String: Words]
    ) -> [(key: String, words: Words?)] {
        keys.allCases.map { ($0.stringValue, words[$0.stringValue]) }
    }

    /// Every key of a detection recipe by section, with the section of only one detector.
    static func detection(ssd: Bool) -> [(section: String, keys: [(key: String, words: Words?)])] {
        let model = described(DetectionModelSection.CodingKeys.self, by: detectionModel)
            .filter { !["faster_rcnn", "ssd"].contains($0.key) }
        // A recipe sets sizes in its section input; these keys are only for detectors built in code.
        let refused = [FasterRCNNConfiguration.CodingKeys.resizesImages, .minSizes, .maxSize].map(\.stringValue)
        let pyramid = described(FasterRCNNConfiguration.CodingKeys.self, by: fasterRCNN).filter {
            !refused.contains($0.key)
        }
        let parts = described(DetectionDataSection.Part.CodingKeys.self, by: detectionPart)
        let data = described(DetectionDataSection.CodingKeys.self, by: detectionData).flatMap { key, words in
            ["train", "val"].contains(key) ? parts.map { ("\(key).\($0.key)", $0.words) } : [(key, words)]
        }
        return [
            ("model", model),
            ssd
                ? ("model.ssd", described(SSDConfiguration.CodingKeys.self, by: self.ssd))
                : ("model.faster_rcnn", pyramid),
            ("data", data),
            ("input", described(DetectionInputSection.CodingKeys.self, by: detectionInput)),
            ("training", trainingKeys),
            ("evaluation", described(EvaluationSection<DetectionMetric>.CodingKeys.self, by: evaluation)),
            ("inference", described(DetectionInferenceSection.CodingKeys.self, by: inference)),
            ("logging", described(LoggingSection.CodingKeys.self, by: logging)),
        ]
    }

    /// Every key of a classification recipe, by its section.
    static func classification() -> [(section: String, keys: [(key: String, words: Words?)])] {
        [
            ("model", described(ClassificationModelSection.CodingKeys.self, by: classificationModel)),
            ("data", described(ClassificationDataSection.CodingKeys.self, by: classificationData)),
            ("input", described(ClassificationInputSection.CodingKeys.self, by: classificationInput)),
            ("training", trainingKeys),
            ("evaluation", described(EvaluationSection<ClassificationMetric>.CodingKeys.self, by: evaluation)),
            ("logging", described(LoggingSection.CodingKeys.self, by: logging)),
        ]
    }

    /// The keys of the section `training`, those of the sections in it with both names.
    private static var trainingKeys: [(key: String, words: Words?)] {
        let inner: [String: [(key: String, words: Words?)]] = [
            "ema": described(AveragingSection.CodingKeys.self, by: averaging),
            "early_stopping": described(EarlyStoppingSection.CodingKeys.self, by: earlyStopping),
            "sampling": described(SamplingSection.CodingKeys.self, by: sampling),
        ]
        return described(TrainingSection.CodingKeys.self, by: training).flatMap { key, words in
            inner[key].map { $0.map { ("\(key).\($0.key)", $0.words) } } ?? [(key, words)]
        }
    }

    private static let backbone: Words = ("", "a model's name, NAME:axis=value,… or a section with base and axes")
    private static let weights: Words = ("file", "weights to start from, .safetensors or .pth, or a run's folder")

    private static let license: Words = (
        "", "licence of the trained weights, an SPDX identifier such as Apache-2.0; LicenseRef-NAME for one of your own"
    )

    private static let damagedImages: Words = (
        "", "JPEGs that are damaged, but can be decoded: refuse them as unreadable, or accept, count and name them"
    )

    static let detectionModel: [String: Words] = [
        "detector": ("", "faster_rcnn, ssd300 or ssd512"),
        "backbone": backbone,
        "weights": weights,
        "license": license,
    ]

    static let fasterRCNN: [String: Words] = [
        "form": ("", "fpn: a feature pyramid; c4: regions from the last stage but one, the last stage as head"),
        "normalization": ("", "the backbone's norms: batch, its own, or frozen_batch, which keep their loaded values"),
        "frozen_batch_epsilon": ("", "ε of frozen norms; torchvision's COCO weights need 0"),
        "trainable_stages": (
            "", "number of stages that are trained, counted from the last; none: all of them and the stem"
        ),
        "image_mean": ("", "mean of each channel, for pixels in 0…1"),
        "image_std": ("", "standard deviation of each channel, for pixels in 0…1"),
        "size_divisor": ("pixels", "batches are padded to multiples of it"),
        "anchor_sizes": ("pixels", "sides of the anchors, a list for each map, finest first"),
        "anchor_aspect_ratios": ("", "height over width of the anchors"),
        "pyramid_channels": ("", "channels of every map of the pyramid"),
        "rpn_channels": ("", "channels of the proposal head's convolution; none: as many as its input"),
        "rpn_pre_nms_top_n_train": ("boxes", "proposals of each map before suppression, in training"),
        "rpn_pre_nms_top_n_test": ("boxes", "proposals of each map before suppression, in inference"),
        "rpn_post_nms_top_n_train": ("boxes", "proposals of an image after suppression, in training"),
        "rpn_post_nms_top_n_test": ("boxes", "proposals of an image after suppression, in inference"),
        "rpn_nms_thresh": ("IoU", "overlap from which proposals suppress each other"),
        "rpn_fg_iou_thresh": ("IoU", "overlap with an object from which an anchor is positive"),
        "rpn_bg_iou_thresh": ("IoU", "overlap below which an anchor is negative"),
        "rpn_batch_size_per_image": ("anchors", "anchors sampled from an image for the loss of the proposal network"),
        "rpn_positive_fraction": ("0…1", "largest share of positives among the sampled boxes"),
        "rpn_score_thresh": ("0…1", "proposals with a lower score are left out"),
        "roi_pooling": ("", "align, align_half_pixel or pool"),
        "roi_resolution": ("cells", "side of the grid that each region is pooled to"),
        "roi_sampling_ratio": ("samples", "samples of RoIAlign along each side of a cell; 0: one for each pixel"),
        "box_head_features": ("", "outputs of each of the two linear layers in the pyramid's head"),
        "box_score_thresh": ("0…1", "detections with a lower score are left out"),
        "box_nms_thresh": ("IoU", "overlap from which detections of a class suppress each other"),
        "box_detections_per_img": ("boxes", "detections of an image that are kept"),
        "box_fg_iou_thresh": ("IoU", "overlap with an object from which a proposal is positive"),
        "box_bg_iou_thresh": ("IoU", "overlap below which a proposal is background"),
        "box_batch_size_per_image": ("proposals", "proposals sampled from an image for the head's loss"),
        "box_positive_fraction": ("0…1", "largest share of positives among the sampled boxes"),
        "bbox_reg_weights": ("", "factors on the box offsets x, y, width, height"),
    ]

    static let ssd: [String: Words] = [
        "normalization": ("", "the backbone's norms: batch, its own, or frozen_batch, which keep their loaded values"),
        "frozen_batch_epsilon": ("", "ε of frozen norms"),
        "trainable_stages": (
            "", "number of stages that are trained, counted from the last in use; none: all of them and the stem"
        ),
        "image_mean": ("", "mean of each channel, for pixels in 0…1"),
        "image_std": ("", "standard deviation of each channel, for pixels in 0…1"),
        "scales": ("pixels", "sides of the square default boxes: one for each map, and one more"),
        "aspect_ratios": ("", "proportions of the other default boxes of each map; each is used with its reciprocal"),
        "iou_thresh": ("IoU", "overlap with an object from which a default box is positive"),
        "negatives_per_positive": ("", "background boxes in the loss for each positive of an image"),
        "min_negatives_per_image": ("boxes", "least number of background boxes in an image's loss"),
        "score_thresh": ("0…1", "detections with a lower score are left out"),
        "topk_candidates": ("boxes", "candidates of each class that suppression looks at"),
        "nms_thresh": ("IoU", "overlap from which detections of a class suppress each other"),
        "detections_per_img": ("boxes", "detections of an image that are kept"),
        "bbox_reg_weights": ("", "factors on the box offsets x, y, width, height"),
    ]

    static let detectionData: [String: Words] = [
        "root": ("folder", "where the data are; a relative path starts from the folder that the command runs in"),
        "format": ("", "coco or voc"),
        "classes": ("", "class names: for COCO only a check, for VOC the order of the labels"),
        "degenerate_boxes": ("", "boxes without area: refuse to train, or skip and count them"),
        "empty_images": ("", "images without objects: keep them as background, or drop them"),
        "difficult_objects": ("", "whether VOC's difficult objects are trained on"),
        "path_prefix": (
            "",
            "COCO: file names of another machine: {from: a beginning of names, to: what takes its place}, or a list of such"
        ),
        "path_percent": ("", "COCO: whether %20 and the like in file names stand for characters"),
        "path_backslashes": ("", "COCO: whether backslashes in file names separate folders"),
        "failed_images": ("", "images that can't be read: stop, or replace them by others and count them"),
        "damaged_images": damagedImages,
    ]

    /// The keys of `train` and of `val`. Without `val`, training is not evaluated.
    static let detectionPart: [String: Words] = [
        "annotations": ("file", "COCO: the instances JSON, in root"),
        "images": ("folder", "COCO: the pictures, in root"),
        "split": ("", "VOC: the name of a list in ImageSets/Main"),
    ]

    static let detectionInput: [String: Words] = [
        "shorter_side": (
            "pixels", "an image's shorter side; of several, training takes one at random, evaluation the last"
        ),
        "longer_side": ("pixels", "largest longer side of an image"),
        "scaled_by": (
            "",
            "loader: bytes, in its threads; network: numbers, to the last bit as torchvision does (Faster R-CNN only)"
        ),
        "flip": ("0…1", "probability of a horizontal flip"),
        "iou_crop": ("", "SSD's random crops by overlap"),
        "zoom_out": ("0…1", "probability of SSD's zoom-out, the image on a larger canvas"),
        "color_jitter": ("", "SSD's jitter of colours"),
        "aspect_groups": ("", "batches of images of similar proportions"),
    ]

    static let inference: [String: Words] = [
        "score_threshold": (
            "0…1", "candidates with a lower score are left out first; none: as in the detector's section"
        ),
        "top_k": ("boxes", "detections of an image that are kept; none: as in the detector's section"),
        "nms": ("", "how overlapping detections are suppressed: hard, linear or gaussian (soft-NMS)"),
        "nms_threshold": ("IoU", "overlap from which nms acts, not for gaussian; none: as in the detector's section"),
        "nms_sigma": ("", "width σ of the Gaussian, for nms: gaussian"),
        "class_agnostic": ("", "whether objects of different classes suppress each other"),
        "flip": ("", "whether the mirror image is looked at as well"),
    ]

    static let classificationModel: [String: Words] = [
        "backbone": backbone,
        "weights": weights,
        "license": license,
        "dropout": ("0…1", "probability of the dropout before the classifier"),
        "zero_last_norms": ("", "whether γ of each block's last norm starts at 0"),
        "label_smoothing": ("0…1", "share of the target that is spread evenly over all classes"),
        "checkpoint_activations": (
            "", "computes activations again for the backward pass: less memory, a third more time"
        ),
    ]

    static let classificationData: [String: Words] = [
        "root": ("folder", "where the data are; a relative path starts from the folder that the command runs in"),
        "format": ("", "cifar10, cifar100, cifar (whichever is there), folder, kinetics or something_something"),
        "train": ("", "the training part: a folder or list in root; not for cifar"),
        "val": ("", "the part that is measured; not for cifar"),
        "videos": ("folder", "the videos, in root"),
        "classes": ("file", "the class names of videos, in root"),
        "index": (
            "file",
            "keeps how many frames each video has, or which of 10000 and more images are sound; none: frames-index.tsv or "
                + "images-index.tsv in root"
        ),
        "frame_prefix": (
            "", "what the names of frames in folders begin with; none: img_, or what all in a folder begin with"
        ),
        "val_videos": ("folder", "the validation part's videos; none: videos"),
        "failed_images": ("", "images and videos that can't be read: stop, or replace and count them"),
        "damaged_images": damagedImages,
    ]

    static let classificationInput: [String: Words] = [
        "side": ("pixels", "width and height of the network's input"),
        "padding": ("pixels", "black border around CIFAR's images, from which training crops"),
        "flip": ("0…1", "probability of a horizontal flip"),
        "mean": ("", "mean of each channel, for pixels in 0…1"),
        "deviation": ("", "standard deviation of each channel, for pixels in 0…1"),
        "frames": ("frames", "length of a clip"),
        "stride": ("frames", "step from one frame of a clip to the next"),
        "shorter_side": ("pixels", "evaluation scales the shorter side to it and takes the middle"),
        "shorter_sides": ("pixels", "training scales the shorter side of clips to a random length between these"),
        "test_clips": ("clips", "clips of a video that evaluate and recognize look at"),
        "test_crops": ("crops", "crops of each clip that evaluate and recognize look at"),
        "least_area": ("0…1", "least share of an image's area that a training crop shows"),
    ]

    static let training: [String: Words] = [
        "epochs": ("epochs", "passes over the training images"),
        "steps": ("steps", "training ends after this many steps, even if epochs are left; none: no limit"),
        "batch": ("images", "images of one optimiser step, over all processes"),
        "device_batch": (
            "images",
            "images that a device takes at a time, over which batch norms take their statistics; none: all of the step"
        ),
        "drop_last": ("", "whether an epoch leaves out a last device_batch that is not full"),
        "optimizer": ("", "sgd or adamw"),
        "learning_rate": ("", "learning rate, after warm-up and before any decay"),
        "momentum": ("", "momentum of sgd"),
        "nesterov": ("", "whether sgd's momentum is Nesterov's"),
        "weight_decay": ("", "weight decay"),
        "decay_norms_and_biases": ("", "whether norms and biases decay as well"),
        "schedule": ("", "constant, multi_step or cosine"),
        "milestones": (
            "", "when multi_step lowers the rate: {epochs: […]}, {steps: […]}, or a list of shares of the training"
        ),
        "gamma": ("", "factor on the learning rate at each milestone"),
        "warmup_steps": ("steps", "steps in which the learning rate grows to its full value"),
        "warmup_epochs": ("epochs", "the warm-up in epochs, in place of warmup_steps"),
        "clip_norm": ("", "largest norm of all gradients together; none: no limit"),
        "keep_best": ("", "evaluations of which a checkpoint is kept, the best ones by evaluation.metric"),
        "class_weights": (
            "", "factors on classes in the classification loss: {class: factor}, or balanced for classifiers; none: 1"
        ),
        "seed": ("", "seed of fresh weights, order and transforms"),
        "checkpoint_steps": ("steps", "a checkpoint after so many steps, beside those of the epochs; none: only these"),
        "checkpoint_minutes": (
            "minutes", "a checkpoint after so many minutes, beside those of the epochs; 0: only these"
        ),
        "threads": ("threads", "threads that compute; none: one for each processor"),
        "loader_threads": ("threads", "threads that load images; 0: images are loaded between the steps"),
        "precision": (
            "", "float32, or bfloat16 or float16 for convolutions and matrix products; float16 scales the loss"
        ),
        "memory": (
            "", "standard, or lean: on the CPU a step computes more maps twice, for less memory and a tenth more time"
        ),
        "tf32": ("", "none, convolutions or all: what a CUDA device may compute in TensorFloat-32"),
        "cudnn_benchmark": (
            "", "whether cuDNN tries its algorithms for each size of a convolution; none: if all inputs have one size"
        ),
        "channels_last": ("", "whether the backbone's maps and weights have the channels last in memory"),
    ]

    /// The keys of `ema`. With any of them, the average of the weights is measured.
    static let averaging: [String: Words] = [
        "decay": (
            "0…1", "share of the weights' average that a step keeps; none: no average, or 0.9999 in a section ema"
        ),
        "warmup_steps": ("steps", "the decay grows as 1 − exp(−step / warmup_steps); none: 2000 in a section ema"),
    ]

    static let earlyStopping: [String: Words] = [
        "metric": ("", "the measure, one of evaluation.metric's or a classifier's loss; none: evaluation.metric"),
        "patience": ("evaluations", "training ends after so many evaluations without a better one; none: never early"),
        "min_delta": ("", "by how much a value must be better to count; none: 0"),
    ]

    static let sampling: [String: Words] = [
        "repeat_threshold": (
            "0…1", "repeat factor sampling: images with classes in a smaller share of all come more often; none: not"
        ),
        "classes": ("visits", "visits in an epoch of images with a class: {class: visits}; none: 1"),
        "folders": ("visits", "visits in an epoch of images whose names begin so: {name/: visits}; none: 1"),
    ]

    static let evaluation: [String: Words] = [
        "every": ("epochs", "epochs between evaluations; 0: only after the last epoch"),
        "metric": ("", "the measure by which the best checkpoint is chosen"),
        "batch": ("images", "images in a batch of evaluation"),
    ]

    static let logging: [String: Words] = [
        "tensorboard": ("", "whether the run's folder gets files of events for TensorBoard")
    ]
}
