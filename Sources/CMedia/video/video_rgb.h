#ifndef CM_VIDEO_RGB_H
#define CM_VIDEO_RGB_H

#include <stdbool.h>
#include <stdint.h>

#include <libavutil/frame.h>

#pragma GCC visibility push(hidden)

/// Rows of RGB made of a frame of 4:2:0 planes of its own size, each pixel equal to what libswscale makes of it with
/// `SWS_BILINEAR | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT`, in a fifth of its time. Must be all zeros at first.
typedef struct video_rgb {
    int width, height;
    /// What a step of luma adds to every colour, and the steps of chroma to red, green and blue, in 1 / 8192.
    int16_t luma, red_v, green_u, green_v, blue_u;
    /// What the range's offset and rounding add to every colour, in the units of the products.
    int32_t bias;
    /// A row of each chroma plane, interpolated between two of its rows, with a copy of its ends beside them.
    int16_t *u, *v;
    void *memory;
} video_rgb;

/// Whether this processor can make rows of such a frame.
bool video_rgb_can(enum AVPixelFormat format, int width, int height);

/// Makes it ready for frames of a size, matrix (libswscale's coefficients) and range; false if there is no memory.
bool video_rgb_prepare(video_rgb *rgb, int width, int height, const int *matrix, bool full_range);
void video_rgb_clear(video_rgb *rgb);

/// Writes the row `y` of the frame, `width` pixels of three bytes.
void video_rgb_row(const video_rgb *rgb, const AVFrame *frame, int y, uint8_t *target);

#pragma GCC visibility pop

#endif
