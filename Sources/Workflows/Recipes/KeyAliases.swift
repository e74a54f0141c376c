import Support

/// Names that other programs give to keys of a recipe, for the error about an unknown key.
enum KeyAliases {
    /// The key that a name stands for elsewhere.
    private static let keys: [String: String] = {
        let names: [String: [String]] = [
            "training.learning_rate": ["lr", "lr0", "base_lr", "initial_lr", "eta"],
            "training.weight_decay": ["wd", "decay", "l2"],
            "training.batch": [
                "bs", "batch_size", "train_batch_size", "ims_per_batch", "mini_batch", "minibatch", "batchsize",
            ],
            "training.epochs": ["num_epochs", "n_epochs", "max_epochs", "max_epoch", "total_epochs", "nepochs"],
            "training.steps": [
                "max_iter", "max_iters", "iterations", "iters", "num_steps", "max_steps", "total_steps",
                "num_iterations",
            ],
            "training.loader_threads": [
                "workers", "num_workers", "j", "workers_per_gpu", "loader_workers", "data_workers",
                "dataloader_num_workers",
            ],
            "training.threads": ["num_threads", "cpu_threads"],
            "training.optimizer": ["opt", "optim", "optimiser"],
            "training.device_batch": [
                "accumulation", "micro_batch", "microbatch", "batch_per_gpu", "images_per_gpu", "samples_per_gpu",
                "per_device_train_batch_size", "micro_batch_size",
                "grad_accum", "accumulate", "gradient_accumulation", "gradient_accumulation_steps",
                "accumulate_grad_batches", "accum",
            ],
            "training.clip_norm": ["grad_clip", "clip_grad", "gradient_clip", "max_grad_norm", "gradient_clip_val"],
            "training.warmup_steps": ["warmup", "warmup_iters", "warmup_iterations", "lr_warmup_iters"],
            "training.schedule": ["scheduler", "lr_scheduler", "lr_schedule", "sched"],
            "training.milestones": ["lr_steps", "decay_epochs", "lr_step", "step_size"],
            "training.gamma": ["lr_gamma", "lr_decay", "decay_rate"],
            "training.precision": ["amp", "fp16", "bf16", "mixed_precision", "dtype", "half"],
            "training.tf32": ["allow_tf32"],
            "training.cudnn_benchmark": ["benchmark"],
            "training.channels_last": ["memory_format"],
            "training.ema.decay": ["ema_decay", "model_ema", "model_ema_decay", "use_ema"],
            "training.early_stopping.patience": [
                "patience", "early_stop", "early_stopping_patience", "early_stop_patience",
            ],
            "training.keep_best": ["save_top_k", "keep_top_k", "max_keep_ckpts", "keep_best_k"],
            "training.sampling.repeat_threshold": ["repeat_thr", "repeat_thresh", "oversample_thr", "oversample"],
            "training.class_weights": ["class_weight", "cls_weights", "loss_weights"],
            "training.seed": ["random_seed", "manual_seed", "rng_seed"],
            "training.checkpoint_steps": [
                "save_every", "save_steps", "checkpoint_period", "save_interval", "save_freq",
            ],
            "evaluation.every": [
                "eval_every", "eval_interval", "eval_period", "val_interval", "eval_freq", "evaluate_every",
            ],
            "evaluation.batch": ["val_batch_size", "eval_batch_size", "test_batch_size"],
            "logging.tensorboard": ["use_tensorboard", "tensorboard_log", "tb", "tb_log"],
            "model.backbone": ["arch", "architecture", "network", "net", "backbone_name", "model_name"],
            "model.weights": ["pretrained", "checkpoint", "ckpt", "init_weights", "resume_from", "load_from"],
            "model.license": ["licence", "spdx"],
            "model.label_smoothing": ["smoothing", "label_smooth"],
            "data.root": ["data_root", "data_dir", "data_path", "dataset_root", "dataset_dir", "root_dir"],
            "data.format": ["dataset", "dataset_type", "dataset_name"],
            "data.classes": ["class_names", "names", "num_classes", "nc"],
            "input.shorter_side": ["min_size", "min_size_train", "shorter_edge", "short_side", "shortest_edge"],
            "input.longer_side": ["max_size", "max_size_train", "longer_edge", "long_side", "longest_edge"],
            "input.side": ["img_size", "image_size", "imgsz", "crop_size", "input_size", "resolution", "size"],
            "input.flip": ["hflip", "fliplr", "flip_prob", "hflip_prob"],
            "input.frames": ["num_frames", "clip_len", "clip_length", "n_frames"],
            "input.stride": ["frame_interval", "frame_rate", "sampling_rate", "temporal_stride"],
        ]
        return Dictionary(names.flatMap { key, names in names.map { ($0, key) } }) { first, _ in first }
    }()

    /// The dotted key that goes by this name in other programs; nil if there is none.
    static func alias(_ name: String) -> String? { keys[plain(name)] }

    /// The dotted key of this name in any section of a recipe; nil if there is none.
    static func elsewhere(_ name: String) -> String? {
        let plain = plain(name)
        let sections = RecipeKeys.detection(ssd: false) + RecipeKeys.classification()
        return sections.lazy.compactMap { section, keys in
            keys.contains { $0.key == plain } ? "\(section).\(plain)" : nil
        }.first
    }

    /// Whether a dotted key is one of recipes for some task.
    static func isKey(_ full: String) -> Bool {
        (RecipeKeys.detection(ssd: false) + RecipeKeys.classification()).contains { section, keys in
            keys.contains { "\(section).\($0.key)" == full }
        }
    }

    private static func plain(_ name: String) -> String { name.lowercased().replacing("-", with: "_") }
}
