#include "memory_file.h"
#include "video_fixtures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libswscale/swscale.h>

typedef struct job {
    AVFormatContext *container;
    AVCodecContext *decoder;
    AVFrame *frame;
    AVPacket *packet;
    struct SwsContext *scaler;
    AVFrame *planes;
} job;

static int matrix_of(const AVFrame *f) {
    if (f->colorspace == AVCOL_SPC_UNSPECIFIED)
        return f->width >= 1280 || f->height > 576 ? SWS_CS_ITU709 : SWS_CS_ITU601;
    return f->colorspace == AVCOL_SPC_SMPTE170M || f->colorspace == AVCOL_SPC_BT470BG ? SWS_CS_ITU601
                                                                                      : (int)f->colorspace;
}

static int take(job *j, fx_frames *out) {
    int error;
    while (!(error = avcodec_receive_frame(j->decoder, j->frame))) {
        AVFrame *f = j->frame;
        if (!j->scaler) {
            out->width = f->width;
            out->height = f->height;
            j->scaler = sws_getContext(
                f->width, f->height, (enum AVPixelFormat)f->format, f->width, f->height, AV_PIX_FMT_GBRP,
                SWS_BILINEAR | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT, NULL, NULL, NULL);
            if (!j->scaler) return AVERROR(EINVAL);
            int full = f->color_range == AVCOL_RANGE_JPEG;
            sws_setColorspaceDetails(
                j->scaler, sws_getCoefficients(matrix_of(f)), full, sws_getCoefficients(SWS_CS_DEFAULT), 1, 0, 1 << 16,
                1 << 16);
            j->planes->format = AV_PIX_FMT_GBRP;
            j->planes->width = f->width;
            j->planes->height = f->height;
            if ((error = av_frame_get_buffer(j->planes, 0)) < 0) return error;
        }
        if (f->width != out->width || f->height != out->height) return AVERROR(EINVAL);
        sws_scale(
            j->scaler, (const uint8_t *const *)f->data, f->linesize, 0, f->height, j->planes->data,
            j->planes->linesize);
        size_t bytes = (size_t)f->width * (size_t)f->height * 3;
        uint8_t *rgb = realloc(out->rgb, bytes * (size_t)(out->count + 1));
        if (!rgb) return AVERROR(ENOMEM);
        out->rgb = rgb;
        rgb += bytes * (size_t)out->count++;
        for (int y = 0; y < f->height; y++)
            for (int x = 0; x < f->width; x++)
                for (int c = 0; c < 3; c++) {
                    int plane = (c + 2) % 3;
                    *rgb++ = j->planes->data[plane][y * j->planes->linesize[plane] + x];
                }
    }
    return error == AVERROR(EAGAIN) || error == AVERROR_EOF ? 0 : error;
}

static int decode(job *j, fx_frames *out) {
    int error = avformat_find_stream_info(j->container, NULL);
    if (error < 0) return error;
    const AVCodec *codec = NULL;
    int stream = av_find_best_stream(j->container, AVMEDIA_TYPE_VIDEO, -1, -1, &codec, 0);
    if (stream < 0) return stream;
    j->decoder = avcodec_alloc_context3(codec);
    if (!j->decoder) return AVERROR(ENOMEM);
    avcodec_parameters_to_context(j->decoder, j->container->streams[stream]->codecpar);
    j->decoder->thread_count = 1;
    if ((error = avcodec_open2(j->decoder, codec, NULL)) < 0) return error;
    while (av_read_frame(j->container, j->packet) >= 0) {
        // The sound passes by; so do packets without bytes, which would end the decoding.
        if (j->packet->stream_index == stream && j->packet->size) {
            avcodec_send_packet(j->decoder, j->packet);
            take(j, out);
        }
        av_packet_unref(j->packet);
    }
    avcodec_send_packet(j->decoder, NULL);
    return take(j, out);
}

int fx_decode(const uint8_t *bytes, size_t count, fx_frames *out) {
    memset(out, 0, sizeof *out);
    memory m = {bytes, (int64_t)count, 0};
    job j = {
        .container = avformat_alloc_context(),
        .frame = av_frame_alloc(),
        .packet = av_packet_alloc(),
        .planes = av_frame_alloc()};
    unsigned char *buffer = av_malloc(4096);
    AVIOContext *io = avio_alloc_context(buffer, 4096, 0, &m, on_read, NULL, on_seek);
    j.container->pb = io;
    int error = avformat_open_input(&j.container, NULL, NULL, NULL);
    if (!error) error = decode(&j, out);
    avcodec_free_context(&j.decoder);
    av_frame_free(&j.frame);
    av_frame_free(&j.planes);
    av_packet_free(&j.packet);
    avformat_close_input(&j.container);
    sws_freeContext(j.scaler);
    av_freep(&io->buffer);
    avio_context_free(&io);
    return error;
}

static int listen(AVFormatContext *container, AVPacket *packet, int number, fx_sound *out) {
    int error = avformat_find_stream_info(container, NULL);
    if (error < 0) return error;
    int pictures = av_find_best_stream(container, AVMEDIA_TYPE_VIDEO, -1, -1, NULL, 0);
    if (pictures >= 0) {
        AVRational aspect = av_guess_sample_aspect_ratio(container, container->streams[pictures], NULL);
        out->aspect_width = aspect.num;
        out->aspect_height = aspect.den;
    }
    int stream = -1;
    for (unsigned i = 0; i < container->nb_streams; i++)
        if (container->streams[i]->codecpar->codec_type == AVMEDIA_TYPE_AUDIO && out->streams++ == number)
            stream = (int)i;
    out->hash = 0xCBF29CE484222325;
    if (stream >= 0) {
        const AVStream *from = container->streams[stream];
        snprintf(out->codec, sizeof out->codec, "%s", avcodec_get_name(from->codecpar->codec_id));
        const AVDictionaryEntry *language = av_dict_get(from->metadata, "language", NULL, 0);
        snprintf(out->language, sizeof out->language, "%s", language ? language->value : "");
    }
    bool begun = false;
    while (av_read_frame(container, packet) >= 0) {
        double unit = av_q2d(container->streams[packet->stream_index]->time_base);
        double time = (double)packet->pts * unit, end = (double)(packet->pts + packet->duration) * unit;
        if (packet->stream_index == pictures && !(packet->flags & AV_PKT_FLAG_DISCARD)) {
            if (!begun || time < out->pictures) out->pictures = time;
            begun = true;
        }
        if (packet->stream_index == stream) {
            if (!out->packets++) out->begin = time;
            out->end = end;
            for (int i = 0; i < packet->size; i++) out->hash = (out->hash ^ packet->data[i]) * 0x100000001B3;
        }
        av_packet_unref(packet);
    }
    return 0;
}

int fx_listen(const uint8_t *bytes, size_t count, int stream, fx_sound *out) {
    memset(out, 0, sizeof *out);
    memory m = {bytes, (int64_t)count, 0};
    AVFormatContext *container = avformat_alloc_context();
    AVPacket *packet = av_packet_alloc();
    unsigned char *buffer = av_malloc(4096);
    AVIOContext *io = avio_alloc_context(buffer, 4096, 0, &m, on_read, NULL, on_seek);
    container->pb = io;
    int error = avformat_open_input(&container, NULL, NULL, NULL);
    if (!error) error = listen(container, packet, stream, out);
    av_packet_free(&packet);
    avformat_close_input(&container);
    av_freep(&io->buffer);
    avio_context_free(&io);
    return error;
}
