#include "video/video_session.h"

#include <stdlib.h>
#include <string.h>

int video_read_packet(cm_video *v) {
    for (;;) {
        av_packet_unref(v->packet);
        int error = av_read_frame(v->container, v->packet);
        if (error < 0) return error;
        if (v->packet->stream_index == v->stream->index && v->packet->size > 0 && v->packet->data) return 0;
    }
}

/// Whether a damaged packet is the last, since the file ends in it.
static bool ends_at_damage(const cm_video *v) {
    return v->kind == VIDEO_CONTAINER_MP4 || v->kind == VIDEO_CONTAINER_MATROSKA || v->kind == VIDEO_CONTAINER_AVI;
}

static cm_status append_packet(cm_video *v, cm_report *report) {
    if ((uint64_t)v->packet_count >= v->options.max_frames)
        return video_fail(report, CM_TOO_LARGE, "more than %llu packets", (unsigned long long)v->options.max_frames);
    if (v->packet_count == v->packet_capacity) {
        int64_t capacity = v->packet_capacity ? v->packet_capacity * 2 : 512;
        video_packet *packets = realloc(v->packets, (size_t)capacity * sizeof *packets);
        if (!packets) return video_fail(report, CM_OUT_OF_MEMORY, "its index");
        v->packets = packets;
        v->packet_capacity = capacity;
    }
    const AVPacket *from = v->packet;
    bool by_pts = v->kind == VIDEO_CONTAINER_MATROSKA && from->pts != AV_NOPTS_VALUE;
    video_packet p = {from->pos, from->pts, by_pts ? from->pts : from->dts, -1, INT64_MAX, from->size, 0, 0, 0, 0};
    p.flags = (uint8_t)video_syntax_read(&v->syntax, from->data, (size_t)from->size, &p.layer);
    if (from->flags & AV_PKT_FLAG_DISCARD) p.flags |= PACKET_DISCARDED;
    if (from->flags & AV_PKT_FLAG_CORRUPT && !ends_at_damage(v)) p.flags |= PACKET_DAMAGED;
    if (av_packet_get_side_data(from, AV_PKT_DATA_NEW_EXTRADATA, NULL) ||
        av_packet_get_side_data(from, AV_PKT_DATA_PARAM_CHANGE, NULL)) {
        if (!v->syntax.doubt) v->syntax.doubt = "its parameters change on the way";
        v->seekable = false;
    }
    v->packets[v->packet_count++] = p;
    return CM_OK;
}

/// How many packets the container's own tables promise; 0 when they don't say.
static int64_t promised_packets(const cm_video *v) {
    switch (v->kind) {
        case VIDEO_CONTAINER_MP4: return avformat_index_get_entries_count(v->stream);
        case VIDEO_CONTAINER_AVI: return v->stream->nb_frames;
        default: return 0;
    }
}

static cm_status scan(cm_video *v, int64_t *frame, cm_report *report) {
    int error;
    while (!(error = video_read_packet(v)) && (!ends_at_damage(v) || !(v->packet->flags & AV_PKT_FLAG_CORRUPT))) {
        cm_status status = append_packet(v, report);
        if (status != CM_OK) return status;
    }
    av_packet_unref(v->packet);
    if (error == AVERROR(ENOMEM)) return video_fail(report, CM_OUT_OF_MEMORY, "reading it");
    int64_t promised = promised_packets(v);
    bool broken = error != AVERROR_EOF || (v->kind == VIDEO_CONTAINER_MP4 && v->packet_count < promised);
    bool cut = video_source_is_cut(&v->source, v->kind) && (!promised || v->packet_count < promised);
    if (!broken && !cut && !v->packet_count) return video_fail(report, CM_CORRUPT, "it holds no frames");
    if (!broken && !cut) return CM_OK;
    v->truncated = true;
    if (v->options.accept_damage && v->packet_count) return CM_OK;
    *frame = v->packet_count;
    if (!cut) return video_fail(report, CM_CORRUPT, "its index points outside of the file");
    if (promised)
        return video_fail(
            report, CM_TRUNCATED, "it holds %lld of %lld frames", (long long)v->packet_count, (long long)promised);
    return video_fail(report, CM_TRUNCATED, "it ends after %lld frames", (long long)v->packet_count);
}

