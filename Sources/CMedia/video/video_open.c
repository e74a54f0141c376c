#include "video/video_session.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libavutil/display.h>
#include <libavutil/log.h>

cm_status video_fail(cm_report *report, cm_status status, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(report->error, sizeof report->error, format, arguments);
    va_end(arguments);
    return status;
}

static void stay_silent(void *object, int level, const char *format, va_list arguments) {
    (void)object;
    (void)level;
    (void)format;
    (void)arguments;
}

static void silence(void) { av_log_set_callback(stay_silent); }

void video_silence(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, silence);
}

/// Whether the decoder may use several threads. Others can end the process when several threads meet damage, as
/// MPEG-4's does, or were not tested.
static bool threads_safely(enum AVCodecID codec) {
    return codec == AV_CODEC_ID_H264 || codec == AV_CODEC_ID_HEVC || codec == AV_CODEC_ID_VP8 ||
        codec == AV_CODEC_ID_VP9;
}

cm_status video_renew_decoder(cm_video *v, bool shows_all, cm_report *report) {
    avcodec_free_context(&v->decoder);
    const AVCodecParameters *parameters = v->stream->codecpar;
    const AVCodec *codec = avcodec_find_decoder(parameters->codec_id);
    if (!codec) return video_fail(report, CM_UNSUPPORTED, "no decoder for %s", avcodec_get_name(parameters->codec_id));
    v->decoder = avcodec_alloc_context3(codec);
    if (!v->decoder || avcodec_parameters_to_context(v->decoder, parameters) < 0) {
        avcodec_free_context(&v->decoder);
        return video_fail(report, CM_OUT_OF_MEMORY, "opening its decoder");
    }
    if (!threads_safely(v->syntax.codec)) v->threads = 1;
    v->decoder->thread_count = v->threads;
    v->decoder->thread_type = FF_THREAD_FRAME;
    // Otherwise H.264's decoder holds frames back when it is drained early after an open group of pictures.
    if (shows_all) v->decoder->flags |= AV_CODEC_FLAG_OUTPUT_CORRUPT;
    // With several threads some decoders conceal damage and don't say so. Told to stop at the first doubt, they report
    // it; then a decoder with one thread, which doesn't stop, finds out whether it was damage.
    if (v->threads > 1) v->decoder->err_recognition |= AV_EF_EXPLODE;
    v->decoder->max_pixels = (int64_t)v->options.max_pixels;
    // An H.264 file need not say how far its pictures are out of order; a decoder that has to find out drops some
    // meanwhile.
    if (v->syntax.codec == AV_CODEC_ID_H264)
        v->decoder->has_b_frames = v->reorder >= 0 && v->reorder < 15 ? v->reorder : 15;
    int error = avcodec_open2(v->decoder, codec, NULL);
    if (error < 0) avcodec_free_context(&v->decoder);
    if (error == AVERROR(ENOMEM)) return video_fail(report, CM_OUT_OF_MEMORY, "opening its decoder");
    if (error < 0) return video_fail(report, CM_CORRUPT, "its %s header makes no sense", codec->name);
    v->fresh = true;
    v->next_fed = -1;
    return CM_OK;
}

static cm_status check_size(const cm_video *v, cm_report *report) {
    if (v->width <= 0 || v->height <= 0 || (uint64_t)v->width * (uint64_t)v->height <= v->options.max_pixels)
        return CM_OK;
    return video_fail(
        report, CM_TOO_LARGE, "%d x %d pixels, over the limit of %llu", v->width, v->height,
        (unsigned long long)v->options.max_pixels);
}

/// Decodes the first picture to find the size of all, where the container leaves that to the stream.
static cm_status measure(cm_video *v, cm_report *report) {
    cm_status status = video_renew_decoder(v, true, report);
    if (status == CM_OK) status = video_seek_packet(v, 0, report);
    if (status != CM_OK) return status;
    v->fresh = false;
    if (!avcodec_send_packet(v->decoder, v->packet)) avcodec_send_packet(v->decoder, NULL);
    if (!avcodec_receive_frame(v->decoder, v->frame)) {
        v->width = v->frame->width;
        v->height = v->frame->height;
        av_frame_unref(v->frame);
    }
    if (v->width <= 0 || v->height <= 0) return video_fail(report, CM_CORRUPT, "its pictures have no size");
    return CM_OK;
}

