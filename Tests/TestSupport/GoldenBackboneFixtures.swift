/// Golden values of two networks, so that the tests hold on a machine without the shared folder, and of one that it lacks.
enum GoldenBackboneFixtures {
    /// torchvision 0.28's `DenseNet(growth_rate=8, block_config=(2, 3, 2, 2), num_init_features=16, num_classes=10)`, on
    /// images whose third and fourth dense blocks are left with an odd row.
    static let thinDenseNet = """
        {"model": "thin_densenet", "recipe": {"blocks": [2, 3, 2, 2], "planes": [32, 32, 32, 32], "expansion": 4,
        "residual": "bottleneck", "mid_scale": 1.0, "groups": [1, 1, 1, 1], "shortcut": "concatenation", "growth": 8,
        "inner": "none", "order": "pre", "projection": "conv", "stem": "imagenet", "dims": 2, "norm_groups": 32,
        "dense_norm": "gn", "dense_weight": true, "se": 0, "gn2": false, "temporal_strides": [1, 1, 2, 2],
        "num_classes": 10, "stem_width": 16, "official": true}, "salt": "", "input": [4, 3, 72, 72], "classes": 10,
        "parameters": 33226, "eval": {"features": [{"shape": [4, 32, 18, 18], "mean": 0.368532562, "std": 0.620895146,
        "index": [0, 31689, 21906, 12123, 2340, 34029, 24246, 14463], "value": [0.0182879381, 0.689336717, 0.367486805,
        0.437250853, 0.356128931, 0.0519141518, 0.329227269, 2.31568861]}, {"shape": [4, 40, 9, 9], "mean":
        0.0387747474, "std": 0.475039972, "index": [0, 5769, 11538, 4347, 10116, 2925, 8694, 1503], "value":
        [0.86234802, 0.443430305, -0.222309232, 0.155751377, 0.239088953, -0.122063428, 0.0049290657, 0.19757539]},
        {"shape": [4, 36, 4, 4], "mean": 0.0232543701, "std": 0.277921461, "index": [0, 1737, 1170, 603, 36, 1773, 1206,
        639], "value": [0.158774763, 0.299861252, 0.297381788, 0.290440619, 0.251096934, 0.36128968, 0.120660499,
        0.100785673]}, {"shape": [4, 34, 2, 2], "mean": 0.0396620174, "std": 0.0725780085, "index": [0, 137, 274, 411,
        4, 141, 278, 415], "value": [0.0, 0.0, 0.0111238584, 0.0492747612, 0.0, 0.0, 0.0, 0.0]}], "logits": {"shape":
        [4, 10], "mean": -0.0212668146, "std": 0.151129949, "index": [0, 9, 18, 27, 36, 5, 14, 23], "value":
        [-0.247505322, 0.0917151198, 0.030665271, -0.286887825, 0.0235506091, 0.134408519, -0.0205299482,
        -0.181384966]}}, "names": 139, "macs": {"input": [1, 3, 224, 224], "value": 59052788}, "train": {"labels": [0,
        1, 2, 3], "loss": 2.38547873, "gradient_norm": {"features.conv0.weight": 10.9099822,
        "features.denseblock1.denselayer1.norm1.bias": 0.54057353, "features.denseblock1.denselayer1.conv2.weight":
        4.72910783, "features.denseblock1.denselayer2.norm2.weight": 0.389430613, "features.transition1.norm.bias":
        0.557226503, "features.denseblock2.denselayer1.conv1.weight": 0.985671709,
        "features.denseblock2.denselayer2.norm1.weight": 0.518478416, "features.denseblock2.denselayer2.norm2.bias":
        0.260799137, "features.denseblock2.denselayer3.conv1.weight": 0.887502542, "features.transition2.norm.weight":
        0.538384739, "features.denseblock3.denselayer1.norm1.bias": 0.275456433,
        "features.denseblock3.denselayer1.conv2.weight": 2.40694154, "features.denseblock3.denselayer2.norm2.weight":
        0.249527414, "features.transition3.norm.bias": 0.237629915, "features.denseblock4.denselayer1.conv1.weight":
        0.295815008, "features.denseblock4.denselayer2.norm1.weight": 0.123640971,
        "features.denseblock4.denselayer2.norm2.bias": 0.0693080905, "classifier.weight": 0.849396758},
        "running_mean_bn1": {"shape": [16], "mean": 0.0152056896, "std": 0.0423404357, "index": [0, 9, 2, 11, 4, 13, 6,
        15], "value": [-0.0203438569, 0.0147933401, 0.0271595903, -0.0567804426, -0.0603203773, 0.0288163368,
        0.0202349443, 0.0458426215]}}}
        """

