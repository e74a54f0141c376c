#include "video_fixtures.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/display.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>

/// x265 keeps some memory for good, which is no concern of ours when the leak sanitiser reports at the end.
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) { return "leak:libx265"; }

bool fx_has_encoder(const char *codec) { return avcodec_find_encoder_by_name(codec) != NULL; }

#if LIBAVFORMAT_VERSION_MAJOR < 61
typedef uint8_t written;
#else
typedef const uint8_t written;
#endif

static int on_write(void *opaque, written *bytes, int count) {
    return fwrite(bytes, 1, (size_t)count, opaque) == (size_t)count ? count : AVERROR(EIO);
}

static int64_t on_seek(void *opaque, int64_t offset, int whence) {
    if (whence & AVSEEK_SIZE) return AVERROR(ENOSYS);
    return fseek(opaque, (long)offset, whence) ? AVERROR(EIO) : ftell(opaque);
}

/// A stream of sound beside the pictures.
typedef struct voice {
    AVStream *stream;
    AVCodecContext *encoder;
    AVFrame *wave;
} voice;

typedef struct job {
    const fx_video *video;
    FILE *file;
    AVIOContext *io;
    AVFormatContext *container;
    AVStream *stream;
    AVCodecContext *encoder;
    AVFrame *frame;
    AVPacket *packet;
    int packets;
    /// What writes the sound beside the pictures.
    voice voices[2];
} job;

/// Texture that slides, a square that moves over it, and a step in brightness now and then.
static uint8_t sample(int plane, int x, int y, int t) {
    int scale = plane ? 2 : 1, sx = x * scale + 3 * t, sy = y * scale + t;
    int square = abs(x * scale - (20 + 5 * t) % 90) < 12 && abs(y * scale - 30) < 12;
    int texture = (sx / 7 * 37 + sy / 5 * 61) % 64 + (sx ^ sy) % 16;
    return (
        uint8_t)(plane ? 96 + texture / 2 + 40 * square * (plane == 1) : 60 + texture + 80 * square + t / 11 % 3 * 10);
}

/// A sample that those beside it say nothing about.
static uint8_t noise(int plane, int x, int y, int t) {
    uint32_t hash = (uint32_t)(((t * 3 + plane) * 2048 + y) * 2048 + x) * 2654435761u;
    return (uint8_t)((hash ^ hash >> 15) * 2246822519u >> 24);
}

static void draw(const fx_video *v, AVFrame *frame, int t) {
    const AVPixFmtDescriptor *format = av_pix_fmt_desc_get((enum AVPixelFormat)frame->format);
    for (int p = 0; p < av_pix_fmt_count_planes((enum AVPixelFormat)frame->format); p++) {
        int w = p ? -(-v->width >> format->log2_chroma_w) : v->width;
        int h = p ? -(-v->height >> format->log2_chroma_h) : v->height;
        for (int y = 0; y < h; y++)
            for (int x = 0; x < w; x++)
                frame->data[p][y * frame->linesize[p] + x] = v->is_flat ? (uint8_t)v->flat[p]
                    : v->is_noise                                       ? noise(p, x, y, t)
                                                                        : sample(p, x, y, t);
    }
}

static int write_packets(job *j) {
    int error;
    while (!(error = avcodec_receive_packet(j->encoder, j->packet))) {
        av_packet_rescale_ts(j->packet, j->encoder->time_base, j->stream->time_base);
        j->packet->stream_index = 0;
        if (++j->packets == j->video->lost_packet) {
            av_packet_unref(j->packet);
            continue;
        }
        if ((error = av_interleaved_write_frame(j->container, j->packet)) < 0) return error;
    }
    return error == AVERROR(EAGAIN) || error == AVERROR_EOF ? 0 : error;
}

static int add_rotation(job *j) {
    if (!j->video->rotation) return 0;
    int32_t matrix[9];
    // This one turns clockwise, though its counterpart measures the other way.
    av_display_rotation_set(matrix, j->video->rotation);
#if LIBAVFORMAT_VERSION_INT >= AV_VERSION_INT(60, 15, 100)
    AVCodecParameters *p = j->stream->codecpar;
    AVPacketSideData *data = av_packet_side_data_new(
        &p->coded_side_data, &p->nb_coded_side_data, AV_PKT_DATA_DISPLAYMATRIX, sizeof matrix, 0);
    if (!data) return AVERROR(ENOMEM);
    memcpy(data->data, matrix, sizeof matrix);
#else
    uint8_t *data = av_stream_new_side_data(j->stream, AV_PKT_DATA_DISPLAYMATRIX, sizeof matrix);
    if (!data) return AVERROR(ENOMEM);
    memcpy(data, matrix, sizeof matrix);
#endif
    return 0;
}

