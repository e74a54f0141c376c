import Tensors

extension Translator {
    /// What an operation becomes in the graph: the values of its outputs.
    typealias Translation = @Sendable (OperationCall) throws -> [GraphValue]

    /// libtorch's operations that ONNX has, under their names.
    static let libtorch: [String: Translation] = [
        "aten::relu": unary("Relu"),
        "aten::sigmoid": unary("Sigmoid"),
        "aten::exp": unary("Exp"),
        "aten::sqrt": unary("Sqrt"),
        "aten::add": { [try $0.scaledSum("Add")] },
        "aten::sub": { [try $0.scaledSum("Sub")] },
        "aten::mul": binary("Mul"),
        "aten::div": binary("Div"),
        "aten::convolution": { [try $0.convolution()] },
        "aten::conv2d": { [try $0.convolution()] },
        "aten::conv3d": { [try $0.convolution()] },
        "aten::linear": { [try $0.linear()] },
        "aten::batch_norm": { [try $0.batchNorm()] },
        "aten::group_norm": { [try $0.groupNorm()] },
        "aten::max_pool2d": { [try $0.pooling("MaxPool")] },
        "aten::max_pool3d": { [try $0.pooling("MaxPool")] },
        "aten::avg_pool2d": { [try $0.pooling("AveragePool")] },
        "aten::avg_pool3d": { [try $0.pooling("AveragePool")] },
        "aten::adaptive_avg_pool2d": { [try $0.globalAverage()] },
        "aten::adaptive_avg_pool3d": { [try $0.globalAverage()] },
        "aten::upsample_nearest2d": { [try $0.nearestUpsampling()] },
        "aten::mean": { [try $0.reduction("ReduceMean")] },
        "aten::sum": { [try $0.reduction("ReduceSum")] },
        "aten::amax": { [try $0.reduction("ReduceMax")] },
        "aten::softmax": { call in
            let x = try call.value("self", .float32)
            return [call.graph.node("Softmax", [x], ["axis": .int(try call.axis("dim", of: "self"))])]
        },
        "aten::cat": { call in
            let tensors = try call.inputs()
            let axis = try call.int("dim")
            let rank = call.translator.rank(call.operation.inputs[0])
            return [call.graph.concat(tensors, axis: axis < 0 ? axis + rank : axis)]
        },
        "aten::reshape": { [$0.graph.reshape(try $0.value("self"), try $0.shape("shape"))] },
        "aten::view": { [$0.graph.reshape(try $0.value("self"), try $0.shape("size"))] },
        "aten::flatten": { [try $0.flattened()] },
        "aten::permute": { call in
            let rank = try call.rank("self")
            return [call.graph.transpose(try call.value("self"), try call.ints("dims").map { $0 < 0 ? $0 + rank : $0 })]
        },
        "aten::transpose": { call in
            var axes = Array(0..<(try call.rank("self")))
            axes.swapAt(try call.axis("dim0", of: "self"), try call.axis("dim1", of: "self"))
            return [call.graph.transpose(try call.value("self"), axes)]
        },
        "aten::unsqueeze": { call in
            let axis = try call.int("dim")
            return [
                call.graph.unsqueeze(try call.value("self"), [axis < 0 ? axis + (try call.rank("self")) + 1 : axis])
            ]
        },
        "aten::squeeze": { [$0.graph.squeeze(try $0.value("self"), [try $0.axis("dim", of: "self")])] },
        "aten::narrow": { call in
            let start = try call.int("start")
            return [
                call.graph.slice(
                    try call.value("self"), axis: try call.axis("dim", of: "self"), start,
                    start + (try call.int("length")))
            ]
        },
        "aten::slice": { call in
            [
                call.graph.slice(
                    try call.value("self"), axis: try call.axis("dim", of: "self"),
                    call.argument("start") == .none ? 0 : try call.int("start"),
                    call.argument("end") == .none ? Int.max : try call.int("end"), step: try call.int("step"))
            ]
        },
        "aten::select": { call in
            [
                call.graph.gather(
                    try call.value("self"), call.graph.int(try call.int("index")),
                    axis: try call.axis("dim", of: "self"))
            ]
        },
        "aten::expand": { [$0.graph.node("Expand", [try $0.value("self"), try $0.sizes("size")])] },
        "aten::contiguous": same, "aten::clone": same, "aten::detach": same, "aten::alias": same,
        "aten::to": same, "aten::_to_copy": same,
        // What type a sum would have, which the graph knows.
        "aten::result_type": { _ in [] },
        "aten::dropout": { call in
            guard !call.bool("train") else { throw call.error("dropout in training; put the network into evaluation") }
            return [try call.value("input")]
        },
    ]

