// PyTorch checkpoints through libtorch's own reader, which builds tensors, numbers, strings and containers only:
// a pickle that names any other class is refused, never run.
#include "guard.hpp"

#include <caffe2/serialize/inline_container.h>
#include <torch/csrc/jit/serialization/pickle.h>
#include <torch/csrc/jit/serialization/unpickler.h>

#include <cstring>
#include <fstream>
#include <functional>
#include <set>

using namespace ctorch;

namespace {

void visit_value(const c10::IValue &value, const std::string &name, const std::function<void(const std::string &, at::Tensor)> &visit) {
    if (value.isTensor()) {
        visit(name, value.toTensor());
    } else if (value.isTuple() && value.toTupleRef().elements().size() == 2) {
        // A dictionary with its attributes, as `with_plain_dictionaries` left it.
        visit_value(value.toTupleRef().elements()[0], name, visit);
    } else if (value.isGenericDict()) {
        for (const auto &entry : value.toGenericDict()) {
            std::string key = entry.key().isString() ? entry.key().toStringRef()
                              : entry.key().isInt()  ? std::to_string(entry.key().toInt())
                                                     : std::string();
            if (key.empty()) continue;
            visit_value(entry.value(), name.empty() ? key : name + "." + key, visit);
        }
    }
}

/// Bytes that follow an opcode of pickle protocol 2, which is what `torch.save` writes.
size_t argument_length(const std::string &pickle, size_t opcode) {
    auto byte = [&](size_t offset) { return static_cast<size_t>(static_cast<unsigned char>(pickle.at(opcode + offset))); };
    auto word = [&] { return byte(1) | byte(2) << 8 | byte(3) << 16 | byte(4) << 24; };
    auto line = [&](size_t from) {
        auto end = pickle.find('\n', from);
        TORCH_CHECK(end != std::string::npos, "its pickle is cut short");
        return end - from + 1;
    };
    switch (static_cast<unsigned char>(pickle[opcode])) {
        case '(': case '.': case '0': case '1': case '2': case 'N': case 'Q': case 'R': case 'a': case 'b': case 'd':
        case '}': case 'e': case 'l': case ']': case 'o': case 's': case 't': case ')': case 'u': case 0x81:
        case 0x85: case 0x86: case 0x87: case 0x88: case 0x89: return 0;
        case 'K': case 'h': case 'q': case 0x80: return 1;
        case 'M': return 2;
        case 'J': case 'j': case 'r': return 4;
        case 'G': return 8;
        case 0x8a: case 'U': case 'C': return 1 + byte(1);
        case 'X': case 'T': case 'B': case 0x8b: return 4 + word();
        case 'F': case 'I': case 'L': case 'P': case 'S': case 'V': case 'g': case 'p': return line(opcode + 1);
        case 'c': case 'i': {
            auto first = line(opcode + 1);
            return first + line(opcode + 1 + first);
        }
        default: TORCH_CHECK(false, "its pickle is not of protocol 2, which torch.save writes");
    }
}

/// Rewrites what `state_dict()` makes and libtorch's reader can't: an ordered dictionary becomes a plain one (both keep
/// their order there), and the opcode that hangs attributes (`_metadata`) on it becomes the one that pairs them with it.
std::string with_plain_dictionaries(const std::string &pickle) {
    static const std::string ordered = "ccollections\nOrderedDict\n";
    std::set<std::string> ordered_places;  // of the reader's memory that hold the class, by the opcode that stores there
    std::string plain;
    for (size_t at = 0; at < pickle.size();) {
        auto next = at + 1 + argument_length(pickle, at);
        bool is_class = false;
        if (pickle.compare(at, ordered.size(), ordered) == 0) {
            is_class = true;
            if (next < pickle.size() && (pickle[next] == 'q' || pickle[next] == 'r')) {
                auto after = next + 1 + argument_length(pickle, next);
                ordered_places.insert(pickle.substr(next + 1, after - next - 1));
                next = after;
            }
        } else if (pickle[at] == 'h' || pickle[at] == 'j') {
            is_class = ordered_places.count(pickle.substr(at + 1, next - at - 1)) > 0;
        }
        if (is_class) {
            TORCH_CHECK(pickle.compare(next, 2, ")R") == 0, "it uses an ordered dictionary in an unknown way");
            plain += '}';
            next += 2;
        } else if (pickle[at] == 'b') {
            plain += '\x86';
        } else {
            plain.append(pickle, at, next - at);
        }
        if (pickle[at] == '.') break;
        at = next;
    }
    return plain;
}

c10::IValue unpickle(const char *path) {
    char magic[2] = {};
    std::ifstream(path, std::ios::binary).read(magic, 2);
    TORCH_CHECK(magic[0] == 'P' && magic[1] == 'K', "it isn't in the zip form that PyTorch writes since version 1.6");
    caffe2::serialize::PyTorchStreamReader reader{std::string(path)};
    auto [data, size] = reader.getRecord("data.pkl");
    auto pickle = with_plain_dictionaries(std::string(static_cast<const char *>(data.get()), size));
    size_t position = 0;
    torch::jit::Unpickler unpickler(
        [&](char *destination, size_t wanted) -> size_t {
            auto count = std::min(wanted, pickle.size() - position);
            std::memcpy(destination, pickle.data() + position, count);
            position += count;
            return count;
        },
        /*type_resolver=*/nullptr, /*obj_loader=*/nullptr,
        [&](const std::string &name) { return std::get<0>(reader.getRecord("data/" + name)); }, at::Device(at::kCPU));
    return unpickler.parse_ivalue();
}

}  // namespace

ct_status ct_read_pth(const char *path, ct_named_tensor_visitor visit, void *context) {
    return ct_guard([&] {
        auto root = unpickle(path);
        visit_value(root, "", [&](const std::string &name, at::Tensor tensor) { visit(context, name.c_str(), wrap(std::move(tensor))); });
    });
}

ct_status ct_write_pth(const char *path, const char *const *names, const ct_tensor *tensors, int32_t count) {
    return ct_guard([&] {
        c10::Dict<std::string, at::Tensor> dictionary;
        for (int32_t i = 0; i < count; ++i) dictionary.insert(names[i], tensors[i]->value.detach().cpu());
        // Without tags of the dictionary's type, which `torch.load` refuses where it reads weights only.
        std::string pickle;
        torch::jit::Pickler pickler(
            [&](const char *bytes, size_t size) { pickle.append(bytes, size); }, nullptr, nullptr, nullptr, nullptr,
            /*tag_aggregates=*/false);
        pickler.protocol();
        pickler.pushIValue(dictionary);
        pickler.stop();
        std::ofstream stream(path, std::ios::binary | std::ios::trunc);
        caffe2::serialize::PyTorchStreamWriter writer([&](const void *bytes, size_t size) -> size_t {
            stream.write(static_cast<const char *>(bytes), static_cast<std::streamsize>(size));
            return stream.good() ? size : 0;
        });
        writer.writeRecord("data.pkl", pickle.data(), pickle.size());
        size_t place = 0;
        for (const at::Tensor &tensor : pickler.tensorData()) {
            const auto data = torch::jit::getWriteableTensorData(tensor);
            writer.writeRecord("data/" + std::to_string(place++), data.data(), data.sizeInBytes());
        }
        writer.writeEndOfFile();
        stream.flush();
        TORCH_CHECK(stream.good(), "the file can't be written (is the disk full?)");
    });
}