static int set_up_pictures(job *j) {
    const fx_video *v = j->video;
    AVCodecContext *e = j->encoder;
    e->width = v->width;
    e->height = v->height;
    e->pix_fmt = v->format < 0 ? AV_PIX_FMT_YUV420P : (enum AVPixelFormat)v->format;
    e->time_base = (AVRational){1, 25};
    e->framerate = (AVRational){25, 1};
    e->gop_size = v->key_distance;
    e->max_b_frames = v->b_frames;
    e->thread_count = 1;
    e->bit_rate = 400000;
    if (v->aspect_width) e->sample_aspect_ratio = (AVRational){v->aspect_width, v->aspect_height};
    if (v->matrix) e->colorspace = (enum AVColorSpace)v->matrix;
    if (v->range) e->color_range = (enum AVColorRange)v->range;
    j->frame->format = e->pix_fmt;
    j->frame->width = v->width;
    j->frame->height = v->height;
    return av_frame_get_buffer(j->frame, 0);
}

static int set_up_sound(job *j) {
    AVCodecContext *e = j->encoder;
    e->sample_rate = 8000;
    e->sample_fmt = AV_SAMPLE_FMT_S16;
    e->time_base = (AVRational){1, 8000};
    j->frame->format = AV_SAMPLE_FMT_S16;
    j->frame->nb_samples = 1024;
    j->frame->sample_rate = 8000;
    AVChannelLayout mono = AV_CHANNEL_LAYOUT_MONO;
    av_channel_layout_copy(&e->ch_layout, &mono);
    av_channel_layout_copy(&j->frame->ch_layout, &mono);
    return av_frame_get_buffer(j->frame, 0);
}

/// Adds a stream of sound beside the pictures.
static int add_sound(job *j, int number) {
    const char *name = number ? j->video->second_sound : j->video->sound;
    if (!name) return 0;
    const AVCodec *codec = avcodec_find_encoder_by_name(name);
    if (!codec) return AVERROR_ENCODER_NOT_FOUND;
    voice *v = &j->voices[number];
    AVCodecContext *e = v->encoder = avcodec_alloc_context3(codec);
    v->wave = av_frame_alloc();
    if (!e || !v->wave) return AVERROR(ENOMEM);
    AVChannelLayout mono = AV_CHANNEL_LAYOUT_MONO;
    e->sample_rate = 48000;
    e->sample_fmt = codec->sample_fmts ? codec->sample_fmts[0] : AV_SAMPLE_FMT_S16;
    e->time_base = (AVRational){1, 48000};
    e->strict_std_compliance = FF_COMPLIANCE_EXPERIMENTAL;
    av_channel_layout_copy(&e->ch_layout, &mono);
    if (j->container->oformat->flags & AVFMT_GLOBALHEADER) e->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    int error = avcodec_open2(e, codec, NULL);
    if (error < 0) return error;
    v->wave->format = e->sample_fmt;
    v->wave->nb_samples = e->frame_size ? e->frame_size : 1024;
    v->wave->sample_rate = 48000;
    av_channel_layout_copy(&v->wave->ch_layout, &mono);
    if ((error = av_frame_get_buffer(v->wave, 0)) < 0) return error;
    if (!(v->stream = avformat_new_stream(j->container, NULL))) return AVERROR(ENOMEM);
    v->stream->time_base = e->time_base;
    if (number) av_dict_set(&v->stream->metadata, "language", "deu", 0);
    return avcodec_parameters_from_context(v->stream->codecpar, e);
}

/// A sine of 440 Hz, or of 660 Hz in the second stream.
static void sing(AVFrame *wave, int64_t time, int number) {
    for (int i = 0; i < wave->nb_samples; i++) {
        double value = 0.3 * sin(2 * M_PI * (number ? 660 : 440) * (double)(time + i) / 48000);
        if (av_get_packed_sample_fmt((enum AVSampleFormat)wave->format) == AV_SAMPLE_FMT_FLT)
            ((float *)(void *)wave->data[0])[i] = (float)value;
        else if (av_get_packed_sample_fmt((enum AVSampleFormat)wave->format) == AV_SAMPLE_FMT_S32)
            ((int32_t *)(void *)wave->data[0])[i] = (int32_t)(value * 2147483647);
        else
            ((int16_t *)(void *)wave->data[0])[i] = (int16_t)(value * 32767);
    }
}