    private static func unary(_ name: String) -> Translation {
        { [$0.graph.node(name, [try $0.value("self")])] }
    }

    private static func binary(_ name: String) -> Translation {
        { [$0.graph.node(name, [try $0.value("self"), try $0.other()])] }
    }

    /// Memory's layout has no counterpart, and the types of a graph are the translator's own.
    private static let same: Translation = { [try $0.value("self")] }
}

extension OperationCall {
    /// The second operand: a tensor, or a number.
    func other() throws -> GraphValue {
        switch argument("other") {
        case .tensor(let number): return try translator.value(number)
        default: return graph.scalar(try double("other"), translator.computation)
        }
    }

    /// self ± alpha · other.
    func scaledSum(_ name: String) throws -> GraphValue {
        let factor = argument("alpha") == .none ? 1 : try double("alpha")
        let other = try other()
        let addend = factor == 1 ? other : graph.mul(other, graph.scalar(factor, other.type))
        return graph.node(name, [try value("self"), addend])
    }

    func convolution() throws -> GraphValue {
        guard !bool("transposed") else { throw error("transposed convolutions are not translated") }
        let weight = try number("weight")
        let padding = try ints("padding")
        return graph.node(
            "Conv", [try value("input"), try translator.value(weight), try optional("bias")],
            [
                "kernel_shape": .ints(Array(translator.trace.tensor(weight).shape.dropFirst(2))),
                "strides": .ints(try ints("stride")), "pads": .ints(padding + padding),
                "dilations": .ints(try ints("dilation")), "group": .int(try int("groups")),
            ])
    }

    func linear() throws -> GraphValue {
        let weight = try value("weight")
        let bias = try optional("bias")
        if try rank("input") == 2 {
            return graph.node("Gemm", [try value("input"), weight, bias], ["transB": .int(1)])
        }
        let product = graph.node("MatMul", [try value("input"), graph.transpose(weight, [1, 0])])
        return bias.map { graph.add(product, $0) } ?? product
    }

    /// Numbers of the channels in the shape that a map `[N, C, …]` is multiplied by.
    private func perChannel(_ channels: GraphValue, _ rank: Int) -> GraphValue {
        graph.reshape(channels, [1, -1] + [Int](repeating: 1, count: rank - 2))
    }

    func batchNorm() throws -> GraphValue {
        let rank = try rank("input")
        let channels = try translator.trace.tensor(number("input")).shape[1]
        let epsilon = try double("eps")
        func filled(_ name: String, _ value: Double) throws -> GraphValue {
            try optional(name, .float32) ?? graph.floats([Double](repeating: value, count: channels), shape: [channels])
        }
        guard bool("training") else {
            return graph.node(
                "BatchNormalization",
                [
                    try value("input"), try filled("weight", 1), try filled("bias", 0),
                    try value("running_mean", .float32),
                    try value("running_var", .float32),
                ], ["epsilon": .float(epsilon)])
        }
        // A norm by the batch's own statistics, as dense shortcuts may have.
        let x = try value("input", .float32)
        let axes = graph.ints([0] + Array(2..<rank))
        let centred = graph.sub(x, graph.node("ReduceMean", [x, axes]))
        let variance = graph.node("ReduceMean", [graph.mul(centred, centred), axes])
        let normal = graph.div(centred, graph.node("Sqrt", [graph.add(variance, graph.scalar(epsilon))]))
        return graph.add(
            graph.mul(normal, perChannel(try filled("weight", 1), rank)), perChannel(try filled("bias", 0), rank))
    }

