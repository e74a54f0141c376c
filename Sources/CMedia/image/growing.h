#ifndef CM_GROWING_H
#define CM_GROWING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#pragma GCC visibility push(hidden)

/// Bytes that an encoder appends to.
typedef struct growing {
    uint8_t *bytes;
    size_t count;
    size_t capacity;
} growing;

/// Makes room for `extra` more bytes. False when there is no memory; the buffer then stays as it is.
bool growing_reserve(growing *buffer, size_t extra);

#pragma GCC visibility pop

#endif