static cm_status open_source(cm_video *v, int64_t *frame, cm_report *report) {
    if (v->source.size == 0) return CM_EMPTY;
    v->kind = video_source_container(&v->source);
    if (v->kind == VIDEO_CONTAINER_NONE) return CM_NOT_A_VIDEO;
    v->packet = av_packet_alloc();
    v->frame = av_frame_alloc();
    if (!v->packet || !v->frame) return video_fail(report, CM_OUT_OF_MEMORY, "opening it");
    cm_status status = video_rewind(v, report);
    if (status != CM_OK) return status;
    v->width = v->stream->codecpar->width;
    v->height = v->stream->codecpar->height;
    status = check_size(v, report);
    if (status == CM_OK) status = video_index(v, frame, report);
    if (status == CM_OK && (v->width <= 0 || v->height <= 0)) {
        status = measure(v, report);
        if (status == CM_OK) status = check_size(v, report);
    }
    return status;
}

static cm_status open_any(
    cm_video *v, const cm_video_options *options, cm_video **video, int64_t *frame, cm_report *report) {
    video_silence();
    v->options = *options;
    v->threads = options->threads > 1 ? options->threads : 1;
    v->next_fed = -1;
    v->reorder = -1;
    v->stream_index = -1;
    *frame = -1;
    cm_status status = open_source(v, frame, report);
    v->options.order = NULL;
    if (status == CM_OK) {
        *video = v;
    } else {
        cm_video_close(v);
    }
    return status;
}

cm_status cm_video_open_file(
    const char *path, const cm_video_options *options, cm_video **video, int64_t *frame, cm_report *report) {
    *video = NULL;
    cm_video *v = calloc(1, sizeof *v);
    if (!v) return CM_OUT_OF_MEMORY;
    cm_status status = video_source_open(&v->source, path, report);
    if (status == CM_OK) return open_any(v, options, video, frame, report);
    free(v);
    return status;
}

cm_status cm_video_open_bytes(
    const uint8_t *bytes, size_t count, const cm_video_options *options, cm_video **video, int64_t *frame,
    cm_report *report) {
    *video = NULL;
    cm_video *v = calloc(1, sizeof *v);
    if (!v) return CM_OUT_OF_MEMORY;
    v->source = (video_source){-1, bytes, (int64_t)count, 0};
    return open_any(v, options, video, frame, report);
}

bool cm_video_is_container(const uint8_t *bytes, size_t count) {
    video_source source = {-1, bytes, (int64_t)count, 0};
    return video_source_container(&source) != VIDEO_CONTAINER_NONE;
}

void cm_video_close(cm_video *v) {
    if (!v) return;
    avcodec_free_context(&v->decoder);
    av_packet_free(&v->packet);
    av_frame_free(&v->frame);
    video_close_container(v);
    video_source_close(&v->source);
    video_converter_clear(&v->converter);
    free(v->packets);
    free(v->frames);
    free(v->starts);
    free(v);
}

static const int32_t *display_matrix(const AVStream *stream) {
#if LIBAVFORMAT_VERSION_INT >= AV_VERSION_INT(60, 15, 100)
    const AVPacketSideData *data = av_packet_side_data_get(
        stream->codecpar->coded_side_data, stream->codecpar->nb_coded_side_data, AV_PKT_DATA_DISPLAYMATRIX);
    return data && data->size >= 9 * sizeof(int32_t) ? (const int32_t *)(const void *)data->data : NULL;
#else
    size_t size = 0;
    const uint8_t *data = av_stream_get_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, &size);
    return data && size >= 9 * sizeof(int32_t) ? (const int32_t *)(const void *)data : NULL;
#endif
}

/// The EXIF orientation that turns and mirrors as a matrix with these signs does (x' = a x + c y, y' = b x + d y).
static int orientation_of(const int32_t *m) {
    int a = (m[0] > 0) - (m[0] < 0), b = (m[1] > 0) - (m[1] < 0);
    int c = (m[3] > 0) - (m[3] < 0), d = (m[4] > 0) - (m[4] < 0);
    static const int8_t ways[8][4] = {{1, 0, 0, 1}, {-1, 0, 0, 1}, {-1, 0, 0, -1}, {1, 0, 0, -1},
                                      {0, 1, 1, 0}, {0, 1, -1, 0}, {0, -1, -1, 0}, {0, -1, 1, 0}};
    for (int i = 0; i < 8; i++)
        if (a == ways[i][0] && b == ways[i][1] && c == ways[i][2] && d == ways[i][3]) return i + 1;
    return 1;
}