/// Encodes sound up to the end of the pictures.
static int write_sound(job *j, int number, int64_t end) {
    voice *v = &j->voices[number];
    if (!v->stream) return 0;
    int error = 0;
    for (int64_t time = (int64_t)j->video->sound_start * 48; error >= 0; time += v->wave->nb_samples) {
        bool ends = time >= end;
        if (!ends && (error = av_frame_make_writable(v->wave)) < 0) return error;
        if (!ends) sing(v->wave, time, number);
        v->wave->pts = time;
        if ((error = avcodec_send_frame(v->encoder, ends ? NULL : v->wave)) < 0) return error;
        while (!(error = avcodec_receive_packet(v->encoder, j->packet))) {
            av_packet_rescale_ts(j->packet, v->encoder->time_base, v->stream->time_base);
            j->packet->stream_index = v->stream->index;
            if ((error = av_interleaved_write_frame(j->container, j->packet)) < 0) return error;
        }
        if (ends) break;
        if (error == AVERROR(EAGAIN)) error = 0;
    }
    return error == AVERROR_EOF ? 0 : error;
}

static int encode(job *j) {
    const fx_video *v = j->video;
    const AVCodec *codec = avcodec_find_encoder_by_name(v->codec);
    if (!codec) return AVERROR_ENCODER_NOT_FOUND;
    int error = avformat_alloc_output_context2(&j->container, NULL, v->container, NULL);
    if (error < 0) return error;
    j->encoder = avcodec_alloc_context3(codec);
    j->frame = av_frame_alloc();
    j->packet = av_packet_alloc();
    if (!j->encoder || !j->frame || !j->packet) return AVERROR(ENOMEM);
    if ((error = v->sound_only ? set_up_sound(j) : set_up_pictures(j)) < 0) return error;
    if (j->container->oformat->flags & AVFMT_GLOBALHEADER) j->encoder->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    AVDictionary *settings = NULL;
    if (v->settings) av_dict_parse_string(&settings, v->settings, "=", ",", 0);
    error = avcodec_open2(j->encoder, codec, &settings);
    av_dict_free(&settings);
    if (error < 0) return error;
    if (!(j->stream = avformat_new_stream(j->container, NULL))) return AVERROR(ENOMEM);
    if ((error = avcodec_parameters_from_context(j->stream->codecpar, j->encoder)) < 0) return error;
    if ((error = add_rotation(j)) < 0 || (error = add_sound(j, 0)) < 0 || (error = add_sound(j, 1)) < 0) return error;
    j->stream->time_base = j->encoder->time_base;
    j->stream->avg_frame_rate = j->encoder->framerate;
    j->stream->sample_aspect_ratio = j->encoder->sample_aspect_ratio;
    // Early times are to stay early.
    if (v->first_time < 0) j->container->avoid_negative_ts = 0;
    unsigned char *buffer = av_malloc(4096);
    j->file = tmpfile();
    j->io = avio_alloc_context(buffer, 4096, 1, j->file, NULL, on_write, on_seek);
    if (!j->file || !j->io) return AVERROR(ENOMEM);
    j->container->pb = j->io;
    if ((error = avformat_write_header(j->container, NULL)) < 0) return error;
    int64_t time = v->first_time;
    for (int t = 0; t < v->frames; t++) {
        if ((error = av_frame_make_writable(j->frame)) < 0) return error;
        if (v->sound_only)
            memset(j->frame->data[0], t, 2048);
        else
            draw(v, j->frame, t);
        j->frame->pts = v->sound_only ? t * 1024 : time;
        time += v->uneven ? 1 + (t * 7 + t / 3) % 3 : 1;
        if ((error = avcodec_send_frame(j->encoder, j->frame)) < 0 || (error = write_packets(j)) < 0) return error;
    }
    if ((error = avcodec_send_frame(j->encoder, NULL)) < 0 || (error = write_packets(j)) < 0) return error;
    for (int number = 0; number < 2; number++)
        if ((error = write_sound(j, number, time * 48000 / 25)) < 0) return error;
    return av_write_trailer(j->container);
}

int fx_encode(const fx_video *video, uint8_t **bytes, size_t *count) {
    av_log_set_level(AV_LOG_QUIET);
    job j = {.video = video};
    int error = encode(&j);
    *bytes = NULL;
    *count = 0;
    if (!error) {
        avio_flush(j.io);
        fseek(j.file, 0, SEEK_END);
        *count = (size_t)ftell(j.file);
        rewind(j.file);
        if (!(*bytes = malloc(*count)) || fread(*bytes, 1, *count, j.file) != *count) error = AVERROR(EIO);
    }
    if (j.io) av_freep(&j.io->buffer);
    avio_context_free(&j.io);
    if (j.file) fclose(j.file);
    avcodec_free_context(&j.encoder);
    av_frame_free(&j.frame);
    for (int number = 0; number < 2; number++) {
        avcodec_free_context(&j.voices[number].encoder);
        av_frame_free(&j.voices[number].wave);
    }
    av_packet_free(&j.packet);
    avformat_free_context(j.container);
    return error;
}
