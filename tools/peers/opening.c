// Opens a video and reads a clip of it, for opening.py: the toolkit's calls without Swift around them.
#include "cm_video.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double milliseconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec * 1e-6;
}

/// Writes the processor's time until the video is open, and until sixteen frames, every 4th from `start` on, are read.
/// Returns false, and prints why, if it can't be.
int read_clip(const char *path, int start, double *spent) {
    cm_video_options options = {.threads = 1, .max_pixels = 100000000, .max_frames = 10000000, .stream = -1};
    cm_report report = {0};
    cm_video *video;
    int64_t failed, frames[16];
    double began = milliseconds();
    if (cm_video_open_file(path, &options, &video, &failed, &report) != CM_OK) {
        fprintf(stderr, "%s: %s\n", path, report.error);
        return 0;
    }
    spent[0] = milliseconds() - began;
    cm_video_info info;
    cm_video_describe(video, &info);
    size_t pixels = (size_t)info.width * (size_t)info.height * 3;
    uint8_t *rgb = malloc(16 * pixels), *targets[16], missing[16];
    for (int i = 0; i < 16; i++) {
        frames[i] = start + 4 * i < info.frame_count ? start + 4 * i : info.frame_count - 1;
        targets[i] = rgb + (size_t)i * pixels;
    }
    cm_video_request request = {frames, 16, info.width, info.height, 1, targets, missing, false};
    cm_status status = cm_video_read(video, &request, &failed, &report);
    spent[1] = milliseconds() - began;
    if (status != CM_OK) fprintf(stderr, "%s: %s\n", path, report.error);
    free(rgb);
    cm_video_close(video);
    return status == CM_OK;
}
