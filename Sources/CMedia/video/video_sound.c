#include "video/video_sound.h"

#include <stdio.h>

static void leave_out(video_sound *s, const char *why, int error) {
    const AVStream *from = s->from;
    const char *codec = from ? avcodec_get_name(from->codecpar->codec_id) : "";
    char reason[AV_ERROR_MAX_STRING_SIZE] = "";
    if (error < 0) av_strerror(error, reason, sizeof reason);
    snprintf(
        s->left_out, sizeof s->left_out, "%s%s%s%s%s", codec, from ? ": " : "", why, error < 0 ? ": " : "", reason);
    s->from = NULL;
}

static int open_container(video_sound *s, const cm_video *video) {
    s->source = video->source;
    s->io = video_source_io(&s->source);
    s->container = avformat_alloc_context();
    s->packet = av_packet_alloc();
    if (!s->io || !s->container || !s->packet) return AVERROR(ENOMEM);
    s->container->pb = s->io;
    s->container->io_open = video_refuse_to_open;
    int error = avformat_open_input(&s->container, NULL, video->container->iformat, NULL);
    if (error < 0) return error;
    int best = av_find_best_stream(s->container, AVMEDIA_TYPE_AUDIO, -1, -1, NULL, 0);
    if (best < 0) return 0;
    s->from = s->container->streams[best];
    for (unsigned i = 0; i < s->container->nb_streams; i++)
        if ((int)i != best) s->container->streams[i]->discard = AVDISCARD_ALL;
    // Some containers leave to the packets what another one wants to know of the codec.
    return avformat_find_stream_info(s->container, NULL);
}

void video_sound_open(video_sound *s, const cm_video *video, AVFormatContext *out) {
    int error = open_container(s, video);
    if (error < 0) {
        leave_out(s, "it can't be read", error);
        return;
    }
    if (!s->from) return;
    if (avformat_query_codec(out->oformat, s->from->codecpar->codec_id, FF_COMPLIANCE_NORMAL) != 1) {
        leave_out(s, "the container of the copy does not take it", 0);
        return;
    }
    s->to = avformat_new_stream(out, NULL);
    error = s->to ? avcodec_parameters_copy(s->to->codecpar, s->from->codecpar) : AVERROR(ENOMEM);
    if (error < 0) {
        leave_out(s, "it can't be copied", error);
        return;
    }
    // Containers have numbers of their own for a codec.
    s->to->codecpar->codec_tag = 0;
    s->to->time_base = s->from->time_base;
    s->last = INT64_MIN;
    int64_t first = video->frame_count ? video->packets[video->frames[0]].pts : AV_NOPTS_VALUE;
    s->start = first == AV_NOPTS_VALUE ? 0 : av_rescale_q(first, video->stream->time_base, s->from->time_base);
}

/// Reads the next packet that sounds after the first frame begins. False at the end.
static bool read_packet(video_sound *s) {
    while (av_read_frame(s->container, s->packet) >= 0) {
        AVPacket *p = s->packet;
        if (p->pts == AV_NOPTS_VALUE) p->pts = p->dts;
        if (p->stream_index == s->from->index && p->size > 0 && p->pts != AV_NOPTS_VALUE) {
            p->pts -= s->start;
            if (p->pts + (p->duration > 0 ? p->duration : 1) > 0) return true;
        }
        av_packet_unref(p);
    }
    return false;
}

void video_sound_copy(video_sound *s, AVFormatContext *out, double seconds) {
    while (s->from) {
        AVPacket *p = s->packet;
        if (!p->size && !read_packet(s)) {
            s->from = NULL;
            return;
        }
        if ((double)p->pts * av_q2d(s->from->time_base) > seconds) return;
        if (p->pts <= s->last) p->pts = s->last + 1;
        s->last = p->dts = p->pts;
        p->stream_index = s->to->index;
        p->pos = -1;
        av_packet_rescale_ts(p, s->from->time_base, s->to->time_base);
        int error = av_write_frame(out, p);
        av_packet_unref(p);
        if (error < 0) leave_out(s, "a part of it can't be written", error);
    }
}

void video_sound_close(video_sound *s) {
    av_packet_free(&s->packet);
    avformat_close_input(&s->container);
    video_source_io_free(&s->io);
}
