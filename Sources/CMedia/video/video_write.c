#include "cm_video_writer.h"
#include "video/video_sound.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libavutil/opt.h>

#if LIBAVFORMAT_VERSION_MAJOR < 61
typedef uint8_t written;
#else
typedef const uint8_t written;
#endif

struct cm_video_writer {
    cm_video_writer_options options;
    int file;
    int64_t position;
    int64_t end;
    /// The error of the first write that failed.
    int error;
    AVIOContext *io;
    AVFormatContext *container;
    AVStream *stream;
    AVCodecContext *encoder;
    AVFrame *frame;
    AVPacket *packet;
    struct SwsContext *scaler;
    /// The picture with even sides.
    uint8_t *padded;
    int64_t count;
    /// When pictures are timed, the last one's time, and its packet, which is written when its length is known.
    int64_t last;
    AVPacket *held;
    video_sound sound;
};

static int on_write(void *opaque, written *bytes, int count) {
    cm_video_writer *w = opaque;
    int done = 0;
    while (done < count) {
        ssize_t got = pwrite(w->file, bytes + done, (size_t)(count - done), (off_t)w->position);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) {
            if (!w->error) w->error = got < 0 ? errno : EIO;
            return AVERROR(EIO);
        }
        done += (int)got;
        w->position += got;
        if (w->position > w->end) w->end = w->position;
    }
    return count;
}

static int64_t on_seek(void *opaque, int64_t offset, int whence) {
    cm_video_writer *w = opaque;
    if (whence & AVSEEK_SIZE) return w->end;
    if (whence == SEEK_CUR) offset += w->position;
    if (whence == SEEK_END) offset += w->end;
    return offset < 0 ? AVERROR(EINVAL) : (w->position = offset);
}

static cm_status fail(cm_video_writer *w, int error, cm_report *report) {
    if (error == AVERROR(ENOMEM)) return video_fail(report, CM_OUT_OF_MEMORY, "writing it");
    if (w->error) return video_fail(report, CM_INVALID, "%s", strerror(w->error));
    char text[AV_ERROR_MAX_STRING_SIZE] = "";
    av_strerror(error, text, sizeof text);
    return video_fail(report, CM_INVALID, "%s", text);
}

static const AVCodec *choose_encoder(cm_video_format format) {
    static const char *const names[3][2] = {{"libx264", "mpeg4"}, {"libvpx-vp9", "libvpx"}, {"libx264", "mpeg4"}};
    const AVCodec *codec = avcodec_find_encoder_by_name(names[format][0]);
    return codec ? codec : avcodec_find_encoder_by_name(names[format][1]);
}

/// Quality 1 to 100 on a scale from `worst` to `best`.
static int scaled(int quality, int worst, int best) { return worst + (best - worst) * quality / 100; }

static void set_quality(AVCodecContext *e, int quality) {
    if (e->codec_id == AV_CODEC_ID_MPEG4) {
        e->flags |= AV_CODEC_FLAG_QSCALE;
        e->global_quality = FF_QP2LAMBDA * scaled(quality, 31, 1);
        return;
    }
    if (e->codec_id == AV_CODEC_ID_H264) {
        av_opt_set_int(e->priv_data, "crf", scaled(quality, 51, 7), 0);
        // With it, x264 makes different bytes of equal small pictures from time to time, even in one thread.
        av_opt_set_int(e->priv_data, "mbtree", 0, 0);
        return;
    }
    av_opt_set_int(e->priv_data, "crf", scaled(quality, 63, 10), 0);
    av_opt_set_int(e->priv_data, "cpu-used", 4, 0);
    // For VP8 the rate is a ceiling, which it needs; for VP9 a rate of 0 means that there is none.
    e->bit_rate = e->codec_id == AV_CODEC_ID_VP8 ? (int64_t)e->width * e->height * 30 : 0;
}

