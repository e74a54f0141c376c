#include "memory_file.h"
#include "video_fixtures.h"

#include <stdlib.h>
#include <string.h>

#include <libavformat/avformat.h>

typedef struct source {
    memory memory;
    AVIOContext *io;
    AVFormatContext *container;
    AVPacket *packet;
    bool ended;
} source;

static int read_packet(source *s, int stream, AVFormatContext *output) {
    int error;
    do {
        av_packet_unref(s->packet);
        error = av_read_frame(s->container, s->packet);
    } while (!error && s->packet->stream_index != 0);
    s->ended = error < 0;
    if (error < 0) return error == AVERROR_EOF ? 0 : error;
    av_packet_rescale_ts(s->packet, s->container->streams[0]->time_base, output->streams[stream]->time_base);
    s->packet->stream_index = stream;
    s->packet->pos = -1;
    return 0;
}

static int join(AVFormatContext *output, source sources[2], int main_stream) {
    int error;
    for (int i = 0; i < 2; i++) {
        AVStream *from = sources[i].container->streams[0], *to = avformat_new_stream(output, NULL);
        if (!to) return AVERROR(ENOMEM);
        if ((error = avcodec_parameters_copy(to->codecpar, from->codecpar)) < 0) return error;
        to->codecpar->codec_tag = 0;
        to->time_base = from->time_base;
        to->avg_frame_rate = from->avg_frame_rate;
        to->disposition = i == main_stream ? AV_DISPOSITION_DEFAULT : 0;
    }
    if ((error = avformat_write_header(output, NULL)) < 0) return error;
    for (int i = 0; i < 2; i++)
        if ((error = read_packet(&sources[i], i, output)) < 0) return error;
    while (!sources[0].ended || !sources[1].ended) {
        int i = sources[0].ended;
        if (!sources[0].ended && !sources[1].ended)
            i = av_compare_ts(
                    sources[0].packet->dts, output->streams[0]->time_base, sources[1].packet->dts,
                    output->streams[1]->time_base) > 0;
        if ((error = av_interleaved_write_frame(output, sources[i].packet)) < 0) return error;
        if ((error = read_packet(&sources[i], i, output)) < 0) return error;
    }
    return av_write_trailer(output);
}

int fx_join(
    const char *container, const uint8_t *first, size_t first_count, const uint8_t *second, size_t second_count,
    int main_stream, uint8_t **bytes, size_t *count) {
    const uint8_t *inputs[2] = {first, second};
    const size_t counts[2] = {first_count, second_count};
    av_log_set_level(AV_LOG_QUIET);
    source sources[2] = {{.packet = av_packet_alloc()}, {.packet = av_packet_alloc()}};
    AVFormatContext *output = NULL;
    int error = avformat_alloc_output_context2(&output, NULL, container, NULL);
    for (int i = 0; i < 2 && !error; i++) {
        source *s = &sources[i];
        s->memory = (memory){inputs[i], (int64_t)counts[i], 0};
        s->io = avio_alloc_context(av_malloc(4096), 4096, 0, &s->memory, on_read, NULL, on_seek);
        s->container = avformat_alloc_context();
        s->container->pb = s->io;
        error = avformat_open_input(&s->container, NULL, NULL, NULL);
        if (!error && (error = avformat_find_stream_info(s->container, NULL)) > 0) error = 0;
    }
    *bytes = NULL;
    *count = 0;
    uint8_t *made = NULL;
    if (!error && !(error = avio_open_dyn_buf(&output->pb))) {
        error = join(output, sources, main_stream);
        int size = avio_close_dyn_buf(output->pb, &made);
        if (!error && (*bytes = malloc((size_t)size))) {
            memcpy(*bytes, made, (size_t)size);
            *count = (size_t)size;
        }
        av_free(made);
    }
    for (int i = 0; i < 2; i++) {
        av_packet_free(&sources[i].packet);
        avformat_close_input(&sources[i].container);
        if (sources[i].io) av_freep(&sources[i].io->buffer);
        avio_context_free(&sources[i].io);
    }
    avformat_free_context(output);
    return error;
}