typedef struct timed_packet {
    int64_t pts;
    int64_t packet;
} timed_packet;

static int by_time(const void *a, const void *b) {
    const timed_packet *x = a, *y = b;
    return x->pts != y->pts ? (x->pts < y->pts ? -1 : 1) : (x->packet > y->packet) - (x->packet < y->packet);
}

/// The shown packets in the order of their timestamps; NULL, with `*count` 0, when these can't be trusted or there is
/// no memory.
static timed_packet *order_by_time(cm_video *v, int64_t *count) {
    timed_packet *order = malloc((size_t)v->packet_count * sizeof *order);
    *count = 0;
    if (!order) return NULL;
    bool sorted = true, timeless = v->kind == VIDEO_CONTAINER_AVI && video_syntax_keeps_order(&v->syntax);
    for (int64_t i = 0; i < v->packet_count; i++) {
        if (!(v->packets[i].flags & PACKET_SHOWN)) continue;
        order[(*count)++] = (timed_packet){timeless ? i : v->packets[i].pts, i};
        if (*count > 1 && order[*count - 2].pts >= order[*count - 1].pts) sorted = false;
    }
    if (!sorted) qsort(order, (size_t)*count, sizeof *order, by_time);
    for (int64_t k = 0; k < *count; k++)
        if (order[k].pts == AV_NOPTS_VALUE || (k && order[k].pts == order[k - 1].pts)) {
            free(order);
            *count = 0;
            return NULL;
        }
    return order;
}

static bool allocate_frames(cm_video *v, int64_t count) {
    free(v->frames);
    v->frames = malloc((size_t)(count ? count : 1) * sizeof *v->frames);
    v->frame_count = 0;
    return v->frames;
}

/// Numbers the frames by their timestamps. False when these or the packets leave doubt.
static bool number_by_time(cm_video *v, bool *out_of_memory) {
    int64_t count;
    timed_packet *order = order_by_time(v, &count);
    if (!order || !count) {
        free(order);
        return false;
    }
    // A frame that is decoded d-th and shown s-th, s < d, is waited for by d - s others, which the decoder holds back.
    int64_t decoded = 0, reorder = 0;
    for (int64_t k = 0; k < count; k++) v->packets[order[k].packet].frame = k;
    for (int64_t i = 0; i < v->packet_count; i++) {
        if (!(v->packets[i].flags & PACKET_SHOWN)) continue;
        if (decoded - v->packets[i].frame > reorder) reorder = decoded - v->packets[i].frame;
        decoded++;
        v->packets[i].frame = -1;
    }
    v->reorder = reorder < 16 ? (int)reorder : 16;
    bool trusted = !v->syntax.doubt && reorder < 16;
    // Frames that are shown before the first packet's are predicted from what the file does not hold.
    if (order[0].packet != 0 || !(v->packets[0].flags & PACKET_CLEAN)) trusted = false;
    if (trusted && !allocate_frames(v, count)) {
        *out_of_memory = true;
        trusted = false;
    }
    for (int64_t k = 0; trusted && k < count; k++) {
        video_packet *p = &v->packets[order[k].packet];
        p->floor = v->frame_count;
        if (p->flags & PACKET_DISCARDED) continue;
        p->frame = v->frame_count;
        v->frames[v->frame_count++] = order[k].packet;
    }
    free(order);
    // An edit list may cut all of them off.
    return trusted && v->frame_count > 0;
}