    static let resNet18 = """
        {"model": "resnet18", "recipe": {"blocks": [2, 2, 2, 2], "planes": [64, 128, 256, 512], "expansion": 1,
        "residual": "basic", "mid_scale": 1.0, "groups": [1, 1, 1, 1], "shortcut": "identity", "inner": "none", "order":
        "post", "projection": "conv", "stem": "imagenet", "dims": 2, "norm_groups": 32, "dense_norm": "gn",
        "dense_weight": true, "se": 0, "gn2": false, "temporal_strides": [1, 1, 2, 2], "num_classes": 1000,
        "stem_width": 64, "official": true}, "salt": "", "input": [4, 3, 64, 64], "classes": 1000, "parameters":
        11689512, "eval": {"features": [{"shape": [4, 64, 16, 16], "mean": 0.834400705, "std": 0.784160302, "index": [0,
        31153, 62306, 27923, 59076, 24693, 55846, 21463], "value": [0.0, 0.0, 0.0465279818, 1.0519259, 0.313929856, 0.0,
        0.0, 2.13611627]}, {"shape": [4, 128, 8, 8], "mean": 0.737754061, "std": 0.93110019, "index": [0, 31153, 29538,
        27923, 26308, 24693, 23078, 21463], "value": [0.0, 3.78011775, 1.46576715, 0.611920655, 2.20679665, 1.59538722,
        1.61573458, 0.0]}, {"shape": [4, 256, 4, 4], "mean": 0.64957062, "std": 0.828277725, "index": [0, 14769, 13154,
        11539, 9924, 8309, 6694, 5079], "value": [0.287342489, 1.21757901, 0.0, 0.222572252, 0.0626119524, 0.384224772,
        1.34410238, 2.28567052]}, {"shape": [4, 512, 2, 2], "mean": 0.483556421, "std": 0.627138268, "index": [0, 6577,
        4962, 3347, 1732, 117, 6694, 5079], "value": [0.317211002, 1.17224324, 1.14075732, 0.0, 0.0472216755,
        0.170796096, 0.39261356, 2.33726335]}], "logits": {"shape": [4, 1000], "mean": -0.00532079472, "std": 1.022903,
        "index": [0, 3761, 3522, 3283, 3044, 2805, 2566, 2327], "value": [-0.375390351, -0.0274899602, -0.109227426,
        -1.01587248, -0.460283637, 1.29249084, -0.179170877, 0.653482437]}}, "names": 122, "macs": {"input": [1, 3, 224,
        224], "value": 1814073344}, "train": {"labels": [0, 1, 2, 3], "loss": 7.48242617, "gradient_norm": {"bn1.bias":
        0.698987919, "conv1.weight": 15.638366, "layer1.0.bn1.bias": 1.08286817, "layer1.0.bn2.bias": 0.501703845,
        "layer1.0.conv2.weight": 14.6945555, "layer1.1.bn1.weight": 0.888341037, "layer1.1.conv1.weight": 12.7747406,
        "layer2.0.bn1.weight": 0.826122631, "layer2.0.bn2.weight": 0.790548737, "layer2.0.downsample.0.weight":
        3.21085781, "layer2.0.downsample.1.weight": 0.790264132, "layer2.1.bn2.bias": 0.399986001,
        "layer2.1.conv2.weight": 10.5480976, "layer3.0.bn1.weight": 0.552999195, "layer3.0.conv1.weight": 10.1692952,
        "layer3.0.downsample.0.weight": 2.82424544, "layer3.1.bn1.bias": 0.433336335, "layer3.1.bn2.bias": 0.258220623,
        "layer3.1.conv2.weight": 9.55431029, "layer4.0.bn2.bias": 0.370774862, "layer4.0.conv1.weight": 9.21626049,
        "layer4.0.downsample.1.bias": 0.370774862, "layer4.1.bn1.bias": 0.208977396, "layer4.1.bn2.weight":
        0.299677427}, "running_mean_bn1": {"shape": [64], "mean": 0.00173101953, "std": 0.0505019967, "index": [0, 49,
        34, 19, 4, 53, 38, 23], "value": [0.0420745723, 0.0602765344, -0.0524449237, 0.0501755551, 0.0755864754,
        0.0458680093, -0.0770913735, 0.0743090585]}}}
        """