static int open_encoder(cm_video_writer *w, const AVCodec *codec) {
    const cm_video_writer_options *o = &w->options;
    w->encoder = avcodec_alloc_context3(codec);
    if (!w->encoder) return AVERROR(ENOMEM);
    AVCodecContext *e = w->encoder;
    e->width = o->width + (o->width & 1);
    e->height = o->height + (o->height & 1);
    e->pix_fmt = AV_PIX_FMT_YUV420P;
    AVRational rate = av_d2q(o->rate, 60000);
    // MPEG-4 counts time in 16 bits.
    if (rate.num > 65535 || rate.num < 1) rate = av_d2q(o->rate, 1000);
    e->framerate = rate;
    e->time_base = av_inv_q(rate);
    if (o->timed) {
        // Both divide milliseconds and the lengths of frames at the usual rates.
        e->time_base = (AVRational){1, codec->id == AV_CODEC_ID_MPEG4 ? 60000 : 90000};
        // Packets come in the order of time, so that the last one is the last frame.
        e->max_b_frames = 0;
    }
    e->sample_aspect_ratio = (AVRational){o->aspect_width, o->aspect_height > 0 ? o->aspect_height : 1};
    e->gop_size = o->key_distance;
    e->thread_count = o->threads;
    bool large = e->width >= 1280 || e->height > 576;
    e->colorspace = large ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M;
    e->color_primaries = large ? AVCOL_PRI_BT709 : AVCOL_PRI_SMPTE170M;
    e->color_trc = large ? AVCOL_TRC_BT709 : AVCOL_TRC_SMPTE170M;
    e->color_range = AVCOL_RANGE_MPEG;
    // Equal pictures make equal files.
    e->flags |= AV_CODEC_FLAG_BITEXACT;
    if (w->container->oformat->flags & AVFMT_GLOBALHEADER) e->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    set_quality(e, o->quality);
    return avcodec_open2(e, codec, NULL);
}

static int open_scaler(cm_video_writer *w) {
    const AVCodecContext *e = w->encoder;
    w->scaler = sws_getContext(
        e->width, e->height, AV_PIX_FMT_RGB24, e->width, e->height, e->pix_fmt,
        SWS_BILINEAR | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INP, NULL, NULL, NULL);
    w->padded = malloc((size_t)e->width * (size_t)e->height * 3);
    if (!w->scaler || !w->padded) return AVERROR(ENOMEM);
    int matrix = e->colorspace == AVCOL_SPC_BT709 ? SWS_CS_ITU709 : SWS_CS_ITU601;
    sws_setColorspaceDetails(
        w->scaler, sws_getCoefficients(matrix), 1, sws_getCoefficients(matrix), 0, 0, 1 << 16, 1 << 16);
    w->frame->format = e->pix_fmt;
    w->frame->width = e->width;
    w->frame->height = e->height;
    w->frame->colorspace = e->colorspace;
    w->frame->color_range = e->color_range;
    return av_frame_get_buffer(w->frame, 0);
}

static int open_all(cm_video_writer *w, const AVCodec *codec) {
    unsigned char *buffer = av_malloc(1 << 16);
    if (!buffer) return AVERROR(ENOMEM);
    w->io = avio_alloc_context(buffer, 1 << 16, 1, w, NULL, on_write, on_seek);
    if (!w->io) {
        av_free(buffer);
        return AVERROR(ENOMEM);
    }
    w->frame = av_frame_alloc();
    w->packet = av_packet_alloc();
    w->held = av_packet_alloc();
    if (!w->frame || !w->packet || !w->held) return AVERROR(ENOMEM);
    static const char *const names[] = {"mp4", "webm", "matroska"};
    int error = avformat_alloc_output_context2(&w->container, NULL, names[w->options.format], NULL);
    if (error < 0) return error;
    w->container->pb = w->io;
    w->container->flags |= AVFMT_FLAG_BITEXACT;
    if ((error = open_encoder(w, codec)) < 0) return error;
    if ((error = open_scaler(w)) < 0) return error;
    if (!(w->stream = avformat_new_stream(w->container, NULL))) return AVERROR(ENOMEM);
    if ((error = avcodec_parameters_from_context(w->stream->codecpar, w->encoder)) < 0) return error;
    w->stream->time_base = w->encoder->time_base;
    w->stream->avg_frame_rate = w->encoder->framerate;
    w->stream->sample_aspect_ratio = w->encoder->sample_aspect_ratio;
    if (w->options.timed && w->options.sound_of) video_sound_open(&w->sound, w->options.sound_of, w->container);
    return avformat_write_header(w->container, NULL);
}

/// Frees all that the writer holds.
static void release(cm_video_writer *w) {
    avcodec_free_context(&w->encoder);
    av_frame_free(&w->frame);
    av_packet_free(&w->packet);
    av_packet_free(&w->held);
    video_sound_close(&w->sound);
    avformat_free_context(w->container);
    video_source_io_free(&w->io);
    sws_freeContext(w->scaler);
    free(w->padded);
}

cm_status cm_video_writer_open(
    int file, const cm_video_writer_options *options, cm_video_writer **writer, cm_report *report) {
    *writer = NULL;
    video_silence();
    if (options->width <= 0 || options->height <= 0 || !(options->rate > 0))
        return video_fail(report, CM_INVALID, "no such size or rate");
    const AVCodec *codec = choose_encoder(options->format);
    if (!codec) return video_fail(report, CM_UNSUPPORTED, "this FFmpeg has no encoder for it");
    cm_video_writer *w = calloc(1, sizeof *w);
    if (!w) return CM_OUT_OF_MEMORY;
    w->options = *options;
    w->file = file;
    int error = open_all(w, codec);
    if (error < 0) {
        cm_status status = fail(w, error, report);
        cm_video_writer_close(w);
        return status;
    }
    *writer = w;
    return CM_OK;
}