/// Lists the packets at which decoding may begin, and decides which are disposable.
static cm_status find_starts(cm_video *v, cm_report *report) {
    free(v->starts);
    v->starts = malloc((size_t)v->packet_count * sizeof *v->starts);
    v->start_count = 0;
    if (!v->starts) return video_fail(report, CM_OUT_OF_MEMORY, "its index");
    // What the decoder makes of a picture behind a lost one depends on the pictures that it still holds, 16 frames or 32
    // fields at most, also on those from before a key frame.
    const int64_t held = v->syntax.codec == AV_CODEC_ID_HEVC ? 0 : 32;
    for (int64_t i = v->packet_count - 1, loss = INT64_MAX; i >= 0; i--) {
        if (v->packets[i].flags & PACKET_AFTER_LOSS) loss = i;
        if (loss - i < held) v->packets[i].flags &= (uint8_t)~PACKET_CLEAN;
    }
    for (int64_t i = 0; i < v->packet_count; i++) {
        video_packet *p = &v->packets[i];
        if (p->layer < v->syntax.top_layer) p->flags &= (uint8_t)~PACKET_DISPOSABLE;
        bool described = !v->syntax.in_band || p->flags & PACKET_PARAMETERS;
        if (i > 0 && v->seekable && described && p->flags & PACKET_CLEAN && p->floor != INT64_MAX)
            v->starts[v->start_count++] = i;
    }
    return CM_OK;
}

/// Whether a packet is missing among these of HEVC. What the decoder makes up for its picture depends on all that it decoded
/// before: the motion in it is what stood in that memory last.
static bool follows_loss(const cm_video *v, int64_t first, int64_t last) {
    if (v->syntax.codec != AV_CODEC_ID_HEVC || !v->syntax.doubt) return false;
    for (int64_t i = first; i <= last; i++)
        if (v->packets[i].flags & PACKET_AFTER_LOSS) return true;
    return false;
}

int64_t video_start_for(const cm_video *v, int64_t frame) {
    int64_t packet = v->frames[frame], low = 0, high = v->start_count;
    while (low < high) {
        int64_t middle = (low + high) / 2;
        if (v->starts[middle] <= packet)
            low = middle + 1;
        else
            high = middle;
    }
    while (low > 0 && v->packets[v->starts[low - 1]].floor > frame) low--;
    int64_t start = low > 0 ? v->starts[low - 1] : 0;
    return start > 0 && follows_loss(v, start, packet) ? 0 : start;
}

/// Takes the frames that the decoder has ready and returns its last answer. After an error it may have more.
static int take_frames(cm_video *v, cm_status *status, cm_report *report) {
    int error;
    while (!(error = avcodec_receive_frame(v->decoder, v->frame))) {
        int64_t packet = v->frame->pts;
        av_frame_unref(v->frame);
        if (packet < 0 || packet >= v->packet_count) continue;
        if (v->packets[packet].frame >= 0) {
            *status = video_fail(report, CM_UNSUPPORTED, "packet %lld shows several frames", (long long)packet);
            return AVERROR_EOF;
        }
        v->packets[packet].frame = v->packets[packet].floor = v->frame_count;
        v->frames[v->frame_count++] = packet;
    }
    return error;
}

/// Decodes everything. After an error the decoder goes on with the next packet, as players do; `*errors` counts them.
static cm_status decode_all(cm_video *v, int64_t *errors, cm_report *report) {
    cm_status status = video_rewind(v, report);
    if (status == CM_OK) status = video_renew_decoder(v, false, report);
    if (status != CM_OK) return status;
    v->fresh = false;
    int64_t sent = 0;
    int error = 0;
    while (sent < v->packet_count && !video_read_packet(v)) {
        v->packet->pts = sent++;
        v->packet->dts = AV_NOPTS_VALUE;
        error = avcodec_send_packet(v->decoder, v->packet);
        if (error < 0) ++*errors;
        error = take_frames(v, &status, report);
        if (status != CM_OK) return status;
        if (error == AVERROR(ENOMEM)) return video_fail(report, CM_OUT_OF_MEMORY, "decoding it");
        if (error < 0 && error != AVERROR(EAGAIN)) ++*errors;
    }
    avcodec_send_packet(v->decoder, NULL);
    // Each thread may still hold an error back.
    for (int tries = v->threads + 64; tries > 0 && error != AVERROR_EOF; tries--) {
        error = take_frames(v, &status, report);
        if (status != CM_OK) return status;
        if (error < 0 && error != AVERROR_EOF) ++*errors;
    }
    return CM_OK;
}

