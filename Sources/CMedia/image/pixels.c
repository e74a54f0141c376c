#include "cm_pixels.h"

#include <stdlib.h>
#include <string.h>

/// Copies each pixel (x, y) of the source to pixel origin + x * step_x + y * step_y of the target. Goes tile by tile,
/// so that a transposition stays in the cache.
static void scatter(
    const uint8_t *source, int width, int height, int channels, uint8_t *target, ptrdiff_t origin, ptrdiff_t step_x,
    ptrdiff_t step_y) {
    enum { tile = 32 };
    for (int y0 = 0; y0 < height; y0 += tile) {
        int y1 = y0 + tile < height ? y0 + tile : height;
        for (int x0 = 0; x0 < width; x0 += tile) {
            int x1 = x0 + tile < width ? x0 + tile : width;
            for (int y = y0; y < y1; y++) {
                const uint8_t *from = source + ((size_t)y * width + x0) * channels;
                uint8_t *to = target + (origin + x0 * step_x + y * step_y) * channels;
                if (channels == 3) {
                    for (int x = x0; x < x1; x++, from += 3, to += step_x * 3) {
                        to[0] = from[0];
                        to[1] = from[1];
                        to[2] = from[2];
                    }
                } else {
                    for (int x = x0; x < x1; x++, from += channels, to += step_x * channels)
                        memcpy(to, from, (size_t)channels);
                }
            }
        }
    }
}

void cm_orient(const uint8_t *source, int width, int height, int channels, int orientation, uint8_t *target) {
    ptrdiff_t w = width, h = height;
    switch (orientation) {
        case 2:  // mirrored left to right
            scatter(source, width, height, channels, target, w - 1, -1, w);
            break;
        case 3:  // upside down
            scatter(source, width, height, channels, target, h * w - 1, -1, -w);
            break;
        case 4:  // mirrored top to bottom
            scatter(source, width, height, channels, target, (h - 1) * w, 1, -w);
            break;
        case 5:  // transposed
            scatter(source, width, height, channels, target, 0, h, 1);
            break;
        case 6:  // to be turned clockwise
            scatter(source, width, height, channels, target, h - 1, h, -1);
            break;
        case 7:  // transposed along the other diagonal
            scatter(source, width, height, channels, target, w * h - 1, -h, -1);
            break;
        case 8:  // to be turned anticlockwise
            scatter(source, width, height, channels, target, (w - 1) * h, -h, 1);
            break;
        default: memcpy(target, source, (size_t)width * height * channels);
    }
}

cm_status cm_orient_pixels(cm_pixels *pixels, int orientation) {
    if (orientation < 2 || orientation > 8) return CM_OK;
    uint8_t *upright = malloc((size_t)pixels->width * pixels->height * pixels->channels);
    if (!upright) return CM_OUT_OF_MEMORY;
    cm_orient(pixels->data, pixels->width, pixels->height, pixels->channels, orientation, upright);
    free(pixels->data);
    pixels->data = upright;
    if (orientation >= 5) {
        int width = pixels->width;
        pixels->width = pixels->height;
        pixels->height = width;
    }
    return CM_OK;
}

void cm_luma(const uint8_t *rgb, size_t count, uint8_t *grey) {
    for (size_t i = 0; i < count; i++)
        grey[i] = (uint8_t)((19595u * rgb[3 * i] + 38470u * rgb[3 * i + 1] + 7471u * rgb[3 * i + 2] + 32768u) >> 16);
}
