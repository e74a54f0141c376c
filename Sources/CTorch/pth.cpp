// PyTorch checkpoints through libtorch's own reader, which builds tensors, numbers, strings and containers only:
// a pickle that names any other class is refused, never run.
#include "guard.hpp"

#include <torch/csrc/jit/serialization/pickle.h>

#include <fstream>

using namespace ctorch;

namespace {

void visit_value(const c10::IValue &value, const std::string &name, const std::function<void(const std::string &, at::Tensor)> &visit) {
    if (value.isTensor()) {
        visit(name, value.toTensor());
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

std::vector<char> read_file(const char *path) {
    std::ifstream stream(path, std::ios::binary | std::ios::ate);
    TORCH_CHECK(stream.good(), "the file can't be opened");
    std::vector<char> bytes(static_cast<size_t>(stream.tellg()));
    stream.seekg(0);
    stream.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    TORCH_CHECK(stream.good(), "the file can't be read to its end");
    return bytes;
}

}  // namespace

ct_status ct_read_pth(const char *path, ct_named_tensor_visitor visit, void *context) {
    return ct_guard([&] {
        auto root = torch::jit::pickle_load(read_file(path));
        visit_value(root, "", [&](const std::string &name, at::Tensor tensor) { visit(context, name.c_str(), wrap(std::move(tensor))); });
    });
}

ct_status ct_write_pth(const char *path, const char *const *names, const ct_tensor *tensors, int32_t count) {
    return ct_guard([&] {
        c10::Dict<std::string, at::Tensor> dictionary;
        for (int32_t i = 0; i < count; ++i) dictionary.insert(names[i], tensors[i]->value.detach().cpu());
        auto bytes = torch::jit::pickle_save(dictionary);
        std::ofstream stream(path, std::ios::binary | std::ios::trunc);
        stream.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
        stream.flush();
        TORCH_CHECK(stream.good(), "the file can't be written (is the disk full?)");
    });
}