/// Forgets which frames come out of the packets.
static void forget_order(cm_video *v) {
    for (int64_t i = 0; i < v->packet_count; i++) {
        v->packets[i].frame = -1;
        v->packets[i].floor = INT64_MAX;
        // Then it is in doubt, too, which packets others are predicted from.
        if (v->syntax.doubt) v->packets[i].flags &= (uint8_t)~PACKET_DISPOSABLE;
    }
}

cm_status video_count(cm_video *v, cm_report *report) {
    v->counted = true;
    v->told = false;
    int64_t errors;
    do {
        errors = 0;
        if (!allocate_frames(v, v->packet_count)) return video_fail(report, CM_OUT_OF_MEMORY, "its index");
        forget_order(v);
        cm_status status = decode_all(v, &errors, report);
        v->next_read = v->next_fed = -1;
        avcodec_free_context(&v->decoder);
        if (status != CM_OK) return status;
        // What comes out after an error depends on the number of threads, so all is done again with one.
    } while (errors && v->threads > 1 && (v->threads = 1));
    return find_starts(v, report);
}

uint64_t video_packets_key(const cm_video *v) {
    // The order is that of one release of FFmpeg, too.
    uint64_t hash = 0xCBF29CE484222325u ^ avcodec_version();
    for (int64_t i = 0; i < v->packet_count; i++) {
        hash = (hash ^ (uint64_t)v->packets[i].size) * 0x100000001B3u;
        hash = (hash ^ (uint64_t)v->packets[i].pts) * 0x100000001B3u;
    }
    return hash;
}

/// Puts the frames in the order that the caller knows of. False when there is none, or it belongs to other packets.
static bool number_as_told(cm_video *v, bool *out_of_memory) {
    size_t count = v->options.order_count;
    if (!v->options.order || !count || count > (uint64_t)v->packet_count) return false;
    if (v->options.order_key != video_packets_key(v)) return false;
    if (!allocate_frames(v, v->packet_count)) {
        *out_of_memory = true;
        return false;
    }
    forget_order(v);
    bool makes_sense = true;
    for (size_t k = 0; k < count && makes_sense; k++) {
        int64_t packet = v->options.order[k];
        makes_sense = packet >= 0 && packet < v->packet_count && v->packets[packet].frame < 0;
        if (!makes_sense) break;
        v->packets[packet].frame = v->packets[packet].floor = v->frame_count;
        v->frames[v->frame_count++] = packet;
    }
    v->counted = v->told = makes_sense;
    return makes_sense;
}

/// Whether each packet has a place of its own in the file, by which it is known again after a seek.
static bool positions_differ(const cm_video *v) {
    for (int64_t i = 0; i < v->packet_count; i++) {
        if (v->packets[i].position < 0) return false;
        // In all but odd files they ascend.
        if (i && v->packets[i].position <= v->packets[i - 1].position) return false;
    }
    return true;
}

cm_status video_index(cm_video *v, int64_t *frame, cm_report *report) {
    v->seekable = true;
    video_syntax_begin(&v->syntax, v->stream->codecpar);
    cm_status status = scan(v, frame, report);
    if (status != CM_OK) return status;
    v->next_read = -1;
    v->seekable = v->seekable && positions_differ(v);
    bool out_of_memory = false;
    if (number_by_time(v, &out_of_memory) || (!out_of_memory && number_as_told(v, &out_of_memory)))
        return find_starts(v, report);
    if (out_of_memory) return video_fail(report, CM_OUT_OF_MEMORY, "its index");
    status = video_count(v, report);
    if (status != CM_OK) return status;
    if (v->frame_count == 0) {
        *frame = 0;
        return video_fail(report, CM_CORRUPT, "none of its %lld packets can be decoded", (long long)v->packet_count);
    }
    return CM_OK;
}
