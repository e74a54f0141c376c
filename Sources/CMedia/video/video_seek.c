#include "video/video_session.h"

/// Whether the packet that was just read is number `index` of the index.
static bool is_packet(const cm_video *v, int64_t index) {
    const video_packet *p = &v->packets[index];
    return v->packet->pos == p->position && v->packet->size == p->size && v->packet->pts == p->pts;
}

/// The number of the packet that was just read; -1 when the index lacks it. Positions must ascend.
static int64_t number_of_packet(const cm_video *v) {
    int64_t low = 0, high = v->packet_count;
    while (low < high) {
        int64_t middle = (low + high) / 2;
        if (v->packets[middle].position < v->packet->pos)
            low = middle + 1;
        else
            high = middle;
    }
    return low < v->packet_count && is_packet(v, low) ? low : -1;
}

/// Moves the container to packet `index` or one before it. On failure it stands anywhere.
static bool jump(cm_video *v, int64_t index) {
    int64_t time = v->packets[index].seek_time;
    if (av_seek_frame(v->container, v->stream->index, time, AVSEEK_FLAG_BACKWARD) < 0) return false;
    int64_t found = -1;
    // A stream for broadcasting may begin again amid a picture.
    for (int tries = v->container->flags & AVFMT_FLAG_NOPARSE ? 1 : 8; tries > 0 && found < 0; tries--) {
        if (video_read_packet(v)) return false;
        found = number_of_packet(v);
    }
    if (found < 0 || found > index) return false;
    v->next_read = found + 1;
    return true;
}

cm_status video_seek_packet(cm_video *v, int64_t index, cm_report *report) {
    // To read on over a few packets is faster than to seek.
    const int64_t near = 64;
    bool ahead = v->next_read >= 0 && v->next_read <= index;
    bool seekable = v->seekable && v->packets[index].seek_time != AV_NOPTS_VALUE;
    if (!ahead || (seekable && index - v->next_read > near)) {
        if (!seekable || !jump(v, index)) {
            cm_status status = video_rewind(v, report);
            if (status != CM_OK) return status;
        }
    }
    while (v->next_read <= index) {
        int error = video_read_packet(v);
        if (error == AVERROR(ENOMEM)) return video_fail(report, CM_OUT_OF_MEMORY, "reading it");
        if (error || !is_packet(v, v->next_read)) {
            v->next_read = -1;
            return video_fail(report, CM_UNREADABLE, "its content has changed since it was opened");
        }
        v->next_read++;
    }
    return CM_OK;
}
