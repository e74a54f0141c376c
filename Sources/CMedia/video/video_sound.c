#include "video/video_sound.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// Notes why a stream is left out, or all sound if `from` is NULL.
static void leave_out(video_sound *s, const AVStream *from, const char *why, int error) {
    char stream[32] = "", reason[AV_ERROR_MAX_STRING_SIZE] = "";
    if (from && s->heard > 1) snprintf(stream, sizeof stream, "stream %d, ", from->index);
    if (error < 0) av_strerror(error, reason, sizeof reason);
    size_t used = strlen(s->left_out);
    snprintf(
        s->left_out + used, sizeof s->left_out - used, "%s%s%s%s%s%s%s", used ? "; " : "", stream,
        from ? avcodec_get_name(from->codecpar->codec_id) : "", from ? ": " : "", why, error < 0 ? ": " : "", reason);
}

/// Whether a stream of the file is sound that belongs to the video: in broadcasts, that of its programme.
static bool belongs(const video_sound *s, const AVStream *stream, const cm_video *video) {
    if (stream->codecpar->codec_type != AVMEDIA_TYPE_AUDIO) return false;
    const AVProgram *programme = av_find_program_from_stream(s->container, NULL, video->stream_index);
    if (!programme) return true;
    for (unsigned i = 0; i < programme->nb_stream_indexes; i++)
        if (programme->stream_index[i] == (unsigned)stream->index) return true;
    return false;
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
    for (unsigned i = 0; i < s->container->nb_streams; i++)
        if (s->container->streams[i]->codecpar->codec_type == AVMEDIA_TYPE_VIDEO)
            s->container->streams[i]->discard = AVDISCARD_ALL;
    // Some containers leave to the packets what another one wants to know of the codec, or which streams there are.
    if ((error = avformat_find_stream_info(s->container, NULL)) < 0) return error;
    s->count = s->container->nb_streams;
    s->tracks = calloc(s->count ? s->count : 1, sizeof *s->tracks);
    if (!s->tracks) return AVERROR(ENOMEM);
    for (unsigned i = 0; i < s->count; i++) {
        AVStream *stream = s->container->streams[i];
        if (belongs(s, stream, video)) {
            s->tracks[i].from = stream;
            s->heard++;
        } else {
            stream->discard = AVDISCARD_ALL;
        }
    }
    return 0;
}

static int add_stream(AVFormatContext *out, const AVStream *from, AVStream **to) {
    *to = avformat_new_stream(out, NULL);
    if (!*to) return AVERROR(ENOMEM);
    int error = avcodec_parameters_copy((*to)->codecpar, from->codecpar);
    // Containers have numbers of their own for a codec.
    (*to)->codecpar->codec_tag = 0;
    (*to)->time_base = from->time_base;
    (*to)->disposition = from->disposition;
    const AVDictionaryEntry *language = av_dict_get(from->metadata, "language", NULL, 0);
    if (error >= 0 && language) error = av_dict_set(&(*to)->metadata, "language", language->value, 0);
    return error;
}

/// Whether a file of `format` can hold the stream, found out by the head of a file that no one sees.
static bool takes(const AVOutputFormat *format, const AVStream *from) {
    if (avformat_query_codec(format, from->codecpar->codec_id, FF_COMPLIANCE_NORMAL) != 1) return false;
    AVFormatContext *trial = NULL;
    AVStream *to;
    if (avformat_alloc_output_context2(&trial, format, NULL, NULL) < 0) return false;
    int error = add_stream(trial, from, &to);
    if (error >= 0 && (error = avio_open_dyn_buf(&trial->pb)) >= 0) {
        error = avformat_write_header(trial, NULL);
        uint8_t *head = NULL;
        avio_close_dyn_buf(trial->pb, &head);
        trial->pb = NULL;
        av_free(head);
    }
    avformat_free_context(trial);
    return error >= 0;
}

void video_sound_open(video_sound *s, const cm_video *video, AVFormatContext *out) {
    int error = open_container(s, video);
    if (error < 0) {
        leave_out(s, NULL, "it can't be read", error);
        s->count = 0;
        return;
    }
    int64_t first = video->frame_count ? video->packets[video->frames[0]].pts : AV_NOPTS_VALUE;
    AVRational unit = video->stream->time_base;
    double begin = first == AV_NOPTS_VALUE ? 0 : (double)first * av_q2d(unit);
    for (unsigned i = 0; i < s->count; i++) {
        video_sound_track *t = &s->tracks[i];
        const AVStream *from = t->from;
        if (!from) continue;
        bool taken = takes(out->oformat, from);
        error = taken ? add_stream(out, from, &t->to) : 0;
        if (!taken || error < 0) {
            leave_out(s, from, taken ? "it can't be copied" : "the container of the copy does not take it", error);
            t->from = NULL;
            s->container->streams[i]->discard = AVDISCARD_ALL;
            continue;
        }
        s->copied++;
        t->last = INT64_MIN;
        t->start = first == AV_NOPTS_VALUE ? 0 : av_rescale_q(first, unit, from->time_base);
        if (from->start_time == AV_NOPTS_VALUE) continue;
        double lead = begin - (double)from->start_time * av_q2d(from->time_base);
        // What a decoder drops at the start is not heard.
        if (from->codecpar->sample_rate > 0)
            lead -= (double)from->codecpar->initial_padding / (double)from->codecpar->sample_rate;
        // A difference below what containers count in is none.
        if (lead > s->lead && lead > 0.002) s->lead = lead;
    }
}

/// Reads the next packet of a stream that is copied. False at the end.
static bool read_packet(video_sound *s) {
    int error;
    while ((error = av_read_frame(s->container, s->packet)) >= 0) {
        AVPacket *p = s->packet;
        video_sound_track *t = (unsigned)p->stream_index < s->count ? &s->tracks[p->stream_index] : NULL;
        if (p->pts == AV_NOPTS_VALUE) p->pts = p->dts;
        if (t && t->from && p->size > 0 && p->pts != AV_NOPTS_VALUE) {
            p->pts -= t->start;
            return true;
        }
        av_packet_unref(p);
    }
    s->ended = true;
    if (error != AVERROR_EOF) leave_out(s, NULL, "the rest of it can't be read", error);
    return false;
}

void video_sound_copy(video_sound *s, AVFormatContext *out, double seconds) {
    while (s->copied && !s->ended) {
        AVPacket *p = s->packet;
        if (!p->size && !read_packet(s)) return;
        video_sound_track *t = &s->tracks[p->stream_index];
        AVRational unit = t->from->time_base;
        if ((double)p->pts * av_q2d(unit) > seconds) return;
        p->pts += llrint(s->lead / av_q2d(unit));
        if (p->pts <= t->last) p->pts = t->last + 1;
        t->last = p->dts = p->pts;
        p->stream_index = t->to->index;
        p->pos = -1;
        av_packet_rescale_ts(p, unit, t->to->time_base);
        int error = av_write_frame(out, p);
        av_packet_unref(p);
        if (error < 0) {
            leave_out(s, t->from, "a part of it can't be written", error);
            t->from->discard = AVDISCARD_ALL;
            t->from = NULL;
            s->copied--;
        }
    }
}

void video_sound_close(video_sound *s) {
    av_packet_free(&s->packet);
    avformat_close_input(&s->container);
    video_source_io_free(&s->io);
    free(s->tracks);
    s->tracks = NULL;
}
