#include <zlib.h>

#include "CTorchCore.h"

uint32_t ct_crc32(uint32_t before, const void *bytes, uint64_t count) {
    return static_cast<uint32_t>(crc32_z(before, static_cast<const Bytef *>(bytes), count));
}
