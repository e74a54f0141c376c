#include "image/growing.h"

#include <stdlib.h>

bool growing_reserve(growing *buffer, size_t extra) {
    if (buffer->capacity - buffer->count >= extra) return true;
    size_t capacity = buffer->capacity * 2 > 65536 ? buffer->capacity * 2 : 65536;
    if (capacity - buffer->count < extra) capacity = buffer->count + extra;
    uint8_t *bytes = realloc(buffer->bytes, capacity);
    if (!bytes) return false;
    buffer->bytes = bytes;
    buffer->capacity = capacity;
    return true;
}