    static let iResNet50 = """
        {"model": "iresnet50", "recipe": {"blocks": [3, 4, 6, 3], "planes": [64, 128, 256, 512], "expansion": 4,
        "residual": "bottleneck", "mid_scale": 1.0, "groups": [1, 1, 1, 1], "shortcut": "identity", "inner": "none",
        "order": "stage", "projection": "maxpool", "stem": "imagenet_nopool", "dims": 2, "norm_groups": 32,
        "dense_norm": "gn", "dense_weight": true, "se": 0, "gn2": false, "temporal_strides": [1, 1, 2, 2],
        "num_classes": 1000, "stem_width": 64, "official": true}, "salt": "", "input": [4, 3, 64, 64], "classes": 1000,
        "parameters": 25557032, "eval": {"features": [{"shape": [4, 256, 16, 16], "mean": 0.349878447, "std":
        0.472025966, "index": [0, 227761, 193378, 158995, 124612, 90229, 55846, 21463], "value": [0.164816737,
        0.5507797, 0.0, 0.605628371, 0.0684609637, 0.0, 0.186384514, 0.162220389]}, {"shape": [4, 512, 8, 8], "mean":
        0.344902089, "std": 0.435401393, "index": [0, 96689, 62306, 27923, 124612, 90229, 55846, 21463], "value":
        [0.283886135, 0.119640633, 0.0, 0.247047514, 0.368590534, 0.287334412, 0.89093405, 0.0]}, {"shape": [4, 1024, 4,
        4], "mean": 0.300399505, "std": 0.405964788, "index": [0, 31153, 62306, 27923, 59076, 24693, 55846, 21463],
        "value": [0.0, 0.0634897277, 0.0, 0.171291262, 0.535546958, 0.0, 0.0, 0.270275384]}, {"shape": [4, 2048, 2, 2],
        "mean": 0.236916925, "std": 0.303708519, "index": [0, 31153, 29538, 27923, 26308, 24693, 23078, 21463], "value":
        [0.205964938, 0.0, 0.0366092734, 0.0, 0.0934585929, 0.0850340575, 0.455732644, 0.187047333]}], "logits":
        {"shape": [4, 1000], "mean": -0.017210171, "std": 0.52473129, "index": [0, 3761, 3522, 3283, 3044, 2805, 2566,
        2327], "value": [-0.156235427, -0.196182936, -0.283153534, 0.906595469, 0.190099835, -0.264061838, 0.229807258,
        0.976109147]}}, "names": 320, "macs": {"input": [1, 3, 224, 224], "value": 4127719424}, "train": {"labels": [0,
        1, 2, 3], "loss": 7.26567936, "gradient_norm": {"bn1.bias": 22.0581499, "layer1.0.bn1.weight": 17.4853044,
        "layer1.0.conv3.weight": 58.5909763, "layer1.1.bn2.weight": 9.36085037, "layer1.2.bn1.bias": 6.30712983,
        "layer1.2.conv2.weight": 88.3498615, "layer2.0.bn3.weight": 4.64657593, "layer2.0.downsample.2.weight":
        4.6819807, "layer2.1.conv3.weight": 17.9335568, "layer2.2.conv1.weight": 35.9876106, "layer2.3.bn2.bias":
        1.45011874, "layer2.3.conv3.weight": 9.07846458, "layer3.0.conv1.weight": 23.8182091, "layer3.1.bn1.weight":
        1.24285367, "layer3.2.bn0.bias": 0.686643659, "layer3.2.conv2.weight": 18.5715565, "layer3.3.bn2.weight":
        0.546745084, "layer3.4.bn1.weight": 0.458179639, "layer3.5.bn0.bias": 0.351304079, "layer3.5.bn3.weight":
        0.597086587, "layer4.0.bn2.weight": 0.32428915, "layer4.0.downsample.1.weight": 5.24979262,
        "layer4.1.conv1.weight": 6.32918177, "layer4.2.bn2.bias": 0.112975131}, "running_mean_bn1": {"shape": [64],
        "mean": 0.00173101953, "std": 0.0505019967, "index": [0, 49, 34, 19, 4, 53, 38, 23], "value": [0.0420745723,
        0.0602765344, -0.0524449237, 0.0501755551, 0.0755864754, 0.0458680093, -0.0770913735, 0.0743090585]}}}
        """
}