static cm_ratio frame_rate(const cm_video *v, double duration) {
    AVRational rate = v->stream->avg_frame_rate;
    if (rate.num <= 0 || rate.den <= 0) rate = v->stream->r_frame_rate;
    if ((rate.num <= 0 || rate.den <= 0) && duration > 0) rate = av_d2q((double)v->frame_count / duration, 1001000);
    return rate.num > 0 && rate.den > 0 ? (cm_ratio){rate.num, rate.den} : (cm_ratio){0, 1};
}

const int64_t *cm_video_order(const cm_video *v, uint64_t *key) {
    *key = v->counted ? video_packets_key(v) : 0;
    return v->counted ? v->frames : NULL;
}

double cm_video_time(const cm_video *v, int64_t index) {
    if (index < 0 || index >= v->frame_count) return -1;
    int64_t first = v->packets[v->frames[0]].pts, pts = v->packets[v->frames[index]].pts;
    if (first != AV_NOPTS_VALUE && pts != AV_NOPTS_VALUE)
        return ((double)pts - (double)first) * av_q2d(v->stream->time_base);
    // Where only the order of decoding is timed, as in AVI, the times are still those of the frames.
    bool all = v->frame_count == v->packet_count;
    int64_t begin = v->packets[all ? 0 : v->frames[0]].seek_time;
    int64_t time = v->packets[all ? index : v->frames[index]].seek_time;
    if (begin != AV_NOPTS_VALUE && time != AV_NOPTS_VALUE && time >= begin)
        return ((double)time - (double)begin) * av_q2d(v->stream->time_base);
    cm_ratio rate = frame_rate(v, 0);
    return rate.numerator > 0 ? (double)index * (double)rate.denominator / (double)rate.numerator : -1;
}

/// Seconds from the first frame to the end of the last one, which is shown at `last`. Where the stream does not say, the
/// last frame lasts as long as the others do on average, but not beyond the end of the file.
static double video_span(const cm_video *v, double last) {
    const AVStream *s = v->stream;
    int64_t first = v->packets[v->frames[0]].pts;
    double begin = first != AV_NOPTS_VALUE ? (double)first * av_q2d(s->time_base) : 0;
    double stream = s->duration > 0 ? (double)s->duration * av_q2d(s->time_base) : 0;
    // FLV gives the time of the end, not the time until it.
    if (v->kind == VIDEO_CONTAINER_FLV) stream -= begin;
    if (stream > last && !v->truncated) return stream;
    double span = last * (double)v->frame_count / (double)(v->frame_count - 1);
    double end = v->container->duration > 0 ? (double)v->container->duration / AV_TIME_BASE - begin : 0;
    return end > last && end < span && !v->truncated ? end : span;
}

cm_ratio cm_video_pixel_aspect(const cm_video *v) {
    AVRational aspect = v->stream->sample_aspect_ratio;
    if (aspect.num <= 0 || aspect.den <= 0) aspect = v->stream->codecpar->sample_aspect_ratio;
    if ((aspect.num <= 0 || aspect.den <= 0) && v->decoder) aspect = v->decoder->sample_aspect_ratio;
    return aspect.num > 0 && aspect.den > 0 ? (cm_ratio){aspect.num, aspect.den} : (cm_ratio){0, 1};
}

void cm_video_describe(const cm_video *v, cm_video_info *info) {
    memset(info, 0, sizeof *info);
    const AVStream *s = v->stream;
    info->width = v->width;
    info->height = v->height;
    info->orientation = 1;
    const int32_t *matrix = display_matrix(s);
    if (matrix) {
        info->orientation = orientation_of(matrix);
        double angle = -av_display_rotation_get(matrix);
        if (angle == angle) info->rotation = angle < 0 ? angle + 360 : angle + 0.0;
    }
    info->frame_count = v->frame_count;
    double last = v->frame_count ? cm_video_time(v, v->frame_count - 1) : -1;
    double span = v->frame_count > 1 ? video_span(v, last) : 0;
    info->frame_rate = frame_rate(v, span);
    if (v->frame_count == 1 && info->frame_rate.numerator > 0)
        span = (double)info->frame_rate.denominator / (double)info->frame_rate.numerator;
    info->duration = span > 0 ? span : 0;
    info->counted = v->counted && !v->told;
    info->stream = v->stream_index;
    info->truncated = v->truncated;
    snprintf(info->codec, sizeof info->codec, "%s", avcodec_get_name(s->codecpar->codec_id));
    static const char *const containers[] = {"", "mp4", "matroska", "avi", "mpegts", "mpeg", "flv", "gif"};
    snprintf(info->container, sizeof info->container, "%s", containers[v->kind]);
}
