#include "video/video_session.h"

#include <stdlib.h>

int video_refuse_to_open(
    AVFormatContext *container, AVIOContext **io, const char *url, int flags, AVDictionary **options) {
    (void)container;
    (void)io;
    (void)url;
    (void)flags;
    (void)options;
    return AVERROR(EACCES);
}

/// Whether the streams are known only once some of their packets have been looked into.
static bool is_headless(video_container kind) {
    return kind == VIDEO_CONTAINER_TRANSPORT_STREAM || kind == VIDEO_CONTAINER_PROGRAM_STREAM ||
        kind == VIDEO_CONTAINER_FLV;
}

static const char *demuxer_of(video_container kind) {
    switch (kind) {
        case VIDEO_CONTAINER_MP4: return "mov";
        case VIDEO_CONTAINER_MATROSKA: return "matroska";
        case VIDEO_CONTAINER_AVI: return "avi";
        case VIDEO_CONTAINER_TRANSPORT_STREAM: return "mpegts";
        case VIDEO_CONTAINER_PROGRAM_STREAM: return "mpeg";
        case VIDEO_CONTAINER_FLV: return "flv";
        case VIDEO_CONTAINER_GIF: return "gif";
        case VIDEO_CONTAINER_NONE: break;
    }
    return "";
}

/// Opens the container with libavformat's `flags`, and returns its error.
static int open_container(
    video_source *source, video_container kind, int flags, AVIOContext **io, AVFormatContext **container) {
    *io = video_source_io(source);
    *container = avformat_alloc_context();
    if (!*io || !*container) return AVERROR(ENOMEM);
    (*container)->pb = *io;
    (*container)->io_open = video_refuse_to_open;
    (*container)->flags |= flags;
    // Its end is not looked at for the time that it lasts.
    (*container)->skip_estimate_duration_from_pts = 1;
    return avformat_open_input(container, NULL, av_find_input_format(demuxer_of(kind)), NULL);
}

/// Decodes the first packets, to find out what the headers leave open.
static int look_into_packets(const cm_video *v, AVFormatContext *container) {
    AVDictionary **settings = calloc(container->nb_streams ? container->nb_streams : 1, sizeof *settings);
    if (!settings) return AVERROR(ENOMEM);
    unsigned count = container->nb_streams;
    for (unsigned i = 0; i < count; i++) av_dict_set_int(&settings[i], "max_pixels", (int64_t)v->options.max_pixels, 0);
    int error = avformat_find_stream_info(container, settings);
    for (unsigned i = 0; i < count; i++) av_dict_free(&settings[i]);
    free(settings);
    return error < 0 ? error : 0;
}

static bool moves(const AVStream *stream) {
    return stream->codecpar->codec_type == AVMEDIA_TYPE_VIDEO && !(stream->disposition & AV_DISPOSITION_ATTACHED_PIC);
}

/// The only stream of pictures that move, or -1; `*count` is how many there are.
static int only_stream(const AVFormatContext *container, int *count) {
    int found = -1;
    *count = 0;
    for (unsigned i = 0; i < container->nb_streams; i++) {
        if (!moves(container->streams[i])) continue;
        found = ++*count == 1 ? (int)i : -1;
    }
    return found;
}

/// FFmpeg's choice among several streams, which rests on their first packets; the first one if it can't tell.
static int preferred_stream(cm_video *v) {
    AVIOContext *io = NULL;
    AVFormatContext *container = NULL;
    int best = -1;
    if (!open_container(&v->source, v->kind, 0, &io, &container) && !look_into_packets(v, container))
        best = av_find_best_stream(container, AVMEDIA_TYPE_VIDEO, -1, -1, NULL, 0);
    avformat_close_input(&container);
    video_source_io_free(&io);
    if (best >= 0 && (unsigned)best < v->container->nb_streams && moves(v->container->streams[best])) return best;
    for (unsigned i = 0; i < v->container->nb_streams; i++)
        if (moves(v->container->streams[i])) return (int)i;
    return -1;
}

static cm_status choose_stream(cm_video *v, cm_report *report) {
    int count, only = only_stream(v->container, &count), wanted = v->options.stream;
    unsigned streams = v->container->nb_streams;
    if (!count && !streams) return video_fail(report, CM_CORRUPT, "it holds no streams");
    if (!count) return video_fail(report, CM_NO_VIDEO_STREAM, "it holds no pictures that move");
    if (wanted >= 0 && ((unsigned)wanted >= streams || !moves(v->container->streams[wanted]))) {
        char list[100] = "";
        for (unsigned i = 0, used = 0; i < streams && used < sizeof list - 16; i++)
            if (moves(v->container->streams[i]))
                used += (unsigned)snprintf(list + used, sizeof list - used, "%s%u", used ? ", " : "", i);
        return video_fail(
            report, CM_NO_VIDEO_STREAM, "its stream %d is none of pictures that move; those are: %s", wanted, list);
    }
    v->stream_index = wanted >= 0 ? wanted : only >= 0 ? only : preferred_stream(v);
    return CM_OK;
}

void video_close_container(cm_video *v) {
    avformat_close_input(&v->container);
    video_source_io_free(&v->io);
    v->stream = NULL;
}

cm_status video_rewind(cm_video *v, cm_report *report) {
    video_close_container(v);
    v->next_read = 0;
    // Timestamps as the container has them: what FFmpeg would infer depends on where reading begins. A GIF has none, and
    // is always read from its start.
    int flags = v->kind == VIDEO_CONTAINER_GIF ? 0 : AVFMT_FLAG_NOFILLIN;
    // Streams for broadcasting are cut into packets without regard to pictures.
    if (!is_headless(v->kind)) flags |= AVFMT_FLAG_NOPARSE;
    int error = open_container(&v->source, v->kind, flags, &v->io, &v->container);
    if (!error && is_headless(v->kind)) error = look_into_packets(v, v->container);
    if (error == AVERROR(ENOMEM)) return video_fail(report, CM_OUT_OF_MEMORY, "opening it");
    if (error < 0) {
        if (video_source_is_cut(&v->source, v->kind))
            return video_fail(report, CM_TRUNCATED, "it ends before its index");
        return video_fail(report, CM_CORRUPT, "its headers make no sense");
    }
    if (v->stream_index < 0) {
        cm_status status = choose_stream(v, report);
        if (status != CM_OK) return status;
    }
    if (v->stream_index < 0 || (unsigned)v->stream_index >= v->container->nb_streams)
        return video_fail(report, CM_CORRUPT, "its streams come and go");
    v->stream = v->container->streams[v->stream_index];
    for (unsigned i = 0; i < v->container->nb_streams; i++)
        if (v->container->streams[i] != v->stream) v->container->streams[i]->discard = AVDISCARD_ALL;
    return CM_OK;
}