    /// In float32: a group's sums are long, up to millions of elements, and are taken axis by axis. onnxruntime's own norms add one
    /// element after the other, which costs a thousandth in a norm over whole clips.
    func groupNorm() throws -> GraphValue {
        let rank = try rank("input")
        let groups = try int("num_groups")
        let x = try value("input", .float32)
        let shape = graph.sizes(x, 0..<rank)
        /// The means of values of the input's shape in each group, `[N, G, 1]`.
        func means(_ values: GraphValue) -> GraphValue {
            let ofChannels = (2..<rank).reversed().reduce(values) { graph.mean($0, axis: $1) }
            return graph.mean(graph.reshape(ofChannels, [0, groups, -1]), axis: 2)
        }
        let centred = graph.sub(graph.reshape(x, [0, groups, -1]), means(x))
        let variance = means(graph.reshape(graph.mul(centred, centred), shape))
        let deviation = graph.node("Sqrt", [graph.add(variance, graph.scalar(try double("eps")))])
        let normal = graph.reshape(graph.div(centred, deviation), shape)
        let scaled = try optional("weight", .float32).map { graph.mul(normal, perChannel($0, rank)) } ?? normal
        return try optional("bias", .float32).map { graph.add(scaled, perChannel($0, rank)) } ?? scaled
    }

    func pooling(_ name: String) throws -> GraphValue {
        let kernel = try ints("kernel_size")
        let stride = try ints("stride")
        let padding = try ints("padding")
        guard !bool("ceil_mode") else { throw error("ceil_mode: windows that stick out are not translated") }
        var attributes: [String: NodeAttribute] = [
            "kernel_shape": .ints(kernel), "strides": .ints(stride.isEmpty ? kernel : stride),
            "pads": .ints(padding + padding),
        ]
        if name == "AveragePool" {
            guard case .none = argument("divisor_override") else { throw error("a divisor of its own") }
            attributes["count_include_pad"] = .int(bool("count_include_pad") ? 1 : 0)
        } else {
            let dilation = try ints("dilation")
            if !dilation.isEmpty { attributes["dilations"] = .ints(dilation) }
        }
        return graph.node(name, [try value("self")], attributes)
    }

    func globalAverage() throws -> GraphValue {
        guard try ints("output_size").allSatisfy({ $0 == 1 }) else {
            throw error("an output of more than one position")
        }
        return graph.node("GlobalAveragePool", [try value("self")])
    }

    /// Each output's pixel takes the one at ⌊position · input / output⌋.
    func nearestUpsampling() throws -> GraphValue {
        let x = try value("self")
        let sizes = graph.concat([graph.sizes(x, 0..<2), try self.sizes("output_size")])
        return graph.node(
            "Resize", [x, nil, nil, sizes],
            [
                "mode": .string("nearest"), "coordinate_transformation_mode": .string("asymmetric"),
                "nearest_mode": .string("floor"),
            ])
    }

    func reduction(_ name: String) throws -> GraphValue {
        let rank = try rank("self")
        let axes = try ints("dim").map { $0 < 0 ? $0 + rank : $0 }
        return graph.node(
            name, [try value("self"), axes.isEmpty ? nil : graph.ints(axes)],
            ["keepdims": .int(bool("keepdim") ? 1 : 0)])
    }

    func flattened() throws -> GraphValue {
        let rank = try rank("self")
        let (start, end) = (try axis("start_dim", of: "self"), try axis("end_dim", of: "self"))
        let x = try value("self")
        // The operator of that name takes tensors without elements, too.
        if start == 1, end == rank - 1 { return graph.node("Flatten", [x], ["axis": .int(1)]) }
        guard end == rank - 1 else { throw error("axes \(start) to \(end) of \(rank)") }
        return graph.reshape(x, [Int](repeating: 0, count: start) + [-1])
    }
}
