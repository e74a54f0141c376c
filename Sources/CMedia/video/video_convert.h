#ifndef CM_VIDEO_CONVERT_H
#define CM_VIDEO_CONVERT_H

#include "cm_report.h"
#include "video/video_rgb.h"

#include <libavutil/frame.h>
#include <libswscale/swscale.h>

#pragma GCC visibility push(hidden)

/// Turns decoded frames into RGB of one size. Must be all zeros at first.
typedef struct video_converter {
    /// Makes planes of frames of any kind and size; none where `rgb` makes the rows.
    struct SwsContext *scaler;
    video_rgb rgb;
    /// What they were made for: source width, height, format, matrix, range; target width, height.
    int made_for[7];
    bool ready;
    /// What the scaler makes, the frame's green, blue and red in three planes; and a row of RGB.
    uint8_t *planes;
    size_t plane_bytes;
} video_converter;

void video_converter_clear(video_converter *converter);

/// Writes `frame` to `rgb` as width x height pixels, after undoing `orientation` (1 to 8).
cm_status video_convert(
    video_converter *converter, const AVFrame *frame, int width, int height, int orientation, uint8_t *rgb,
    cm_report *report);

#pragma GCC visibility pop

#endif
