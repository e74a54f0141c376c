// PyTorch's zip archives through libtorch's own reader and writer. What a pickle in them means is not for here.
#include "core/guard.hpp"

#include <ATen/native/Resize.h>
#include <caffe2/serialize/inline_container.h>
#include <torch/csrc/jit/serialization/pickler.h>

#include <filesystem>
#include <fstream>

using namespace ctorch;

struct ct_archive_s {
    explicit ct_archive_s(const std::string &path) : size(std::filesystem::file_size(path)), reader(path) {}
    uintmax_t size;
    caffe2::serialize::PyTorchStreamReader reader;
};

ct_status ct_archive_open(const char *path, ct_archive *out) {
    return ct_guard([&] { *out = new ct_archive_s(path); });
}
void ct_archive_close(ct_archive archive) { delete archive; }

ct_status ct_archive_record(ct_archive archive, const char *name, ct_tensor *out) {
    return ct_guard([&] {
        *out = nullptr;
        if (!archive->reader.hasRecord(name)) return;
        // Records are not compressed, so one that is larger than the file is damaged; reading it would allocate that
        // much.
        TORCH_CHECK(
            archive->reader.getRecordSize(name) <= archive->size, "its record ", name, " is larger than the file");
        auto [data, size] = archive->reader.getRecord(name);
        at::Storage storage(
            at::Storage::use_byte_size_t(), size, std::move(data), /*allocator=*/nullptr, /*resizable=*/false);
        *out = wrap(at::empty({0}, at::kByte).set_(std::move(storage), 0, {static_cast<int64_t>(size)}, {1}));
    });
}

ct_status ct_view_bytes(
    ct_tensor bytes, ct_dtype dtype, int64_t offset, const int64_t *shape, const int64_t *strides, int32_t rank,
    ct_tensor *out) {
    return ct_guard([&] {
        const auto type = scalar_type(dtype);
        const auto storage = bytes->value.storage();
        const auto needed =
            at::detail::computeStorageNbytes(ints(shape, rank), ints(strides, rank), c10::elementSize(type), offset);
        TORCH_CHECK(needed <= storage.nbytes(), "a tensor of ", needed, " bytes in a storage of ", storage.nbytes());
        *out = wrap(at::empty({0}, type).set_(storage, offset, ints(shape, rank), ints(strides, rank)));
    });
}

ct_status ct_write_pth(const char *path, const char *const *names, const ct_tensor *tensors, int32_t count) {
    return ct_guard([&] {
        c10::Dict<std::string, at::Tensor> dictionary;
        for (int32_t i = 0; i < count; ++i) dictionary.insert(names[i], tensors[i]->value.detach().cpu());
        // No tags of the dictionary's type: `torch.load` refuses them where it reads weights only.
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
