/// The C ABI of the media libraries: libjpeg-turbo, libpng, FFmpeg's and cairo behind plain structs and functions.
/// Nothing here prints, exits or lets a library's own error handling out.
#ifndef CMEDIA_H
#define CMEDIA_H

#include "cm_report.h"
#include "cm_pixels.h"
#include "cm_header.h"
#include "cm_jpeg.h"
#include "cm_png.h"
#include "cm_resample.h"
#include "cm_canvas.h"
#include "cm_video.h"
#include "cm_video_writer.h"

#endif