/// Writes the packet that is held back, and before it the sound up to it. It is shown until `end`.
static int write_held(cm_video_writer *w, int64_t end) {
    if (!w->held->size) return 0;
    video_sound_copy(&w->sound, w->container, (double)w->held->dts * av_q2d(w->stream->time_base) - w->sound.lead);
    w->held->duration = end > w->held->pts ? end - w->held->pts : 1;
    // Sound and pictures come in order already, and so a packet's error is its own.
    int error = av_write_frame(w->container, w->held);
    av_packet_unref(w->held);
    return error;
}

static int write_packets(cm_video_writer *w) {
    int error;
    while (!(error = avcodec_receive_packet(w->encoder, w->packet))) {
        av_packet_rescale_ts(w->packet, w->encoder->time_base, w->stream->time_base);
        w->packet->stream_index = w->stream->index;
        if (w->options.timed) {
            if ((error = write_held(w, w->packet->pts)) < 0) return error;
            av_packet_move_ref(w->held, w->packet);
            continue;
        }
        // Without a length, the last frame would take no time.
        if (w->packet->duration <= 0)
            w->packet->duration = av_rescale_q(1, w->encoder->time_base, w->stream->time_base);
        if ((error = av_interleaved_write_frame(w->container, w->packet)) < 0) return error;
    }
    return error == AVERROR(EAGAIN) || error == AVERROR_EOF ? 0 : error;
}

/// The picture with its last column and row repeated where a side is odd.
static const uint8_t *even(cm_video_writer *w, const uint8_t *rgb) {
    int width = w->encoder->width, height = w->encoder->height;
    if (width == w->options.width && height == w->options.height) return rgb;
    size_t from = (size_t)w->options.width * 3, to = (size_t)width * 3;
    for (int y = 0; y < height; y++) {
        uint8_t *row = w->padded + (size_t)y * to;
        memcpy(row, rgb + (size_t)(y < w->options.height ? y : y - 1) * from, from);
        if (to > from) memcpy(row + from, row + from - 3, 3);
    }
    return w->padded;
}

/// A time in units of the encoder's, after the last picture's. Sound that begins earlier puts all pictures off.
static int64_t next_time(cm_video_writer *w, double seconds) {
    double unit = av_q2d(w->encoder->time_base), units = seconds / unit;
    if (!(units >= 0 && units < 1e15))
        units = w->count ? (double)w->last + 1 / (w->options.rate * unit) : w->sound.lead / unit;
    else
        units += w->sound.lead / unit;
    int64_t time = llrint(units);
    if (w->count && time <= w->last) time = w->last + 1;
    return w->last = time;
}

cm_status cm_video_writer_add(cm_video_writer *w, const uint8_t *rgb, double time, cm_report *report) {
    int error = av_frame_make_writable(w->frame);
    if (error < 0) return fail(w, error, report);
    const uint8_t *planes[4] = {even(w, rgb)};
    int strides[4] = {w->encoder->width * 3};
    sws_scale(w->scaler, planes, strides, 0, w->encoder->height, w->frame->data, w->frame->linesize);
    w->frame->pts = w->options.timed ? next_time(w, time) : w->count;
    w->count++;
    w->frame->quality = w->encoder->global_quality;
    if ((error = avcodec_send_frame(w->encoder, w->frame)) < 0) return fail(w, error, report);
    if ((error = write_packets(w)) < 0) return fail(w, error, report);
    return CM_OK;
}

cm_status cm_video_writer_finish(cm_video_writer *w, double end, cm_report *report) {
    int error = avcodec_send_frame(w->encoder, NULL);
    if (error >= 0) error = write_packets(w);
    if (error >= 0 && w->options.timed) {
        double units = (end + w->sound.lead) / av_q2d(w->stream->time_base);
        error = write_held(w, end >= 0 && units < 1e15 ? llrint(units) : 0);
        video_sound_copy(&w->sound, w->container, INFINITY);
    }
    if (error >= 0) error = av_write_trailer(w->container);
    avio_flush(w->io);
    if (error >= 0 && w->error) error = AVERROR(w->error);
    return error < 0 ? fail(w, error, report) : CM_OK;
}

const char *cm_video_writer_left_out(const cm_video_writer *w) { return *w->sound.left_out ? w->sound.left_out : NULL; }

void cm_video_writer_close(cm_video_writer *w) {
    if (!w) return;
    release(w);
    free(w);
}

const char *cm_video_writer_encoder(const cm_video_writer *w) { return w->encoder->codec->name; }
